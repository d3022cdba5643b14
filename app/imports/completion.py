"""What follows from a row's values before it is staged, entity by entity."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from app.imports.history import DealRules, with_history
from app.imports.mapping import OpportunitySource, Source, UserSource
from app.imports.rows import BadRow, Values

_NOT_IN_ADDRESS = re.compile(r"[^a-z0-9]+")
_MOST_LOCAL = 64

Complete = Callable[[Values], Values]


def completion_of(source: Source, rules: DealRules) -> Complete:
    """What completes the rows of this source; it raises `BadRow` when fields disagree."""
    if isinstance(source, UserSource):
        domain = source.email_domain
        return lambda values: _with_email(values, domain)
    if isinstance(source, OpportunitySource):
        stages = [entry.stage for entry in source.history]
        return lambda values: with_history(values, stages, rules)
    return _with_currency


def address(name: str, domain: str) -> str | None:
    """`Zoë O'Neil` at `example.com` is `zoe.o.neil@example.com`; nothing for a name without Latin letters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    local = _NOT_IN_ADDRESS.sub(".", plain).strip(".")[:_MOST_LOCAL].rstrip(".")
    return f"{local}@{domain}" if local else None


def _with_email(values: Values, domain: str | None) -> Values:
    if values["email"] is not None:
        return values
    made = address(values["name"], domain) if domain is not None else None
    if made is None:
        raise BadRow("email is missing, and none can be made from the name")
    return values | {"email": made}


def _with_currency(values: Values) -> Values:
    revenue: Any = values.get("annual_revenue")
    currency: Any = values.get("annual_revenue_currency")
    if revenue is not None and currency is None:
        raise BadRow("annual_revenue has no annual_revenue_currency")
    return values | {"annual_revenue_currency": None} if revenue is None and currency is not None else values
