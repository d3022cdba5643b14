"""Transitions of leads and deals: made, explained, and their history."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, json_response, page_response
from app.core.routing import router
from app.outbox.record import locking
from app.people.authentication import Permission
from app.transitions import schemas
from app.transitions.available import available_transitions
from app.transitions.conversion import make_conversion, preview_conversion
from app.transitions.conversion_schemas import Conversion, ConversionCreate
from app.transitions.ledger import as_read, deal_history, lead_history
from app.transitions.problems import ExitCriteriaNotMet, LeadAlreadyConverted, TransitionNotAllowed
from app.transitions.transition import Move, move
from app.transitions.workflows import DEAL, LEAD, read_walker
from app.workflow.decision import TransitionInputs

transitions = router("transitions")

DealReader = Annotated[Caller, Depends(Permission("opportunities.read"))]
LeadReader = Annotated[Caller, Depends(Permission("leads.read"))]

_REFUSALS = documented(NotFound, TransitionNotAllowed, ExitCriteriaNotMet, PreconditionFailed)
_WOULD_HAPPEN = "The dry run's answer: what would happen; nothing was written."


@transitions.post(
    "/opportunities/{opportunity_id}/transitions",
    status_code=201,
    response_model=schemas.OpportunityTransition,
    responses={200: {"model": schemas.OpportunityTransition, "description": _WOULD_HAPPEN}, **_REFUSALS},
)
async def create_opportunity_transition(
    caller: DealReader,
    database: AppDatabase,
    opportunity_id: UUID,
    body: schemas.OpportunityTransitionCreate,
    expected: ExpectedVersion,
) -> Response:
    """Move a deal to another stage, if its evidence allows it; this also needs the scope `transitions:write`."""
    inputs = TransitionInputs(body.reason, body.override_reason, body.loss_reason)
    async with database.begin_with(caller, locking(caller, opportunity_id)) as tx:
        row = await move(tx, DEAL, opportunity_id, Move(body.to_stage, inputs, expected, body.dry_run))
    return _moved(schemas.OpportunityTransition, row, f"/v1/opportunities/{opportunity_id}", dry_run=body.dry_run)


@transitions.post(
    "/leads/{lead_id}/transitions",
    status_code=201,
    response_model=schemas.LeadTransition,
    responses={200: {"model": schemas.LeadTransition, "description": _WOULD_HAPPEN}, **_REFUSALS},
)
async def create_lead_transition(
    caller: LeadReader,
    database: AppDatabase,
    lead_id: UUID,
    body: schemas.LeadTransitionCreate,
    expected: ExpectedVersion,
) -> Response:
    """Move a lead to another stage, disqualify it or recycle it; conversion is a call of its own.

    A move also needs the scope `transitions:write`, disqualifying and recycling `leads:write`.
    """
    inputs = TransitionInputs(body.reason, body.override_reason)
    async with database.begin_with(caller, locking(caller, lead_id)) as tx:
        row = await move(tx, LEAD, lead_id, Move(body.to_stage, inputs, expected, body.dry_run))
    return _moved(schemas.LeadTransition, row, f"/v1/leads/{lead_id}", dry_run=body.dry_run)


@transitions.post(
    "/leads/{lead_id}/conversion",
    status_code=201,
    response_model=Conversion,
    responses={
        200: {"model": Conversion, "description": _WOULD_HAPPEN},
        **documented(NotFound, LeadAlreadyConverted, TransitionNotAllowed, ExitCriteriaNotMet, PreconditionFailed),
    },
)
async def create_lead_conversion(
    caller: LeadReader, database: AppDatabase, lead_id: UUID, body: ConversionCreate, expected: ExpectedVersion
) -> Response:
    """Convert a qualified lead into an account, a contact and a deal, new or existing, all or nothing.

    This also needs the scope `transitions:write`.
    """
    deed = preview_conversion if body.dry_run else make_conversion
    converted = await deed(database, caller, lead_id, body, expected)
    status = 200 if body.dry_run else 201
    return item_response(Conversion, converted.model_dump(), status=status, location=f"/v1/leads/{lead_id}")


@transitions.get(
    "/opportunities/{opportunity_id}/transitions",
    response_model=schemas.OpportunityTransitionPage,
    responses=documented(NotFound),
)
async def list_opportunity_transitions(
    caller: DealReader,
    database: AppDatabase,
    opportunity_id: UUID,
    query: Annotated[schemas.TransitionQuery, Query()],
) -> Response:
    """List the moves of a deal, oldest first, with the seconds spent in each stage."""
    async with database.look(caller) as tx:
        await read_walker(tx, DEAL, opportunity_id)
        page = await deal_history.page(tx, query, record_id=opportunity_id)
    return page_response(schemas.OpportunityTransitionPage, [as_read(row) for row in page.rows], page.next_cursor)


@transitions.get(
    "/leads/{lead_id}/transitions", response_model=schemas.LeadTransitionPage, responses=documented(NotFound)
)
async def list_lead_transitions(
    caller: LeadReader, database: AppDatabase, lead_id: UUID, query: Annotated[schemas.TransitionQuery, Query()]
) -> Response:
    """List the moves of a lead, oldest first, with the seconds spent in each stage."""
    async with database.look(caller) as tx:
        await read_walker(tx, LEAD, lead_id)
        page = await lead_history.page(tx, query, record_id=lead_id)
    return page_response(schemas.LeadTransitionPage, [as_read(row) for row in page.rows], page.next_cursor)


@transitions.get(
    "/opportunities/{opportunity_id}/available-transitions",
    response_model=schemas.AvailableTransitions,
    responses=documented(NotFound),
)
async def list_available_opportunity_transitions(
    caller: DealReader, database: AppDatabase, opportunity_id: UUID
) -> Response:
    """Explain every move from here: open or blocked, what is missing, who can fix it and how."""
    async with database.look(caller) as tx:
        found = await available_transitions(tx, DEAL, opportunity_id)
    return json_response(found)


@transitions.get(
    "/leads/{lead_id}/available-transitions",
    response_model=schemas.AvailableTransitions,
    responses=documented(NotFound),
)
async def list_available_lead_transitions(caller: LeadReader, database: AppDatabase, lead_id: UUID) -> Response:
    """Explain every move from here: open or blocked, what is missing, who can fix it and how."""
    async with database.look(caller) as tx:
        found = await available_transitions(tx, LEAD, lead_id)
    return json_response(found)


def _moved(model: type[schemas.TransitionFacts], row: Mapping[str, Any], moved: str, *, dry_run: bool) -> Response:
    return item_response(model, as_read(row), status=200 if dry_run else 201, location=moved)
