"""Opening deals and changing their own fields, each with its event."""

from typing import Any
from uuid import UUID

from app.core.changes import before, differing
from app.core.database import Row, Transaction, new_id
from app.core.problems import Invalid
from app.core.resource import check_version
from app.opportunities import part_queries, queries
from app.opportunities.aggregate import Deal, lock_deal, lock_running_deal, payload_of, publish
from app.opportunities.problems import DealClosed
from app.outbox.event import Subject
from app.outbox.record import start_with
from app.people.assignment import owned, team_of
from app.people.permissions import Reach, is_within, reach_of
from app.pipelines.queries import current_pipeline
from app.workflow.pipeline import Outcome
from app.workflow.pipeline import Subject as Workflow

READ, WRITE = "opportunities.read", "opportunities.write"
_SETTLED = {"amount", "currency", "close_on"}


async def open_deal(tx: Transaction, fields: dict[str, Any], *, action: str = WRITE) -> Deal:
    """Write a new deal at the first stage of its pipeline; `action` is the permission that allows it.

    Raises `Invalid` for unknown references and for a source that is not a won deal within reach, `Forbidden` for an
    owner beyond the caller's reach.
    """
    values = await owned(tx, action, fields)
    await _check_source(tx, values["source_opportunity_id"])
    pipeline = await current_pipeline(tx, Workflow.OPPORTUNITY, values["pipeline_id"])
    stage = pipeline.definition.first_stage
    if values["currency"] is None:
        values["currency"] = await tx.fetch_value(queries.find_organization_currency)
    now, subject = tx.now(), Subject("opportunity", new_id(), 0)
    row = await start_with(
        tx,
        queries.insert_opportunity,
        subject,
        values
        | {
            "pipeline_id": pipeline.pipeline_id,
            "pipeline_version": pipeline.version,
            "stage": stage.name,
            "step": stage.step,
            "probability": stage.probability,
            "forecast_category": stage.forecast_category,
            "stage_entered_at": now,
            "opened_at": now,
        },
    )
    deal = Deal(subject, row)
    await publish(tx, deal, "opportunity.created", payload_of(row))
    return deal


async def change_deal(tx: Transaction, opportunity_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the own fields whose values are other ones; nothing happens, and nothing is refused, when there are none.

    Raises `NotFound`, `Forbidden`, `PreconditionFailed`, `DealClosed`, `DealCompleted`, and `Invalid` for another
    currency than that of the deal's line items and for a source as `open_deal` does.
    """
    deal = await lock_deal(tx, opportunity_id, read=READ, write=WRITE)
    check_version(deal.row, expected)
    changes = differing(deal.row, changes)
    if not changes:
        return deal.row
    deal.demand_running()
    is_correction = reach_of(tx.caller, WRITE) is Reach.ORGANIZATION
    if deal.row["outcome"] != Outcome.OPEN and changes.keys() & _SETTLED and not is_correction:
        raise DealClosed
    await _keep_currency(tx, deal, changes)
    await _check_source(tx, changes.get("source_opportunity_id"), deal)
    return await write_fields(tx, deal, changes, "opportunity.updated")


async def qualify_deal(tx: Transaction, opportunity_id: UUID, fields: dict[str, Any], expected: int | None) -> Row:
    """Replace the qualification; raises `NotFound`, `Forbidden`, `PreconditionFailed` and `DealCompleted`."""
    deal = await lock_running_deal(tx, opportunity_id, write=WRITE)
    check_version(deal.row, expected)
    return await write_fields(tx, deal, fields, "opportunity.updated")


async def assign_deal(tx: Transaction, opportunity_id: UUID, owner_id: UUID, expected: int | None) -> Row:
    """Give the deal to another owner, whose team it then counts for; raises as `qualify_deal`, and `Invalid`."""
    deal = await lock_running_deal(tx, opportunity_id, write=WRITE)
    check_version(deal.row, expected)
    values = {"owner_id": owner_id, "team_id": await team_of(tx, owner_id)}
    return await write_fields(tx, deal, values, "opportunity.assigned")


async def write_fields(tx: Transaction, deal: Deal, values: dict[str, Any], event_type: str) -> Row:
    """Write fields of a locked deal and publish the change; the deal's `row` becomes the new one."""
    old = deal.row
    new = await tx.fetch_row(queries.update_opportunity.of(values), id=deal.id, **values)
    deal.row = new
    await publish(tx, deal, event_type, payload_of(new), before(old, new))
    return new


async def _keep_currency(tx: Transaction, deal: Deal, changes: dict[str, Any]) -> None:
    if changes.get("currency", deal.row["currency"]) == deal.row["currency"]:
        return
    if await tx.fetch_value(part_queries.has_line_items, opportunity_id=deal.id):
        raise Invalid.at("/currency", "other_currency", "The deal's line items are priced in its present currency.")


async def _check_source(tx: Transaction, source_id: UUID | None, deal: Deal | None = None) -> None:
    if source_id is None or (deal is not None and source_id == deal.row["source_opportunity_id"]):
        return
    source = await tx.fetch_one(queries.find_opportunity, id=source_id)
    if source is None or not is_within(tx.caller, READ, source):
        raise Invalid.at("/source_opportunity_id", "unknown_reference", "There is no such record.")
    if source["outcome"] != Outcome.WON or (deal is not None and source_id == deal.id):
        raise Invalid.at("/source_opportunity_id", "not_won", "A deal renews or expands another deal that was won.")
