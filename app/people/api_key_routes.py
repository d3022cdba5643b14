"""`/v1/api-keys`."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.idempotency import SecretShownOnce
from app.core.problems import NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.people import queries, schemas
from app.people.authentication import Permission
from app.people.key_rotation import KeyEnded, KeyRotating, rotate_key
from app.people.permissions import demand_found
from app.people.staffing import give_key, revoke_key

api_keys = router("people")

Reader = Annotated[Caller, Depends(Permission("api_keys.read"))]
Writer = Annotated[Caller, Depends(Permission("api_keys.write"))]
KeyId = Annotated[str, Path(max_length=64, pattern="^[0-9A-Za-z]+$")]


@api_keys.get("/api-keys", response_model=schemas.ApiKeyPage, responses=documented())
async def list_api_keys(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ApiKeyQuery, Query()]
) -> Response:
    """List keys without their secrets, revoked and expired ones too, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.key_listing.page(tx, query)
    return page_response(schemas.ApiKeyPage, page.rows, page.next_cursor)


@api_keys.post("/api-keys", status_code=201, response_model=schemas.IssuedApiKey, responses=documented(SecretShownOnce))
async def create_api_key(caller: Writer, database: AppDatabase, body: schemas.ApiKeyCreate) -> Response:
    """Give a user a key; its secret is in this answer and nowhere else.

    A key can be given no scope that the credential of the request lacks.
    """
    async with database.begin(caller) as tx:
        key, row = await give_key(tx, body.model_dump())
    return item_response(schemas.IssuedApiKey, {"key": str(key), **row}, status=201)


@api_keys.get("/api-keys/{key_id}", response_model=schemas.ApiKeyItem, responses=documented(NotFound))
async def get_api_key(caller: Reader, database: AppDatabase, key_id: KeyId) -> Response:
    """Read a key without its secret."""
    async with database.begin(caller) as tx:
        row = demand_found(await tx.fetch_one(queries.find_key, id=key_id))
    return item_response(schemas.ApiKeyItem, row)


@api_keys.post(
    "/api-keys/{key_id}/rotation",
    status_code=201,
    response_model=schemas.IssuedApiKey,
    responses=documented(NotFound, PreconditionFailed, KeyEnded, KeyRotating, SecretShownOnce),
)
async def create_api_key_rotation(
    caller: Writer, database: AppDatabase, key_id: KeyId, body: schemas.ApiKeyRotation, expected: ExpectedVersion
) -> Response:
    """Replace a key's secret; the answer shows the new one, this once.

    The old secret works beside it until it expires, so that whoever uses the key can change over without a gap. While
    two secrets work, another rotation is refused unless it expires the old one at once: then only the newest works.
    """
    async with database.begin(caller) as tx:
        key, row = await rotate_key(tx, key_id, body.expire_old_secret_in_seconds, expected)
    return item_response(schemas.IssuedApiKey, {"key": str(key), **row}, status=201, location=f"/v1/api-keys/{key_id}")


@api_keys.delete("/api-keys/{key_id}", status_code=204, responses=documented(NotFound, PreconditionFailed))
async def delete_api_key(caller: Writer, database: AppDatabase, key_id: KeyId, expected: ExpectedVersion) -> Response:
    """Revoke a key; it stops working within a second and stays in the list."""
    async with database.begin(caller) as tx:
        await revoke_key(tx, key_id, expected)
    return Response(status_code=204)
