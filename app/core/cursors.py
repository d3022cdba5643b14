"""Cursors of lists: the place of a page's last row, bound to the query that it is of."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from app.core.problems import Invalid


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: after the row with this id, whose value of the sort key this is."""

    key: str
    value: object
    id: object

    def cursor(self, query: object) -> str:
        """The place as clients carry it, for going on with the same query."""
        text = self.value.isoformat() if isinstance(self.value, date) else str(self.value)
        place = json.dumps([_fingerprint(query), self.key, text, str(self.id)], ensure_ascii=False)
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read_place(cursor: str, query: object, keys: Mapping[str, type], id_type: type) -> Place:
    """The place that a cursor names by one of the keys; raises `Invalid` unless it was made for this query."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        fingerprint, key, text, last_id = json.loads(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
        if fingerprint != _fingerprint(query):
            raise Invalid.at("/query/cursor", "other_query", "This cursor belongs to another query.")
        place = Place(key, _PARSERS[keys[key]](text), _PARSERS[id_type](last_id))
        _demand_same(place.cursor(query), cursor)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError, InvalidOperation, RecursionError):
        raise Invalid.at("/query/cursor", "invalid_cursor", "This cursor was not made by this service.") from None
    return place


def _demand_same(written: str, given: str) -> None:
    """Refuse other spellings of a place: what was never written is never read."""
    if written != given:
        raise ValueError


def _fingerprint(query: object) -> str:
    return hashlib.sha256(json.dumps(query, default=str).encode()).hexdigest()[:16]


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()  # refuses lone surrogates
    return value


def _bounded(value: str) -> int:
    number = int(value)
    if abs(number) >= _TOO_MUCH:
        raise ValueError
    return number


def _finite(value: str) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or abs(number) >= _TOO_MUCH:
        raise ValueError
    return number


def _aware(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment


_TOO_MUCH = 2**63

_PARSERS: dict[type, Callable[[str], object]] = {
    str: _text,
    int: _bounded,
    UUID: UUID,
    Decimal: _finite,
    datetime: _aware,
    date: date.fromisoformat,
}
