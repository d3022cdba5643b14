"""What a credential was given of what its user may do: it narrows a position, and never adds to one.

A scope is `resource:read` or `resource:write`. The two are independent: a key of a contact form may write leads without
reading any. Deeds, such as moving a deal or approving a discount, are writes.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum

from app.core.caller import Caller
from app.core.problems import InsufficientScope


class Scope(StrEnum):
    """What a key may do, within what its user's position may; values may be added."""

    EVERYTHING = "*"
    READ_EVERYTHING = "*:read"
    READ_ACCOUNTS = "accounts:read"
    WRITE_ACCOUNTS = "accounts:write"
    READ_ACTIVITIES = "activities:read"
    WRITE_ACTIVITIES = "activities:write"
    READ_ANALYTICS = "analytics:read"
    READ_API_KEYS = "api_keys:read"
    WRITE_API_KEYS = "api_keys:write"
    READ_AUDIT_LOG = "audit_log:read"
    READ_CONTRACTS = "contracts:read"
    WRITE_CONTRACTS = "contracts:write"
    WRITE_DISCOUNTS = "discounts:write"
    READ_EVENTS = "events:read"
    WRITE_HANDOFFS = "handoffs:write"
    READ_IMPORTS = "imports:read"
    WRITE_IMPORTS = "imports:write"
    WRITE_ISSUES = "issues:write"
    READ_LEADS = "leads:read"
    WRITE_LEADS = "leads:write"
    WRITE_OBJECTIONS = "objections:write"
    READ_OPPORTUNITIES = "opportunities:read"
    WRITE_OPPORTUNITIES = "opportunities:write"
    READ_PEOPLE = "people:read"
    WRITE_PEOPLE = "people:write"
    READ_PERSONAL_DATA = "personal_data:read"
    WRITE_PERSONAL_DATA = "personal_data:write"
    READ_PIPELINES = "pipelines:read"
    WRITE_PIPELINES = "pipelines:write"
    READ_PRODUCTS = "products:read"
    WRITE_PRODUCTS = "products:write"
    READ_PROPOSALS = "proposals:read"
    WRITE_PROPOSALS = "proposals:write"
    READ_REFERENCE = "reference:read"
    WRITE_REVIEWS = "reviews:write"
    WRITE_SATISFACTION = "satisfaction:write"
    READ_TEAM_TARGETS = "team_targets:read"
    WRITE_TEAM_TARGETS = "team_targets:write"
    WRITE_TRANSITIONS = "transitions:write"
    READ_WEBHOOKS = "webhooks:read"
    WRITE_WEBHOOKS = "webhooks:write"


ALL_SCOPES: tuple[str, ...] = (Scope.EVERYTHING,)


def scope_of(action: str) -> Scope:
    """The scope that an action of the permission matrix asks of a credential."""
    resource, _, verb = action.partition(".")
    return Scope(f"{resource}:{'read' if verb == 'read' else 'write'}")


def covers(given: Collection[str], scope: str) -> bool:
    """Whether the given scopes include one."""
    is_read = scope.endswith(":read")
    return scope in given or Scope.EVERYTHING in given or (is_read and Scope.READ_EVERYTHING in given)


def demand_scope(caller: Caller, action: str) -> None:
    """Raise `InsufficientScope` when the caller's credential was not given what the action asks for."""
    scope = scope_of(action)
    if not covers(caller.scopes, scope):
        raise InsufficientScope(scope)


def demand_no_more(caller: Caller, scopes: Iterable[str]) -> None:
    """Raise `InsufficientScope` for a scope that the caller's own credential lacks."""
    for scope in scopes:
        if not covers(caller.scopes, scope):
            raise InsufficientScope(scope)
