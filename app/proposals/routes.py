"""`/v1/proposals`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.opportunities.evidence import read_evidence
from app.opportunities.problems import DealCompleted
from app.people.authentication import Permission
from app.people.permissions import scope
from app.proposals import queries, schemas, writing
from app.proposals.authority import APPROVE
from app.proposals.problems import DiscountNotApproved, ProposalIncomplete, ProposalNotDraft, ProposalNotSent
from app.proposals.schemas import NoFields, ProposalDecision
from app.proposals.status import ProposalStatus
from app.proposals.writing import READ, WRITE

proposals = router("proposals")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission(WRITE))]
Approver = Annotated[Caller, Depends(Permission(APPROVE))]

_NO_FIELDS = NoFields()
_NO_NOTE = ProposalDecision()


@proposals.get("/proposals", response_model=schemas.ProposalPage, responses=documented())
async def list_proposals(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ProposalQuery, Query()]
) -> Response:
    """List proposals of the deals you may see, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.proposal_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.ProposalPage, page.rows, page.next_cursor)


@proposals.post("/proposals", status_code=201, response_model=schemas.Proposal, responses=documented(DealCompleted))
async def create_proposal(caller: Writer, database: AppDatabase, body: schemas.ProposalCreate) -> Response:
    """Draft a proposal for a deal."""
    async with database.begin(caller) as tx:
        row = await writing.draft(tx, body.model_dump())
    return item_response(schemas.Proposal, row, status=201)


@proposals.get("/proposals/{proposal_id}", response_model=schemas.Proposal, responses=documented(NotFound))
async def get_proposal(caller: Reader, database: AppDatabase, proposal_id: UUID) -> Response:
    """Read a proposal."""
    async with database.look(caller) as tx:
        row = await read_evidence(tx, queries.find_proposal, proposal_id, read=READ)
    return item_response(schemas.Proposal, row)


@proposals.patch(
    "/proposals/{proposal_id}",
    response_model=schemas.Proposal,
    responses=documented(NotFound, DealCompleted, ProposalNotDraft, PreconditionFailed),
)
async def update_proposal(
    caller: Writer, database: AppDatabase, proposal_id: UUID, body: schemas.ProposalPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent, while the proposal is a draft."""
    async with database.begin(caller) as tx:
        row = await writing.change(tx, proposal_id, body.changes(), expected)
    return item_response(schemas.Proposal, row)


@proposals.post(
    "/proposals/{proposal_id}/discount-approval",
    response_model=schemas.Proposal,
    responses=documented(NotFound, DealCompleted, ProposalNotDraft, PreconditionFailed),
)
async def approve_proposal_discount(
    caller: Approver,
    database: AppDatabase,
    proposal_id: UUID,
    expected: ExpectedVersion,
    _body: NoFields = _NO_FIELDS,
) -> Response:
    """Approve the discount of a draft as it stands; never that of your own deal."""
    async with database.begin(caller) as tx:
        row = await writing.approve_discount(tx, proposal_id, expected)
    return item_response(schemas.Proposal, row)


@proposals.post(
    "/proposals/{proposal_id}/sending",
    response_model=schemas.Proposal,
    responses=documented(
        NotFound, DealCompleted, ProposalNotDraft, ProposalIncomplete, DiscountNotApproved, PreconditionFailed
    ),
)
async def send_proposal(
    caller: Writer,
    database: AppDatabase,
    proposal_id: UUID,
    expected: ExpectedVersion,
    _body: NoFields = _NO_FIELDS,
) -> Response:
    """Send a draft that is complete and whose discount is within the limit or approved."""
    async with database.begin(caller) as tx:
        row = await writing.send(tx, proposal_id, expected)
    return item_response(schemas.Proposal, row)


@proposals.post(
    "/proposals/{proposal_id}/acceptance",
    response_model=schemas.Proposal,
    responses=documented(NotFound, DealCompleted, ProposalNotSent, PreconditionFailed),
)
async def accept_proposal(
    caller: Writer,
    database: AppDatabase,
    proposal_id: UUID,
    expected: ExpectedVersion,
    body: ProposalDecision = _NO_NOTE,
) -> Response:
    """Record that the customer accepted the proposal."""
    async with database.begin(caller) as tx:
        row = await writing.decide(tx, proposal_id, ProposalStatus.ACCEPTED, body.note, expected)
    return item_response(schemas.Proposal, row)


@proposals.post(
    "/proposals/{proposal_id}/rejection",
    response_model=schemas.Proposal,
    responses=documented(NotFound, DealCompleted, ProposalNotSent, PreconditionFailed),
)
async def reject_proposal(
    caller: Writer,
    database: AppDatabase,
    proposal_id: UUID,
    expected: ExpectedVersion,
    body: ProposalDecision = _NO_NOTE,
) -> Response:
    """Record that the customer rejected the proposal."""
    async with database.begin(caller) as tx:
        row = await writing.decide(tx, proposal_id, ProposalStatus.REJECTED, body.note, expected)
    return item_response(schemas.Proposal, row)


@proposals.post(
    "/proposals/{proposal_id}/expiry",
    response_model=schemas.Proposal,
    responses=documented(NotFound, DealCompleted, ProposalNotSent, PreconditionFailed),
)
async def expire_proposal(
    caller: Writer,
    database: AppDatabase,
    proposal_id: UUID,
    expected: ExpectedVersion,
    _body: NoFields = _NO_FIELDS,
) -> Response:
    """Record that the proposal expired without an answer."""
    async with database.begin(caller) as tx:
        row = await writing.decide(tx, proposal_id, ProposalStatus.EXPIRED, None, expected)
    return item_response(schemas.Proposal, row)
