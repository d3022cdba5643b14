"""Drafting proposals, approving discounts, sending and deciding; each under the deal's lock, with its event.

Every one of them raises `DealCompleted` once the deal is completed.
"""

from typing import Any
from uuid import UUID

from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.problems import FieldError
from app.core.resource import check_version
from app.opportunities.aggregate import Deal, publish
from app.opportunities.evidence import currency_of, lock_evidence, lock_named_deal
from app.people.duties import demand_duties
from app.proposals import queries
from app.proposals.authority import APPROVAL_DUTIES, APPROVE
from app.proposals.problems import DiscountNotApproved, ProposalIncomplete, ProposalNotDraft, ProposalNotSent
from app.proposals.schemas import Proposal
from app.proposals.status import ProposalStatus

READ, WRITE = "proposals.read", "proposals.write"
_NEEDED_TO_SEND = ("pricing", "terms", "delivery_timeline")


async def draft(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write a new proposal; raises `Invalid` for an unknown deal or another currency, `Forbidden`, `DealCompleted`."""
    deal = await lock_named_deal(tx, fields["opportunity_id"], read=READ, write=WRITE)
    deal.demand_running()
    values = fields | {"currency": currency_of(deal, fields["currency"])}
    row = await tx.fetch_row(queries.insert_proposal, id=new_id(), **values)
    await publish(tx, deal, "proposal.created", _payload_of(row))
    return row


async def change(tx: Transaction, proposal_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change a draft; raises `ProposalNotDraft` for anything else."""
    deal, old = await _lock_draft(tx, proposal_id, expected)
    if "currency" in changes:
        currency_of(deal, changes["currency"])
    return await _write(tx, deal, old, changes, "proposal.updated")


async def approve_discount(tx: Transaction, proposal_id: UUID, expected: int | None) -> Row:
    """Approve a draft's discount at its present height; raises `Forbidden` for the deal's own owner."""
    deal, old = await _lock_draft(tx, proposal_id, expected, action=APPROVE)
    demand_duties(APPROVAL_DUTIES, tx.caller, deal.row)
    values = {
        "discount_approved_percent": old["discount_percent"],
        "discount_approved_by": tx.caller.user_id,
        "discount_approved_at": tx.now(),
    }
    return await _write(tx, deal, old, values, "proposal.discount_approved")


async def send(tx: Transaction, proposal_id: UUID, expected: int | None) -> Row:
    """Send a draft; raises `ProposalIncomplete` and `DiscountNotApproved`."""
    deal, old = await _lock_draft(tx, proposal_id, expected)
    _demand_complete(old)
    await _demand_approved(tx, deal, old)
    values = {"status": ProposalStatus.SENT, "sent_at": tx.now()}
    return await _write(tx, deal, old, values, "proposal.sent")


async def decide(
    tx: Transaction, proposal_id: UUID, status: ProposalStatus, note: str | None, expected: int | None
) -> Row:
    """Accept, reject or let expire a proposal that was sent; raises `ProposalNotSent`."""
    deal, old = await lock_evidence(tx, queries.find_proposal, proposal_id, read=READ, write=WRITE)
    check_version(old, expected)
    deal.demand_running()
    if old["status"] != ProposalStatus.SENT:
        raise ProposalNotSent
    values = {"status": status, "decided_at": tx.now(), "decision_note": note}
    return await _write(tx, deal, old, values, f"proposal.{status}")


async def _lock_draft(
    tx: Transaction, proposal_id: UUID, expected: int | None, *, action: str = WRITE
) -> tuple[Deal, Row]:
    deal, row = await lock_evidence(tx, queries.find_proposal, proposal_id, read=READ, write=action)
    check_version(row, expected)
    deal.demand_running()
    if row["status"] != ProposalStatus.DRAFT:
        raise ProposalNotDraft
    return deal, row


async def _write(tx: Transaction, deal: Deal, old: Row, values: dict[str, Any], event_type: str) -> Row:
    new = await tx.fetch_row(queries.update_proposal.of(values), id=old["id"], **values)
    await publish(tx, deal, event_type, _payload_of(new), before(old, new))
    return new


def _demand_complete(proposal: Row) -> None:
    missing = [
        FieldError(pointer=f"/{name}", code="missing", detail="A proposal is not sent without this.")
        for name in _NEEDED_TO_SEND
        if proposal[name] is None
    ]
    if missing:
        raise ProposalIncomplete(errors=missing)


async def _demand_approved(tx: Transaction, deal: Deal, proposal: Row) -> None:
    discount, approved = proposal["discount_percent"], proposal["discount_approved_percent"]
    if deal.row["owner_id"] == proposal["discount_approved_by"]:  # who approved it has taken the deal since
        approved = None
    limit = await tx.fetch_value(queries.find_discount_limit)
    if discount > limit and (approved is None or discount > approved):
        raise DiscountNotApproved(
            extra={"discount_limit_percent": limit, "discount_approved_percent": approved},
        )


def _payload_of(row: Row) -> dict[str, Any]:
    return Proposal.model_validate(dict(row)).model_dump(mode="json")
