"""A lead is one aggregate with its evidence."""

from collections.abc import Mapping
from typing import Any


def payload_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A lead's row as events carry it."""
    return {"id": str(row["id"])}
