"""Drafting, signing and terminating contracts, and recording purchases; each under its deal's lock, with its event.

All but a termination raise `DealCompleted` once the deal is completed: a contract may end years later.
"""

from datetime import date
from typing import Any
from uuid import UUID

from app.contracts import queries
from app.contracts.kinds import ContractKind, ContractStatus
from app.contracts.problems import ContractNotDraft, ContractNotSigned
from app.contracts.schemas import Contract, ContractCreate, ContractSignature
from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.problems import Invalid
from app.core.resource import check_version
from app.opportunities.aggregate import Deal, publish
from app.opportunities.evidence import currency_of, lock_evidence, lock_named_deal

READ, WRITE = "contracts.read", "contracts.write"


async def add(tx: Transaction, body: ContractCreate) -> Row:
    """Draft a contract, or record a purchase that was made; raises `Invalid`, and `Forbidden` beyond the reach."""
    _check_signature(body)
    deal = await lock_named_deal(tx, body.opportunity_id, read=READ, write=WRITE)
    deal.demand_running()
    status = ContractStatus.DRAFT
    if body.signed_on is not None:
        await _demand_past(tx, body.signed_on)
        status = ContractStatus.SIGNED
    values = body.model_dump() | {"status": status, "currency": currency_of(deal, body.currency)}
    row = await tx.fetch_row(queries.insert_contract, id=new_id(), **values)
    await publish(tx, deal, "contract.created", _payload_of(row))
    if status is ContractStatus.SIGNED:
        await publish(tx, deal, "contract.signed", _payload_of(row))
    return row


async def change(tx: Transaction, contract_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change a draft; raises `ContractNotDraft` for anything else."""
    deal, old = await _lock_draft(tx, contract_id, expected)
    if "currency" in changes:
        currency_of(deal, changes["currency"])
    return await _write(tx, deal, old, changes, "contract.updated")


async def sign(tx: Transaction, contract_id: UUID, body: ContractSignature, expected: int | None) -> Row:
    """Record the signature on a draft; raises `ContractNotDraft`, and `Invalid` for a day in the future."""
    deal, old = await _lock_draft(tx, contract_id, expected)
    await _demand_past(tx, body.signed_on)
    values = body.model_dump() | {"status": ContractStatus.SIGNED}
    return await _write(tx, deal, old, values, "contract.signed")


async def terminate(tx: Transaction, contract_id: UUID, reason: str, expected: int | None) -> Row:
    """End a signed contract; raises `ContractNotSigned` for anything else."""
    deal, old = await _lock(tx, contract_id, expected)
    if old["status"] != ContractStatus.SIGNED:
        raise ContractNotSigned
    values = {
        "status": ContractStatus.TERMINATED,
        "terminated_at": tx.now(),
        "termination_reason": reason,
    }
    return await _write(tx, deal, old, values, "contract.terminated")


async def _lock(tx: Transaction, contract_id: UUID, expected: int | None) -> tuple[Deal, Row]:
    deal, row = await lock_evidence(tx, queries.find_contract, contract_id, read=READ, write=WRITE)
    check_version(row, expected)
    return deal, row


async def _lock_draft(tx: Transaction, contract_id: UUID, expected: int | None) -> tuple[Deal, Row]:
    deal, row = await _lock(tx, contract_id, expected)
    deal.demand_running()
    if row["status"] != ContractStatus.DRAFT:
        raise ContractNotDraft
    return deal, row


async def _write(tx: Transaction, deal: Deal, old: Row, values: dict[str, Any], event_type: str) -> Row:
    new = await tx.fetch_row(queries.update_contract.of(values), id=old["id"], **values)
    await publish(tx, deal, event_type, _payload_of(new), before(old, new))
    return new


def _check_signature(body: ContractCreate) -> None:
    if body.signed_on is not None and body.kind is not ContractKind.PURCHASE:
        raise Invalid.at("/signed_on", "not_a_purchase", "A contract is drafted first and signed then.")
    if body.signed_by_contact_id is not None and body.signed_on is None:
        raise Invalid.at("/signed_by_contact_id", "not_signed", "Say on which day it was signed.")


async def _demand_past(tx: Transaction, signed_on: date) -> None:
    today: date = await tx.fetch_value(queries.find_today, now=tx.now())
    if signed_on > today:
        raise Invalid.at("/signed_on", "in_the_future", "What was signed was signed today or before.")


def _payload_of(row: Row) -> dict[str, Any]:
    return Contract.model_validate(dict(row)).model_dump(mode="json")
