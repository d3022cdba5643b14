"""Who may do what: the permission matrix as data (domain.md §1), and the reach it gives a caller.

A reach is how far an action goes: `own` records, those of the own `team` and all teams below it, or the whole
`organization`. A record beyond the reading reach does not exist for the caller (404); one that may be read but not
changed is refused (403).
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Row
from app.core.problems import Forbidden, NotFound


class Position(StrEnum):
    """The eight positions of a sales department."""

    SALES_REPRESENTATIVE = "sales_representative"
    BUSINESS_DEVELOPMENT_REPRESENTATIVE = "business_development_representative"
    ACCOUNT_EXECUTIVE = "account_executive"
    ACCOUNT_MANAGER = "account_manager"
    SALES_MANAGER = "sales_manager"
    SALES_OPERATIONS_SPECIALIST = "sales_operations_specialist"
    SALES_OPERATIONS_MANAGER = "sales_operations_manager"
    SALES_SUPPORT_SPECIALIST = "sales_support_specialist"


class Reach(IntEnum):
    """How far an action goes; the larger includes the smaller."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ORGANIZATION = 3

    @property
    def word(self) -> str:
        """The reach as the API says it."""
        return self.name.lower()


class Relation(StrEnum):
    """Whose a record is, seen from a person; the reach that each needs is in `_NEEDED`."""

    OWN = "own"
    OWN_TEAM = "own_team"
    TEAM_BELOW = "team_below"
    ELSEWHERE = "elsewhere"


_NEEDED = {
    Relation.OWN: Reach.OWN,
    Relation.OWN_TEAM: Reach.TEAM,
    Relation.TEAM_BELOW: Reach.TEAM,
    Relation.ELSEWHERE: Reach.ORGANIZATION,
}
_COLUMNS = (
    Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE,
    Position.SALES_REPRESENTATIVE,
    Position.ACCOUNT_EXECUTIVE,
    Position.ACCOUNT_MANAGER,
    Position.SALES_MANAGER,
    Position.SALES_OPERATIONS_SPECIALIST,
    Position.SALES_OPERATIONS_MANAGER,
    Position.SALES_SUPPORT_SPECIALIST,
)
_WORDS = {"-": Reach.NONE, "own": Reach.OWN, "team": Reach.TEAM, "org": Reach.ORGANIZATION}


def _row(cells: str) -> Mapping[Position, Reach]:
    return dict(zip(_COLUMNS, (_WORDS[cell] for cell in cells.split()), strict=True))


#                                BDR  rep  AE   AM   mgr  ops  opsm support
MATRIX: Mapping[str, Mapping[Position, Reach]] = {
    "leads.read":           _row("team team team team team org  org  team"),
    "leads.write":          _row("own  own  own  -    team org  org  -"),
    "accounts.read":        _row("org  org  org  org  org  org  org  org"),
    "accounts.write":       _row("own  own  own  own  team org  org  -"),
    "products.read":        _row("org  org  org  org  org  org  org  org"),
    "products.write":       _row("-    -    -    -    -    org  org  -"),
    "opportunities.read":   _row("team team team team team org  org  team"),
    "opportunities.write":  _row("-    own  own  own  team org  org  -"),
    "objections.write":     _row("-    own  own  own  team org  org  -"),
    "handoffs.write":       _row("-    own  own  own  team org  org  -"),
    "reviews.write":        _row("-    own  own  own  team org  org  -"),
    "transitions.qualify":  _row("own  own  own  own  team -    -    -"),
    "transitions.advance":  _row("-    own  own  own  team -    -    -"),
    "transitions.override": _row("-    -    -    -    team -    -    -"),
    "proposals.read":       _row("team own  own  own  team org  org  team"),
    "proposals.write":      _row("-    own  own  own  team -    -    team"),
    "contracts.read":       _row("team own  own  own  team org  org  team"),
    "contracts.write":      _row("-    own  own  own  team -    -    team"),
    "discounts.approve":    _row("-    -    -    -    team -    -    -"),
    "activities.read":      _row("own  own  own  own  team org  org  team"),
    "activities.write":     _row("own  own  own  own  team org  org  team"),
    "satisfaction.write":   _row("own  own  own  own  team org  org  team"),
    "issues.write":         _row("own  own  own  own  team org  org  team"),
    "team_targets.read":    _row("team team team team team org  org  team"),
    "team_targets.write":   _row("-    -    -    -    team -    org  -"),
    "imports.read":         _row("-    -    -    -    org  org  org  -"),
    "imports.write":        _row("-    -    -    -    -    org  org  -"),
    "pipelines.read":       _row("-    -    -    -    org  org  org  -"),
    "pipelines.write":      _row("-    -    -    -    -    -    org  -"),
    "webhooks.read":        _row("-    -    -    -    org  org  org  -"),
    "webhooks.write":       _row("-    -    -    -    -    -    org  -"),
    "events.read":          _row("-    -    -    -    -    org  org  -"),
    "api_keys.read":        _row("-    -    -    -    org  org  org  -"),
    "api_keys.write":       _row("-    -    -    -    -    -    org  -"),
    "people.read":          _row("-    -    -    -    org  org  org  -"),
    "people.write":         _row("-    -    -    -    -    -    org  -"),
    "audit_log.read":       _row("-    -    -    -    org  org  org  -"),
    # whoever answers a person who asks, and whoever answers for what cannot be undone
    "personal_data.read":   _row("-    -    -    -    -    org  org  -"),
    "personal_data.erase":  _row("-    -    -    -    -    -    org  -"),
    "analytics.read":       _row("team team team team team org  org  team"),
    "reference.read":       _row("org  org  org  org  org  org  org  org"),
}  # fmt: skip


def reach_of(caller: Caller, action: str) -> Reach:
    """How far the caller's position carries an action."""
    return MATRIX[action][Position(caller.position)]


def who_may(action: str) -> list[Position]:
    """The positions that may do it at all, in the order of the matrix."""
    return [position for position in _COLUMNS if MATRIX[action][position] is not Reach.NONE]


def demand(caller: Caller, action: str) -> Reach:
    """The caller's reach; raises `Forbidden` when the position may not do this to any record."""
    reach = reach_of(caller, action)
    if reach is Reach.NONE:
        raise _refused(action)
    return reach


def relation_of(caller: Caller, record: Mapping[str, Any]) -> Relation:
    """Whose a record (with `owner_id` and `team_id`) is, seen from the caller."""
    if record["owner_id"] == caller.user_id:
        return Relation.OWN
    team_id = record["team_id"]
    if team_id is None or team_id not in caller.team_ids:
        return Relation.ELSEWHERE
    return Relation.OWN_TEAM if team_id == caller.team_id else Relation.TEAM_BELOW


def is_within(caller: Caller, action: str, record: Mapping[str, Any]) -> bool:
    """Whether a record (with `owner_id` and `team_id`) lies within the caller's reach."""
    return reach_of(caller, action) >= _NEEDED[relation_of(caller, record)]


def demand_record(caller: Caller, read: str, write: str | None, record: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The record, if it may be read (else `NotFound`) and, with `write`, changed (else `Forbidden`)."""
    if record is None or not is_within(caller, read, record):
        raise NotFound
    if write is not None and not is_within(caller, write, record):
        raise _refused(write)
    return record


def demand_found(record: Row | None) -> Row:
    """The record, if there is one in the organization; raises `NotFound`."""
    if record is None:
        raise NotFound
    return record


def scope(caller: Caller, action: str) -> dict[str, object]:
    """Parameters of `within_reach` for an action; raises `Forbidden` when there is no reach at all."""
    reach = demand(caller, action)
    return {
        "organization_id": caller.organization_id,
        "reach_all": reach is Reach.ORGANIZATION,
        "reach_user_id": caller.user_id,
        "reach_team_ids": list[UUID](caller.team_ids) if reach is Reach.TEAM else [],
    }


def _refused(action: str) -> Forbidden:
    return Forbidden(extra={"explained_at": f"/v1/access-explanations?action={action}"})
