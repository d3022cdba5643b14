"""The log, read by a cursor that never skips.

Ids are given before commit, so the log does not grow at its end: an event may appear before one that was already
read. In the order of `(xid, id)`, and below the oldest transaction still open, it does.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement, Transaction
from app.core.problems import Gone, Invalid, NotFound
from app.core.schema import Xid8
from app.outbox.catalogue import EVERYTHING
from app.outbox.schemas import EventQuery
from app.outbox.tables import events, last_dropped_events

_PLACE = struct.Struct(">Q16s")


class EventsGone(Gone):
    """Events after this cursor are older than events are kept: read without a cursor to go on with the oldest."""


class Place(NamedTuple):
    """A place in the log: everything up to it has been read."""

    xid: int
    id: UUID

    @classmethod
    def of(cls, cursor: str | None) -> "Place":
        """The place that a cursor names, the beginning without one; raises `Invalid` at `/query/cursor`."""
        if cursor is None:
            return BEGINNING
        try:
            xid, event_id = _PLACE.unpack(base64.b64decode(cursor, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, struct.error):
            raise Invalid.at("/query/cursor", "invalid_cursor", "This cursor was not made by this service.") from None
        return cls(xid, UUID(bytes=event_id))

    @property
    def cursor(self) -> str:
        return base64.urlsafe_b64encode(_PLACE.pack(self.xid, self.id.bytes)).decode()


_NO_ID = UUID(int=0)
BEGINNING = Place(0, _NO_ID)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Stored bytes in order, and where to go on."""

    bodies: list[bytes]
    place: Place
    has_more: bool

    def render(self) -> bytes:
        """The page as JSON, around the bytes as they were stored."""
        more = b"true" if self.has_more else b"false"
        return b'{"items":[%s],"next_cursor":"%s","has_more":%s}' % (
            b",".join(self.bodies),
            self.place.cursor.encode(),
            more,
        )


# The reading is planned once, not at each page: planning over dozens of months takes longer than reading. And it merges
# the months in their order, whatever the statistics of that day say.
PLANS = {"plan_cache_mode": "force_generic_plan", "enable_sort": "off"}

_find_horizon = Statement(
    sa.select(
        sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot(), type_=Xid8),
        *(sa.func.set_config(name, value, sa.true()) for name, value in PLANS.items()),
    )
)

_noun = sa.func.split_part(events.c.type, ".", 1)
_read = Statement(
    sa.select(events.c.xid, events.c.id, events.c.body)
    .where(
        events.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
        sa.tuple_(events.c.xid, events.c.id)
        > sa.tuple_(bindparam("after_xid", type_=Xid8()), bindparam("after_id", type_=sa.Uuid)),
        events.c.xid < bindparam("horizon", type_=Xid8()),
        sa.or_(
            sa.func.cardinality(bindparam("patterns", type_=sa.ARRAY(sa.Text))) == 0,
            events.c.type == sa.any_(bindparam("patterns", type_=sa.ARRAY(sa.Text))),
            _noun.concat(".*") == sa.any_(bindparam("patterns", type_=sa.ARRAY(sa.Text))),
        ),
        sa.or_(
            bindparam("subject_id", type_=sa.Uuid).is_(None),
            events.c.subject_id == bindparam("subject_id", type_=sa.Uuid),
        ),
    )
    .order_by(events.c.xid, events.c.id)
    .limit(bindparam("row_limit", type_=sa.Integer))
)

_find_last_dropped = Statement(
    sa.select(last_dropped_events.c.xid, last_dropped_events.c.event_id).where(
        last_dropped_events.c.organization_id == bindparam("organization_id", type_=sa.Uuid)
    )
)

_find = Statement(
    sa.select(events.c.body).where(
        events.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
        events.c.id == bindparam("id", type_=sa.Uuid),
    )
)


async def read_feed(tx: Transaction, query: EventQuery) -> FeedPage:
    """The events after the query's cursor.

    Raises `Invalid` for a cursor that was not made here, and `EventsGone` for one after which events were dropped.
    """
    after = Place.of(query.cursor)
    # taken first: all that lies below it has ended, and is seen by the snapshot of the next statement
    horizon: int = await tx.fetch_value(_find_horizon)
    rows = await tx.fetch_all(
        _read,
        after_xid=after.xid,
        after_id=after.id,
        horizon=horizon,
        patterns=[] if EVERYTHING in query.type else query.type,
        subject_id=query.subject_id,
        row_limit=query.limit + 1,
    )
    if query.cursor is not None:
        await _demand_all_after(tx, after)
    has_more = len(rows) > query.limit
    rows = rows[: query.limit]
    place = Place(rows[-1]["xid"], rows[-1]["id"]) if has_more else max(after, Place(horizon, _NO_ID))
    return FeedPage([row["body"] for row in rows], place, has_more)


async def _demand_all_after(tx: Transaction, place: Place) -> None:
    # asked after the reading: what was dropped before it is noted by now
    last_dropped = await tx.fetch_one(_find_last_dropped)
    if last_dropped is not None and place < Place(last_dropped["xid"], last_dropped["event_id"]):
        raise EventsGone


async def read_event(tx: Transaction, event_id: UUID) -> bytes:
    """An event's bytes; raises `NotFound`."""
    body: bytes | None = await tx.fetch_value(_find, id=event_id)
    if body is None:
        raise NotFound
    return body
