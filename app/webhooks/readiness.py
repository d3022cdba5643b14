"""Whether the worker of this process progresses, and for how long the oldest work has been waiting for one."""

from typing import Any

from app.core.database import TRANSIENT, Database
from app.core.health import Finding
from app.webhooks.backlog import oldest_work
from app.webhooks.worker import Worker

LONGEST_STANDSTILL_SECONDS = 30.0


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
        oldest = await oldest_work(database)
    except TRANSIENT:
        return {"oldest_event_seconds": None, "oldest_due_lane_seconds": None}
    return {
        "oldest_event_seconds": round(oldest.event_seconds, 3),
        "oldest_due_lane_seconds": round(oldest.due_lane_seconds, 3),
    }
