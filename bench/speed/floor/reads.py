"""What is read: a deal, lists of deals, what a deal may do next, a target's attainment, the log of events."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from pydantic_core import to_json

from app.core.caller import Caller
from app.core.database import Database
from app.opportunities.queries import opportunity_listing
from app.opportunities.schemas import Opportunity, OpportunityQuery
from app.outbox.feed import FeedPage
from app.outbox.filters import EventFilter
from app.outbox.place import BEGINNING, NO_ID, Place
from app.people.permissions import demand, is_within, scope, who_may
from app.team_targets import attainment
from app.team_targets.authority import demand_visible
from app.transitions.evidence import evidence_of
from app.transitions.workflows import DEAL
from app.workflow.decision import Option, Standing, options
from app.workflow.pipeline import Outcome, PipelineDefinition
from bench.speed.floor import statements
from bench.speed.floor.transaction import beginning, transaction

_MOST_BYTES = 4 * 1024 * 1024
_READ = "opportunities.read"
_MANY = frozenset({"stage", "outcome"})
_FIELDS = tuple(Opportunity.model_fields)


class NotThere(Exception):
    """There is no such record within reach."""


def deal_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A deal as it is answered, and told in events."""
    return {name: row[name] for name in _FIELDS}


async def read_deal(pool: asyncpg.Pool, caller: Caller, deal_id: UUID) -> bytes:
    """One deal; raises `NotThere`."""
    rows = await statements.find_deal_row.fetch(pool, caller, id=deal_id)
    if not rows or not is_within(caller, _READ, rows[0]):
        raise NotThere
    return to_json(deal_of(rows[0]))


async def list_deals(database: Database, caller: Caller, query: bytes) -> bytes:
    """A page of deals; the service composes and runs its statement, words that are sought included."""
    given = parse_qs(query.decode())
    asked = {name: values if name in _MANY else values[0] for name, values in given.items()}
    async with database.look(caller) as tx:
        page = await opportunity_listing.page(tx, OpportunityQuery(**asked), **scope(caller, _READ))
    return to_json({"items": [deal_of(row) for row in page.rows], "next_cursor": page.next_cursor})


async def explain_deal(
    pool: asyncpg.Pool, caller: Caller, deal_id: UUID, definitions: Mapping[tuple[UUID, int], PipelineDefinition]
) -> bytes:
    """What a deal may do next, and why not; raises `NotThere`."""
    rows = await statements.find_evidence.fetch(pool, caller, id=deal_id)
    if not rows or not is_within(caller, _READ, rows[0]):
        raise NotThere
    row = rows[0]
    definition = definitions[row["pipeline_id"], row["pipeline_version"]]
    standing = Standing(row["stage"], Outcome(row["outcome"]), row["left_stage"])
    found = options(definition, standing, evidence_of(row))
    items = [_explain(caller, row, definition, option) for option in found]
    return to_json({"stage": row["stage"], "outcome": row["outcome"], "version": row["version"], "items": items})


def _explain(caller: Caller, row: asyncpg.Record, definition: PipelineDefinition, option: Option) -> dict[str, Any]:
    action = DEAL.action_of(option.edge, definition)
    return {
        "to_stage": option.target.name,
        "step": option.target.step,
        "kind": option.edge.kind,
        "allowed": option.is_satisfied and is_within(caller, action, row),
        "required": option.required,
        "may_override": option.edge.may_override and is_within(caller, "transitions.override", row),
        "who_may": who_may(action),
        "criteria": [
            {
                "id": result.id,
                "description": result.description,
                "satisfied": result.satisfied,
                "expected": result.expected,
                "actual": result.actual,
                "who_can_fix": who_may(result.action),
                "how": {"method": result.method, "path": result.path.replace("{id}", str(row["id"]))},
            }
            for result in option.criteria
        ],
    }


async def measure_target(pool: asyncpg.Pool, caller: Caller, target_id: UUID) -> bytes:
    """How much of a target is attained; what is computed from the rows is the service's own."""
    target = await statements.find_target.fetch_row(pool, caller, id=target_id)
    demand_visible(caller, target)
    place = await statements.find_place.fetch_row(pool, caller, team_id=target["team_id"])
    span = attainment._span(target, place)  # noqa: SLF001 # pure, and the same on both sides
    totals = await statements.sum_revenue.fetch(pool, caller, **span)
    now = datetime.now(UTC).astimezone(ZoneInfo(place["time_zone"]))
    told = attainment._attainment(target, totals, now)  # noqa: SLF001 # pure, and the same on both sides
    return told.model_dump_json().encode()


async def read_events(pool: asyncpg.Pool, caller: Caller, query: bytes) -> bytes:
    """A page of the log, by `limit` and `cursor`; two statements, because the second sees what was committed."""
    demand(caller, "events.read")
    given = parse_qs(query.decode())
    limit = int(given["limit"][0])
    after = Place.of(given["cursor"][0]) if "cursor" in given else BEGINNING
    async with transaction(pool, beginning(caller)) as connection:
        horizon = await connection.fetchval(statements.find_horizon.sql, *statements.find_horizon.arguments({}))
        rows = await connection.fetch(statements.read_feed.sql, *_feed_arguments(caller, after, horizon, limit))
    page = rows[:limit]
    return FeedPage(page, Place.of_row(page[-1]) if page else after, has_more=len(rows) > limit).render()


def _feed_arguments(caller: Caller, after: Place, horizon: int, limit: int) -> list[object]:
    bounds = {"after_xid": after.xid, "after_id": after.id, "bound_xid": horizon, "bound_id": NO_ID}
    amount = {"organization_id": caller.organization_id, "row_limit": limit + 1, "most_bytes": _MOST_BYTES}
    return statements.read_feed.arguments({**bounds, **amount, **EventFilter().parameters()})
