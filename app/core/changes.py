"""What a change did: the fields whose values are other than before."""

from collections.abc import Mapping
from typing import Any

_NOT_TOLD = {"version", "updated_at", "email_key", "amount_key", "close_on_key", "unit_price_key", "search_text"}


def differing(record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are other than the record's."""
    return {name: value for name, value in values.items() if record[name] != value}


def before(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of the fields that changed, without what the database sets itself."""
    return {name: old[name] for name in dict(new) if name not in _NOT_TOLD and old[name] != new[name]}
