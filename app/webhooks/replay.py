"""Asking for a replay: which part of the log an endpoint is owed again.

The request counts and stores a row. A worker owes the events again in batches (`replaying`), and until it is through
nothing is sent to the endpoint: so a subject's old events and its newest leave in their order.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Row, Statement, Transaction
from app.core.problems import Conflict, Invalid
from app.webhooks.endpoints import lock_endpoint
from app.webhooks.queries import update_endpoint
from app.webhooks.schemas import WebhookReplay, WebhookReplayCreate
from app.webhooks.subscription import MATCHES

MOST_EVENTS = 1_000_000
_MILLISECOND = timedelta(milliseconds=1)

_request = Statement(
    sa.text("""
INSERT INTO webhook_replays (organization_id, endpoint_id, after_id, until_id, event_types)
VALUES (
    CAST(:organization_id AS uuid), CAST(:endpoint_id AS uuid),
    CAST(:after_id AS uuid), CAST(:until_id AS uuid), CAST(:event_types AS text[])
)
    """)
)

_count = Statement(
    sa.text(f"""
SELECT count(*) AS events, count(*) FILTER (WHERE is_owed) AS deliveries
FROM (
    SELECT {MATCHES} AND CAST(:event_types AS text[]) && ARRAY['*', split_part(event.type, '.', 1) || '.*', event.type]
        AS is_owed
    FROM events event
    JOIN webhook_endpoints endpoint
        ON endpoint.organization_id = event.organization_id AND endpoint.id = CAST(:endpoint_id AS uuid)
    WHERE event.organization_id = CAST(:organization_id AS uuid)
        AND event.id > CAST(:after_id AS uuid) AND event.id < CAST(:until_id AS uuid)
    ORDER BY event.id
    LIMIT CAST(:most_events AS integer) + 1
) event
    """)  # noqa: S608 # the condition is a constant of ours
)


class ReplayUnderway(Conflict):
    """A replay of this endpoint is being put together; ask again when its `is_replaying` is false."""


async def request_replay(tx: Transaction, endpoint_id: UUID, body: WebhookReplayCreate) -> WebhookReplay:
    """Owe an endpoint a part of the log once more.

    Raises `NotFound`, `ReplayUnderway`, and `Invalid` for a range that is none, or of more than a million events.
    """
    endpoint = await lock_endpoint(tx, endpoint_id, None)
    since, until = _range(body, endpoint, tx.now())
    if endpoint["is_replaying"]:
        raise ReplayUnderway
    asked = {
        "endpoint_id": endpoint_id,
        "after_id": first_id_at(since),
        "until_id": first_id_at(until),
        "event_types": body.event_types,
    }
    counted = await tx.fetch_row(_count, most_events=MOST_EVENTS, **asked)
    if counted["events"] > MOST_EVENTS:
        raise Invalid.at("/since", "too_many_events", "A replay ranges over a million events at most; ask for less.")
    await tx.execute(_request, **asked)
    changes = {"is_replaying": True}
    await tx.execute(update_endpoint.of(changes), id=endpoint_id, **changes)
    return WebhookReplay(endpoint_id=endpoint_id, since=since, until=until, deliveries=counted["deliveries"])


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 of the moment's millisecond: ids of events are ordered by the time of their recording."""
    milliseconds = max(0, (moment - datetime(1970, 1, 1, tzinfo=UTC)) // _MILLISECOND)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def _range(body: WebhookReplayCreate, endpoint: Row, now: datetime) -> tuple[datetime, datetime]:
    if body.since_last_success:
        return _since_last_success(body, endpoint), now + _MILLISECOND
    if body.since is None:
        raise Invalid.at("/since", "missing", "Name the beginning of the range, or `since_last_success`.")
    until = now + _MILLISECOND if body.until is None else min(body.until, now)
    if body.since >= until:
        pointer = "/since" if body.since >= now else "/until"
        raise Invalid.at(pointer, "empty_range", "The range must begin in the past, and end after its beginning.")
    return body.since, until


def _since_last_success(body: WebhookReplayCreate, endpoint: Row) -> datetime:
    for name in ("since", "until"):
        if getattr(body, name) is not None:
            raise Invalid.at(f"/{name}", "ambiguous", "Send either a range or `since_last_success`.")
    since: datetime = endpoint["last_success_at"] or endpoint["created_at"]
    return since
