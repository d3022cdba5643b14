"""Handing a won deal's account to an account manager, who accepts or rejects.

Neither the deal nor its account changes its owner: a hand-off is evidence; giving records away is a deed of its own.
"""

from typing import Any
from uuid import UUID

from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.problems import Conflict, Forbidden, Invalid, NotFound
from app.core.resource import check_version
from app.follow_up import queries
from app.follow_up.schemas import Handoff, HandoffStatus
from app.follow_up.writing import READ, payload
from app.opportunities.aggregate import Deal, lock_running_deal, publish
from app.opportunities.queries import find_opportunity
from app.outbox.record import lock
from app.people.permissions import demand_found, demand_record
from app.workflow.pipeline import Outcome


class DealNotWon(Conflict):
    """Only a won deal is handed to an account manager."""

    remedy = "Move the deal on until it is won, then hand it over."


class HandoffPending(Conflict):
    """This deal has been handed to them already, and they have not decided yet."""

    remedy = "Have them accept or reject it first."


class HandoffAlreadyDecided(Conflict):
    """The hand-off is accepted or rejected already."""


async def request_handoff(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Hand a won deal over; raises `DealNotWon`, `HandoffPending`, and `Invalid` for anybody but an account manager."""
    deal = await lock_running_deal(tx, fields["opportunity_id"], write="handoffs.write")
    if deal.row["outcome"] != Outcome.WON:
        raise DealNotWon
    to_user_id = fields["to_user_id"]
    if await tx.fetch_one(queries.find_account_manager, id=to_user_id) is None:
        raise Invalid.at("/to_user_id", "not_an_account_manager", "There is no such active account manager.")
    if await tx.fetch_one(queries.find_pending_handoff, opportunity_id=deal.id, to_user_id=to_user_id):
        raise HandoffPending
    row = await tx.fetch_row(queries.insert_handoff, id=new_id(), from_user_id=tx.caller.user_id, **fields)
    await publish(tx, deal, "handoff.requested", payload(Handoff, row))
    return row


async def decide_handoff(
    tx: Transaction, handoff_id: UUID, status: HandoffStatus, note: str | None, expected: int | None = None
) -> Row:
    """Accept or reject.

    Raises `NotFound`, `Forbidden` for all but the addressee, `HandoffAlreadyDecided` and `PreconditionFailed`.
    """
    found = await read_handoff(tx, handoff_id)
    if found["to_user_id"] != tx.caller.user_id:
        raise Forbidden("Only the account manager it was handed to decides.")
    deal = await _lock_for_addressee(tx, found["opportunity_id"])
    old = demand_found(await tx.fetch_one(queries.find_handoff, id=handoff_id))
    check_version(old, expected)
    if old["status"] != HandoffStatus.REQUESTED:
        raise HandoffAlreadyDecided
    values = {"status": status, "decision_note": note, "decided_at": tx.now()}
    new = await tx.fetch_row(queries.update_handoff.of(values), id=handoff_id, **values)
    await publish(tx, deal, f"handoff.{status}", payload(Handoff, new), before(old, new))
    return new


async def read_handoff(tx: Transaction, handoff_id: UUID) -> Row:
    """Read a hand-off; the addressee may, whoever owns the deal. Raises `NotFound`."""
    row = demand_found(await tx.fetch_one(queries.find_handoff, id=handoff_id))
    if row["to_user_id"] != tx.caller.user_id:
        demand_record(tx.caller, READ, None, row)
    return row


async def _lock_for_addressee(tx: Transaction, opportunity_id: UUID) -> Deal:
    subject = await lock(tx, opportunity_id)
    if subject is None:
        raise NotFound
    return Deal(subject, await tx.fetch_row(find_opportunity, id=opportunity_id))
