"""`/livez`: the process answers. `/readyz`: so does its database, as this code expects it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import asyncpg
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from app.core.database import TRANSIENT, Database
from app.core.partitions import are_ahead
from app.core.problems import ProblemDocument, Unavailable, only
from app.core.schema_version import newest_revision, revision_of


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of readiness found: all `checks` must hold; `facts` are shown and decide nothing."""

    checks: dict[str, bool]
    facts: dict[str, Any] = field(default_factory=dict)


class Liveness(BaseModel):
    """The process answers."""

    status: str = "alive"


ReadinessCheck: TypeAlias = Callable[[], Awaitable[Finding]]

health = APIRouter(tags=["service"])


class Readiness(BaseModel):
    """Requests can be served; besides what is here, facts that decide nothing."""

    model_config = ConfigDict(extra="allow")

    status: str
    checks: dict[str, bool] = Field(description="What must hold, by name.")


class ReadinessProblem(ProblemDocument):
    """What is not ready, and further facts."""

    checks: dict[str, bool] = Field(default={}, description="What must hold, by name.")


class NotReady(Unavailable):
    """Requests cannot be served; `checks` says what is missing."""

    shape = ReadinessProblem
    remedy = "Send requests elsewhere and ask again; the operator sees to the check that is false."


@health.get("/livez")
async def get_liveness() -> Liveness:
    """Tell that the process answers; does not ask the database."""
    return Liveness()


@health.get("/readyz", response_model=Readiness, responses=only(NotReady))
async def get_readiness(request: Request) -> Response:
    """Tell whether requests can be served: the database answers, is migrated and has room, and a worker progresses."""
    checks = await _checks(request.app.state.database)
    facts: dict[str, Any] = {}
    further: list[ReadinessCheck] = getattr(request.app.state, "readiness_checks", [])
    for check in further:
        finding = await check()
        checks |= finding.checks
        facts |= finding.facts
    is_ready = all(checks.values()) and not getattr(request.app.state, "is_stopping", False)
    if not is_ready:
        raise NotReady(extra={"checks": checks, **facts})
    return Response(to_json({"status": "ready", "checks": checks, **facts}), media_type="application/json")


async def _checks(database: Database) -> dict[str, Any]:
    try:
        async with database.begin_for_all() as tx:
            revision = await revision_of(tx)
            has_partitions = await are_ahead(tx)
    except (*TRANSIENT, asyncpg.PostgresError):
        return {"database": False, "migrations": False, "partitions": False}
    return {"database": True, "migrations": revision == newest_revision(), "partitions": has_partitions}
