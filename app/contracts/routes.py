"""`/v1/contracts`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.contracts import queries, schemas, writing
from app.contracts.problems import ContractNotDraft, ContractNotSigned
from app.contracts.writing import READ, WRITE
from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.opportunities.evidence import read_evidence
from app.opportunities.problems import DealCompleted
from app.people.authentication import Permission
from app.people.permissions import scope

contracts = router("contracts")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission(WRITE))]


@contracts.get("/contracts", response_model=schemas.ContractPage, responses=documented())
async def list_contracts(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ContractQuery, Query()]
) -> Response:
    """List contracts of the deals you may see, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.contract_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.ContractPage, page.rows, page.next_cursor)


@contracts.post("/contracts", status_code=201, response_model=schemas.Contract, responses=documented(DealCompleted))
async def create_contract(caller: Writer, database: AppDatabase, body: schemas.ContractCreate) -> Response:
    """Draft a contract for a deal, or record a purchase that was made."""
    async with database.begin(caller) as tx:
        row = await writing.add(tx, body)
    return item_response(schemas.Contract, row, status=201)


@contracts.get("/contracts/{contract_id}", response_model=schemas.Contract, responses=documented(NotFound))
async def get_contract(caller: Reader, database: AppDatabase, contract_id: UUID) -> Response:
    """Read a contract."""
    async with database.look(caller) as tx:
        row = await read_evidence(tx, queries.find_contract, contract_id, read=READ)
    return item_response(schemas.Contract, row)


@contracts.patch(
    "/contracts/{contract_id}",
    response_model=schemas.Contract,
    responses=documented(NotFound, DealCompleted, ContractNotDraft, PreconditionFailed),
)
async def update_contract(
    caller: Writer, database: AppDatabase, contract_id: UUID, body: schemas.ContractPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent, while the contract is a draft."""
    async with database.begin(caller) as tx:
        row = await writing.change(tx, contract_id, body.changes(), expected)
    return item_response(schemas.Contract, row)


@contracts.post(
    "/contracts/{contract_id}/signature",
    response_model=schemas.Contract,
    responses=documented(NotFound, DealCompleted, ContractNotDraft, PreconditionFailed),
)
async def sign_contract(
    caller: Writer,
    database: AppDatabase,
    contract_id: UUID,
    body: schemas.ContractSignature,
    expected: ExpectedVersion,
) -> Response:
    """Record that the customer signed."""
    async with database.begin(caller) as tx:
        row = await writing.sign(tx, contract_id, body, expected)
    return item_response(schemas.Contract, row)


@contracts.post(
    "/contracts/{contract_id}/termination",
    response_model=schemas.Contract,
    responses=documented(NotFound, ContractNotSigned, PreconditionFailed),
)
async def terminate_contract(
    caller: Writer,
    database: AppDatabase,
    contract_id: UUID,
    body: schemas.ContractTermination,
    expected: ExpectedVersion,
) -> Response:
    """End a signed contract."""
    async with database.begin(caller) as tx:
        row = await writing.terminate(tx, contract_id, body.reason, expected)
    return item_response(schemas.Contract, row)
