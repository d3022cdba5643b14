"""What a change did: the fields whose values are other than before."""

from collections.abc import Mapping
from typing import Any


def before(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of the fields that changed, without the counters that every change moves."""
    return {name: old[name] for name in dict(new) if name not in {"version", "updated_at"} and old[name] != new[name]}
