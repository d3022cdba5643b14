"""`/v1/accounts` and `/v1/contacts`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.accounts import queries, schemas
from app.accounts.collections import ACCOUNTS, CONTACTS
from app.accounts.writing import ACCOUNT, CONTACT, AccountCycle, change, create
from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.fields import PathExternalId
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import AskedPrecondition, ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.people.authentication import Permission
from app.people.permissions import demand_record, scope
from app.records.batch import batch_response, write_batch
from app.records.upsert import upsert, upsert_answers, upsert_response

accounts = router("accounts")
contacts = router("contacts")

Reader = Annotated[Caller, Depends(Permission("accounts.read"))]
Writer = Annotated[Caller, Depends(Permission("accounts.write"))]


@accounts.get("/accounts", response_model=schemas.AccountPage, responses=documented())
async def list_accounts(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.AccountQuery, Query()]
) -> Response:
    """List accounts, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.account_listing.page(tx, query, **scope(caller, "accounts.read"))
    return page_response(schemas.AccountPage, page.rows, page.next_cursor)


@accounts.post("/accounts", status_code=201, response_model=schemas.Account, responses=documented(AlreadyExists))
async def create_account(caller: Writer, database: AppDatabase, body: schemas.AccountCreate) -> Response:
    """Create an account; its owner is the caller unless named."""
    async with database.begin(caller) as tx:
        row = await create(tx, ACCOUNT, body.model_dump())
    return item_response(schemas.Account, row, status=201)


@accounts.post(
    "/accounts/batch", response_model=schemas.AccountBatch, responses=documented(AlreadyExists, AccountCycle)
)
async def create_account_batch(caller: Writer, database: AppDatabase, body: schemas.AccountBatchCreate) -> Response:
    """Write up to 200 accounts at once, each as in a request of its own, with one result for each in their order.

    With `all_or_nothing` every problem points to its item, as `/items/3/email`, and nothing is written. With `per_item`
    the answer is 200 whatever became of the items: look at the `status` of each.
    """
    async with database.begin(caller) as tx:
        outcomes = await write_batch(tx, ACCOUNTS, body)
    return batch_response(schemas.AccountBatch, ACCOUNTS, outcomes)


@accounts.put(
    "/accounts/by-external-id/{external_id:path}",
    response_model=schemas.Account,
    responses=upsert_answers(schemas.Account, AccountCycle),
)
async def upsert_account(
    caller: Writer,
    database: AppDatabase,
    external_id: PathExternalId,
    body: schemas.AccountCreate,
    precondition: AskedPrecondition,
) -> Response:
    """Create an account with this external id, as POST does, or change the one that has it, as PATCH does.

    Of an account that is there, the fields that are sent change; a null `owner_id` leaves its owner. Repeated, or sent
    twice at once, it has one effect: where nothing differs, the version stays and nothing is published.
    """
    async with database.begin(caller) as tx:
        written = await upsert(tx, ACCOUNTS, external_id, body, precondition)
    return upsert_response(schemas.Account, ACCOUNTS, written)


@accounts.get("/accounts/{account_id}", response_model=schemas.Account, responses=documented(NotFound))
async def get_account(caller: Reader, database: AppDatabase, account_id: UUID) -> Response:
    """Read an account."""
    async with database.look(caller) as tx:
        row = await tx.fetch_one(queries.find_account, id=account_id)
    return item_response(schemas.Account, demand_record(caller, "accounts.read", None, row))


@accounts.patch(
    "/accounts/{account_id}",
    response_model=schemas.Account,
    responses=documented(NotFound, AlreadyExists, AccountCycle, PreconditionFailed),
)
async def update_account(
    caller: Writer, database: AppDatabase, account_id: UUID, body: schemas.AccountPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent."""
    async with database.begin(caller) as tx:
        row = await change(tx, ACCOUNT, account_id, body.changes(), expected)
    return item_response(schemas.Account, row)


@contacts.get("/contacts", response_model=schemas.ContactPage, responses=documented())
async def list_contacts(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ContactQuery, Query()]
) -> Response:
    """List contacts, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.contact_listing.page(tx, query, **scope(caller, "accounts.read"))
    return page_response(schemas.ContactPage, page.rows, page.next_cursor)


@contacts.post("/contacts", status_code=201, response_model=schemas.Contact, responses=documented(AlreadyExists))
async def create_contact(caller: Writer, database: AppDatabase, body: schemas.ContactCreate) -> Response:
    """Create a contact; its owner is the caller unless named."""
    async with database.begin(caller) as tx:
        row = await create(tx, CONTACT, body.model_dump())
    return item_response(schemas.Contact, row, status=201)


@contacts.post("/contacts/batch", response_model=schemas.ContactBatch, responses=documented(AlreadyExists))
async def create_contact_batch(caller: Writer, database: AppDatabase, body: schemas.ContactBatchCreate) -> Response:
    """Write up to 200 contacts at once, each as in a request of its own, with one result for each in their order.

    With `all_or_nothing` every problem points to its item, as `/items/3/email`, and nothing is written. With `per_item`
    the answer is 200 whatever became of the items: look at the `status` of each.
    """
    async with database.begin(caller) as tx:
        outcomes = await write_batch(tx, CONTACTS, body)
    return batch_response(schemas.ContactBatch, CONTACTS, outcomes)


@contacts.put(
    "/contacts/by-external-id/{external_id:path}",
    response_model=schemas.Contact,
    responses=upsert_answers(schemas.Contact),
)
async def upsert_contact(
    caller: Writer,
    database: AppDatabase,
    external_id: PathExternalId,
    body: schemas.ContactCreate,
    precondition: AskedPrecondition,
) -> Response:
    """Create a contact with this external id, as POST does, or change the one that has it, as PATCH does.

    Of a contact that is there, the fields that are sent change; a null `owner_id` leaves its owner. Repeated, or sent
    twice at once, it has one effect: where nothing differs, the version stays and nothing is published.
    """
    async with database.begin(caller) as tx:
        written = await upsert(tx, CONTACTS, external_id, body, precondition)
    return upsert_response(schemas.Contact, CONTACTS, written)


@contacts.get("/contacts/{contact_id}", response_model=schemas.Contact, responses=documented(NotFound))
async def get_contact(caller: Reader, database: AppDatabase, contact_id: UUID) -> Response:
    """Read a contact."""
    async with database.look(caller) as tx:
        row = await tx.fetch_one(queries.find_contact, id=contact_id)
    return item_response(schemas.Contact, demand_record(caller, "accounts.read", None, row))


@contacts.patch(
    "/contacts/{contact_id}",
    response_model=schemas.Contact,
    responses=documented(NotFound, AlreadyExists, PreconditionFailed),
)
async def update_contact(
    caller: Writer, database: AppDatabase, contact_id: UUID, body: schemas.ContactPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent."""
    async with database.begin(caller) as tx:
        row = await change(tx, CONTACT, contact_id, body.changes(), expected)
    return item_response(schemas.Contact, row)
