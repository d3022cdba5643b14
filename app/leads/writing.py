"""Creating, changing, qualifying and assigning leads, each with its event."""

from typing import Any
from uuid import UUID

from app.core.changes import before, differing
from app.core.database import Row, Transaction, new_id
from app.core.problems import Conflict
from app.core.resource import check_version
from app.leads import queries
from app.leads.aggregate import LeadAggregate, lock_lead, payload_of, publish
from app.leads.duplicates import refuse_duplicates
from app.leads.schemas import LeadAssignment
from app.outbox.event import Subject
from app.outbox.record import start_with
from app.people.assignment import owned, team_of
from app.pipelines.queries import current_pipeline
from app.workflow.pipeline import Outcome
from app.workflow.pipeline import Subject as Workflow

READ, WRITE = "leads.read", "leads.write"


class LeadClosed(Conflict):
    """A converted or disqualified lead does not change; recycle a disqualified one first."""

    remedy = (
        "Work on with the deal of a converted lead; recycle a disqualified one with `POST /v1/leads/{id}/transitions`."
    )


async def create_lead(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write a new lead at the first stage of its pipeline; raises `DuplicateLead`, `Invalid` and `Forbidden`."""
    values = await owned(tx, WRITE, fields)
    insists = values.pop("allow_duplicate")
    if values["email"] is not None:
        await refuse_duplicates(tx, values["email"], insists=insists)
    pipeline = await current_pipeline(tx, Workflow.LEAD, values["pipeline_id"])
    stage, subject = pipeline.definition.first_stage, Subject("lead", new_id(), 0)
    row = await start_with(
        tx,
        queries.insert_lead,
        subject,
        values
        | {
            "pipeline_id": pipeline.pipeline_id,
            "pipeline_version": pipeline.version,
            "stage": stage.name,
            "step": stage.step,
            "stage_entered_at": tx.now(),
        },
    )
    await publish(tx, LeadAggregate(subject, row), "lead.created", payload_of(row))
    return row


async def change_lead(tx: Transaction, lead_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the fields whose values are other ones; nothing happens, and nothing is refused, when there are none.

    Raises `NotFound`, `Forbidden`, `PreconditionFailed`, `LeadClosed` and `DuplicateLead`.
    """
    lead = await lock_lead(tx, lead_id, read=READ, write=WRITE)
    check_version(lead.row, expected)
    insists = changes.get("allow_duplicate", False)
    values = differing(lead.row, {name: value for name, value in changes.items() if name != "allow_duplicate"})
    if not values:
        return lead.row
    _demand_open(lead)
    email, old_email = values.get("email"), lead.row["email"] or ""
    if email is not None and email.lower() != old_email.lower():
        await refuse_duplicates(tx, email, insists=insists, except_id=lead_id)
    return await _write(tx, lead, values, "lead.updated")


async def qualify_lead(tx: Transaction, lead_id: UUID, qualification: dict[str, Any], expected: int | None) -> Row:
    """Replace the qualification; raises `NotFound`, `Forbidden`, `PreconditionFailed` and `LeadClosed`."""
    lead = await _lock_open(tx, lead_id, expected)
    return await _write(tx, lead, qualification, "lead.updated")


async def assign_lead(tx: Transaction, lead_id: UUID, asked: LeadAssignment, expected: int | None) -> Row:
    """Give the lead to another owner, whose team it then counts for; nothing happens when it is there already.

    The new owner may be beyond the caller's reach: leads are handed over. Raises as `change_lead`, and `Invalid`.
    """
    lead = await _lock_open(tx, lead_id, expected)
    values = {"owner_id": asked.owner_id, "team_id": await team_of(tx, asked.owner_id)}
    if all(lead.row[name] == value for name, value in values.items()):
        return lead.row
    return await _write(tx, lead, values, "lead.assigned", {"assignment_reason": asked.reason})


async def _lock_open(tx: Transaction, lead_id: UUID, expected: int | None) -> LeadAggregate:
    lead = await lock_lead(tx, lead_id, read=READ, write=WRITE)
    check_version(lead.row, expected)
    _demand_open(lead)
    return lead


def _demand_open(lead: LeadAggregate) -> None:
    if lead.row["outcome"] != Outcome.OPEN:
        raise LeadClosed


async def _write(
    tx: Transaction, lead: LeadAggregate, values: dict[str, Any], event_type: str, said: dict[str, Any] | None = None
) -> Row:
    old = lead.row
    lead.row = await tx.fetch_row(queries.update_lead.of(values), id=lead.id, **values)
    await publish(tx, lead, event_type, payload_of(lead.row) | (said or {}), before(old, lead.row))
    return lead.row
