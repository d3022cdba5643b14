"""Whether the worker of this process progresses, and for how long the oldest work has been waiting for one."""

import time
from typing import Any

import sqlalchemy as sa

from app.core.database import TRANSIENT, Database, Statement
from app.core.health import Finding
from app.webhooks.worker import Worker

LONGEST_STANDSTILL_SECONDS = 30.0

# Of endpoints that take messages: what waits for a receiver says nothing of the worker.
_find_oldest = Statement(
    sa.text("""
SELECT
    (
        SELECT extract(epoch FROM now() - min(lane.due_at))
        FROM webhook_endpoints endpoint
        CROSS JOIN LATERAL (
            SELECT due_at FROM webhook_lanes
            WHERE organization_id = endpoint.organization_id AND endpoint_id = endpoint.id
                AND due_at > '-infinity' AND due_at <= now()
            ORDER BY due_at
            LIMIT 1
        ) lane
        WHERE endpoint.state = 'enabled' AND endpoint.breaker_open_until IS NULL AND NOT endpoint.is_replaying
    ) AS lane_seconds,
    (
        SELECT id FROM events
        WHERE (xid, id) > (SELECT xid, event_id FROM webhook_fanout_position) AND sequence > 0
        ORDER BY xid, id
        LIMIT 1
    ) AS event_id
    """)
)


class WorkerReadiness:
    """A readiness check: red when the worker has not progressed for 30 s, whatever its receivers answer."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def __call__(self) -> Finding:
        """The check `worker`, and how old the oldest work is that could be done now, in seconds; null when unknown."""
        standstill_seconds = self._worker.standstill_seconds
        facts: dict[str, Any] = {"last_progress_seconds": round(standstill_seconds, 3)}
        if self._worker.database is not None:
            facts |= await _oldest_work(self._worker.database)
        return Finding({"worker": standstill_seconds <= LONGEST_STANDSTILL_SECONDS}, {"worker": facts})


async def _oldest_work(database: Database) -> dict[str, float | None]:
    try:
        async with database.begin_for_all() as tx:
            oldest = await tx.fetch_row(_find_oldest)
    except TRANSIENT:
        return {"oldest_event_seconds": None, "oldest_due_lane_seconds": None}
    event_id = oldest["event_id"]
    recorded_at = time.time() if event_id is None else (event_id.int >> 80) / 1000
    return {
        "oldest_event_seconds": round(max(0.0, time.time() - recorded_at), 3),
        "oldest_due_lane_seconds": round(float(oldest["lane_seconds"] or 0), 3),
    }
