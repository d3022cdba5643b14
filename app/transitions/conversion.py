"""From a lead to a deal, in one transaction: account, contact and opportunity, each new or an existing one.

The new deal starts at the first stage and walks on, transition by transition, as far as its evidence allows.
"""

from typing import Any
from uuid import UUID

from app.accounts.writing import ACCOUNT, CONTACT, Kind, create
from app.core.caller import Caller
from app.core.database import Database, Row, Transaction
from app.core.problems import Invalid
from app.core.resource import check_version
from app.opportunities.aggregate import Deal, lock_deal
from app.opportunities.contact_roles import ensure_contact_role
from app.opportunities.qualification import QUALIFICATION_COLUMNS
from app.opportunities.writing import open_deal, write_fields
from app.outbox.record import pass_gates
from app.people.assignment import team_of
from app.transitions import problems
from app.transitions.carry_over import carry_activities
from app.transitions.conversion_schemas import Conversion, ConversionCreate, ConversionOpportunity, ConversionRecord
from app.transitions.transition import take
from app.transitions.workflows import DEAL, LEAD, Walker, lock_walker
from app.workflow import decision
from app.workflow.decision import TransitionInputs
from app.workflow.pipeline import Outcome, TransitionKind


class _Undo(Exception):
    """Ends the transaction of a dry run without a trace."""


async def make_conversion(
    database: Database, caller: Caller, lead_id: UUID, asked: ConversionCreate, expected: int | None
) -> Conversion:
    """Convert a lead.

    Raises `NotFound`, `PreconditionFailed`, `Forbidden`, `LeadAlreadyConverted`, `TransitionNotAllowed`,
    `ExitCriteriaNotMet` when qualification evidence is missing, and `Invalid` for references that do not fit.
    """
    async with database.begin(caller) as tx:
        return await _convert(tx, lead_id, asked, expected)


async def preview_conversion(
    database: Database, caller: Caller, lead_id: UUID, asked: ConversionCreate, expected: int | None
) -> Conversion:
    """Convert a lead and undo it: the answer is what a conversion would give, without ids of new records."""
    try:
        async with database.begin(caller) as tx:
            found = await _convert(tx, lead_id, asked, expected)
            raise _Undo  # noqa: TRY301 # the rollback is what a dry run is
    except _Undo:
        return found.as_preview()


async def _convert(tx: Transaction, lead_id: UUID, asked: ConversionCreate, expected: int | None) -> Conversion:
    await pass_gates(tx, *filter(None, (lead_id, asked.opportunity_id)))
    walker = await lock_walker(tx, LEAD, lead_id)
    check_version(walker.row, expected)
    decided = _decide(tx, walker)
    existing = await _existing_deal(tx, asked)
    named_account_id = _named_account(asked, existing)
    account_id = await _existing_or_new(tx, ACCOUNT, named_account_id, _account_of(walker.row))
    contact = _contact_of(walker.row) | {"account_id": account_id}
    contact_id = await _existing_or_new(tx, CONTACT, asked.contact_id, contact)
    deal = existing or await _new_deal(tx, walker.row, asked, account_id)
    if deal.row["account_id"] is None:
        await write_fields(tx, deal, {"account_id": account_id}, "opportunity.updated")
    await ensure_contact_role(tx, deal, contact_id, asked.contact_role)
    await carry_activities(tx, lead_id, deal)
    stage = await _walk_on(tx, deal.id)
    await _hand_over(tx, deal.id, asked.owner_id)
    ids = {"account": account_id, "contact": contact_id, "opportunity": deal.id}
    row = await take(
        tx, walker, decided, TransitionInputs(), {f"converted_{noun}_id": made for noun, made in ids.items()}
    )
    return Conversion(
        lead_id=lead_id,
        version=row["record_version"],
        dry_run=False,
        account=ConversionRecord(id=account_id, created=named_account_id is None),
        contact=ConversionRecord(id=contact_id, created=asked.contact_id is None),
        opportunity=ConversionOpportunity(id=deal.id, created=asked.opportunity_id is None, stage=stage),
    )


def _decide(tx: Transaction, walker: Walker) -> decision.Decision:
    if walker.row["outcome"] == Outcome.CONVERTED:
        converted_id = str(walker.row["converted_opportunity_id"])
        raise problems.LeadAlreadyConverted(extra={"converted_opportunity_id": converted_id})
    walker.demand(tx.caller, "transitions.qualify")
    try:
        return decision.decide_conversion(walker.definition, walker.standing, walker.evidence)
    except decision.TransitionNotAllowed as error:
        raise problems.not_allowed(error) from None
    except decision.ExitCriteriaNotMet as error:
        raise problems.not_met(error, walker.id) from None


async def _existing_or_new(tx: Transaction, kind: Kind, given_id: UUID | None, fields: dict[str, Any]) -> UUID:
    if given_id is None:
        row = await create(tx, kind, fields)
        created_id: UUID = row["id"]
        return created_id
    if await tx.fetch_one(kind.find, id=given_id) is None:
        raise Invalid.at(f"/{kind.noun}_id", "unknown_reference", f"There is no such {kind.noun}.")
    return given_id


def _account_of(lead: Row) -> dict[str, Any]:
    return dict.fromkeys(ACCOUNT.fields) | {"name": lead["company_name"] or lead["name"], "owner_id": lead["owner_id"]}


def _contact_of(lead: Row) -> dict[str, Any]:
    shared = {name: lead[name] for name in ("name", "email", "phone", "title", "owner_id")}
    return dict.fromkeys(CONTACT.fields) | shared


async def _existing_deal(tx: Transaction, asked: ConversionCreate) -> Deal | None:
    if asked.opportunity_id is None:
        return None
    deal = await lock_deal(tx, asked.opportunity_id, read="opportunities.read", write="transitions.qualify")
    if deal.row["outcome"] != Outcome.OPEN:
        raise Invalid.at("/opportunity_id", "not_open", "Only an open deal can take a lead.")
    return deal


def _named_account(asked: ConversionCreate, existing: Deal | None) -> UUID | None:
    of_deal: UUID | None = existing.row["account_id"] if existing else None
    if asked.account_id is not None and of_deal not in {None, asked.account_id}:
        raise Invalid.at("/account_id", "other_account", "The deal is with another account.")
    return asked.account_id or of_deal


async def _new_deal(tx: Transaction, lead: Row, asked: ConversionCreate, account_id: UUID) -> Deal:
    fields = {
        "name": asked.opportunity_name or lead["company_name"] or lead["name"],
        "account_id": account_id,
        "amount": asked.amount if asked.amount is not None else lead["budget_amount"],
        "currency": asked.currency or lead["budget_currency"],
        "close_on": asked.close_on or lead["timeline_on"],
        "owner_id": lead["owner_id"],
        "pipeline_id": asked.pipeline_id,
        "source_opportunity_id": None,
        "external_id": None,
    }
    deal = await open_deal(tx, fields, action="transitions.qualify")
    qualification = {name: lead[name] for name in QUALIFICATION_COLUMNS}
    await write_fields(tx, deal, qualification, "opportunity.updated")
    return deal


async def _walk_on(tx: Transaction, opportunity_id: UUID) -> str:
    while True:
        walker = await lock_walker(tx, DEAL, opportunity_id)
        forward = next((edge for edge in walker.edges if edge.kind is TransitionKind.FORWARD), None)
        if forward is None:
            break
        try:
            decided = decision.decide(
                walker.definition, walker.standing, forward.to_stage, TransitionInputs(), walker.evidence
            )
        except decision.ExitCriteriaNotMet:
            break
        await take(tx, walker, decided, TransitionInputs())
    stage: str = walker.row["stage"]
    return stage


async def _hand_over(tx: Transaction, opportunity_id: UUID, owner_id: UUID | None) -> None:
    walker = await lock_walker(tx, DEAL, opportunity_id)
    if owner_id is None or owner_id == walker.row["owner_id"]:
        return
    values = {"owner_id": owner_id, "team_id": await team_of(tx, owner_id)}
    await write_fields(tx, Deal(walker.subject, walker.row), values, "opportunity.assigned")
