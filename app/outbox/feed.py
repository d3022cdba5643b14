"""The log, read by a cursor that never skips.

Ids are given before commit, so the log does not grow at its end: an event may appear before one that was already
read. In the order of `(xid, id)`, and below the oldest transaction still open, it does.
"""

from dataclasses import dataclass
from itertools import takewhile
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Row, Statement, Transaction
from app.core.problems import Gone, NotFound
from app.core.schema import Xid8
from app.outbox.filters import EventFilter, is_wanted
from app.outbox.place import BEGINNING, NO_ID, Place
from app.outbox.schemas import EventQuery
from app.outbox.tables import events, last_dropped_events

_MOST_BYTES = 4 * 1024 * 1024


class EventsGone(Gone):
    """Events after this cursor are older than events are kept: the feed without a cursor goes on with the oldest."""

    remedy = "Read on without `cursor`, and compare your records with the lists: you have missed events."


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is read at once; the event that passes `most_bytes` is the last one.

    A filter that lets hardly anything through must not have the whole log looked at in one statement: `most_scanned`.
    """

    most_events: int
    most_bytes: int
    most_scanned: int = 20_000


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Rows of the log in order, and where to go on."""

    rows: list[Row]
    place: Place
    has_more: bool

    def render(self) -> bytes:
        """The page as JSON, around the bytes as they were stored."""
        bodies = b",".join(row["body"] for row in self.rows)
        more = b"true" if self.has_more else b"false"
        return b'{"items":[%s],"next_cursor":"%s","has_more":%s}' % (bodies, self.place.cursor.encode(), more)


# The reading is planned once, not at each page: planning over dozens of months takes longer than reading. And it merges
# the months in their order, whatever the statistics of that day say.
PLANS = {"plan_cache_mode": "force_generic_plan", "enable_sort": "off"}

_find_horizon = Statement(
    sa.select(
        sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot(), type_=Xid8),
        *(sa.func.set_config(name, value, sa.true()) for name, value in PLANS.items()),
    )
)

_order = (events.c.xid, events.c.id)
_is_after = sa.and_(
    events.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
    sa.tuple_(*_order) > sa.tuple_(bindparam("after_xid", type_=Xid8()), bindparam("after_id", type_=sa.Uuid)),
)
_is_within = sa.tuple_(*_order) <= sa.tuple_(bindparam("bound_xid", type_=Xid8()), bindparam("bound_id", type_=sa.Uuid))

_find_bound = Statement(
    sa.select(*_order)
    .where(_is_after, _is_within)
    .order_by(*_order)
    .offset(bindparam("most_scanned", type_=sa.Integer) - 1)
    .limit(1)
)
_find_newest = Statement(
    sa.select(*_order).where(_is_after, _is_within).order_by(*(column.desc() for column in _order)).limit(1)
)
_found = (
    sa.select(*(column for column in events.c if column.name != "organization_id"))
    .where(_is_after, _is_within, is_wanted)
    .order_by(*_order)
    .limit(bindparam("row_limit", type_=sa.Integer))
    .subquery("found")
)
_bytes_before = sa.func.sum(sa.func.octet_length(_found.c.body)).over(
    order_by=(_found.c.xid, _found.c.id), rows=(None, -1)
)
_is_room = sa.func.coalesce(_bytes_before, 0) < bindparam("most_bytes", type_=sa.BigInteger)
_read = Statement(
    sa.select(
        *(column for column in _found.c if column.name != "body"), sa.case((_is_room, _found.c.body)).label("body")
    ).order_by(_found.c.xid, _found.c.id)
)

_is_anything_after = Statement(sa.select(sa.exists().where(_is_after)))

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
    page = await read_page(tx, after, query, Bounds(query.limit, _MOST_BYTES))
    if query.cursor is not None:
        await demand_all_after(tx, after)
    return page


async def read_page(tx: Transaction, after: Place, wanted: EventFilter, bounds: Bounds) -> FeedPage:
    """The wanted events after a place; a page may be empty and yet have more behind it."""
    horizon = await _find_horizon_now(tx)
    cut = None if wanted.is_open else await _find_cut(tx, after, horizon, bounds.most_scanned)
    bound = cut or horizon
    rows = await tx.fetch_all(
        _read,
        **_between(after, bound),
        **wanted.parameters(),
        row_limit=bounds.most_events + 1,
        most_bytes=bounds.most_bytes,
    )
    page = list(takewhile(lambda row: row["body"] is not None, rows[: bounds.most_events]))
    if len(page) < len(rows) or (wanted.is_open and page):
        return FeedPage(page, Place.of_row(page[-1]), has_more=len(page) < len(rows))
    return FeedPage(page, cut or await _find_newest_place(tx, after, horizon), has_more=cut is not None)


async def find_start(tx: Transaction, cursor: str | None, last_event_id: str | None) -> Place:
    """Where a stream begins: after the last event that was received, else at the cursor, else at the log's end.

    Raises as `read_feed` does.
    """
    if not last_event_id and cursor is None:
        return await find_end(tx)
    start = Place.of(last_event_id, "/header/Last-Event-ID") if last_event_id else Place.of(cursor)
    await demand_all_after(tx, start)
    return start


async def demand_all_after(tx: Transaction, place: Place) -> None:
    """Raise `EventsGone` where events after the place were dropped: asked after a reading, by then that is noted."""
    last_dropped = await tx.fetch_one(_find_last_dropped)
    if last_dropped is not None and place < Place(last_dropped["xid"], last_dropped["event_id"]):
        raise EventsGone


async def find_end(tx: Transaction) -> Place:
    """Where the organization's log ends for now: at its newest event, before which none will come."""
    last_dropped = await tx.fetch_one(_find_last_dropped)
    start = Place(last_dropped["xid"], last_dropped["event_id"]) if last_dropped is not None else BEGINNING
    return await _find_newest_place(tx, start, await _find_horizon_now(tx))


async def is_held_back(tx: Transaction, end: Place) -> bool:
    """Whether committed events after the end of the log wait for an older transaction of the server."""
    is_so: bool = await tx.fetch_value(_is_anything_after, after_xid=end.xid, after_id=end.id)
    return is_so


async def read_event(tx: Transaction, event_id: UUID) -> bytes:
    """An event's bytes; raises `NotFound`."""
    body: bytes | None = await tx.fetch_value(_find, id=event_id)
    if body is None:
        raise NotFound
    return body


async def _find_horizon_now(tx: Transaction) -> Place:
    """All that lies before it has ended, and is seen by the next statement.

    Never to be handed out, only places of events are: in a crash Postgres forgets ids that it gave to transactions
    which left nothing durable, and gives them again.
    """
    return Place(await tx.fetch_value(_find_horizon), NO_ID)


async def _find_cut(tx: Transaction, after: Place, horizon: Place, most_scanned: int) -> Place | None:
    row = await tx.fetch_one(_find_bound, **_between(after, horizon), most_scanned=most_scanned)
    return None if row is None else Place.of_row(row)


async def _find_newest_place(tx: Transaction, after: Place, horizon: Place) -> Place:
    row = await tx.fetch_one(_find_newest, **_between(after, horizon))
    return after if row is None else Place.of_row(row)


def _between(after: Place, bound: Place) -> dict[str, object]:
    return {"after_xid": after.xid, "after_id": after.id, "bound_xid": bound.xid, "bound_id": bound.id}
