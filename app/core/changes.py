"""What a change did: the fields whose values are other than before."""

from collections.abc import Mapping
from typing import Any


def differing(record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are other than the record's."""
    return {name: value for name, value in values.items() if record[name] != value}


def before(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of the fields that changed, without the counters that every change moves."""
    return {name: old[name] for name in dict(new) if name not in {"version", "updated_at"} and old[name] != new[name]}
