"""`/v1/webhook-endpoints` and `/v1/webhook-deliveries`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from app.core.address_guard import AddressGuard
from app.core.caller import Caller
from app.core.dependencies import AppDatabase, AppSecretBox, ReleasedDatabase
from app.core.idempotency import SecretShownOnce
from app.core.problems import NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, json_response, page_response
from app.core.routing import router
from app.people.authentication import Permission
from app.webhooks import endpoints, queries, schemas
from app.webhooks.endpoint_secrets import SecretNotReadable
from app.webhooks.replay import ReplayUnderway, request_replay
from app.webhooks.rotation import SecretRotating, rotate_secret
from app.webhooks.trial import sample, send_test, sign_test

webhooks = router("webhooks")

Reader = Annotated[Caller, Depends(Permission("webhooks.read"))]
Writer = Annotated[Caller, Depends(Permission("webhooks.write"))]


async def _guard(request: Request) -> AddressGuard:
    guard: AddressGuard = request.app.state.address_guard
    return guard


Guard = Annotated[AddressGuard, Depends(_guard)]


@webhooks.get("/webhook-endpoints", response_model=schemas.WebhookEndpointPage, responses=documented())
async def list_webhook_endpoints(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.WebhookEndpointQuery, Query()]
) -> Response:
    """List webhook endpoints, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.endpoint_listing.page(tx, query)
    return page_response(schemas.WebhookEndpointPage, page.rows, page.next_cursor)


@webhooks.post(
    "/webhook-endpoints",
    status_code=201,
    response_model=schemas.WebhookEndpointWithSecret,
    responses=documented(SecretShownOnce),
)
async def create_webhook_endpoint(
    caller: Writer, database: AppDatabase, box: AppSecretBox, guard: Guard, body: schemas.WebhookEndpointCreate
) -> Response:
    """Subscribe a url to events; the answer shows the signing secret, this once."""
    await endpoints.check_address(guard, body.url)
    async with database.begin(caller) as tx:
        created = await endpoints.create_endpoint(tx, box, body.model_dump())
    return item_response(schemas.WebhookEndpointWithSecret, created, status=201)


@webhooks.get(
    "/webhook-endpoints/{endpoint_id}", response_model=schemas.WebhookEndpoint, responses=documented(NotFound)
)
async def get_webhook_endpoint(caller: Reader, database: AppDatabase, endpoint_id: UUID) -> Response:
    """Read a webhook endpoint and its health."""
    async with database.look(caller) as tx:
        row = await tx.fetch_one(queries.find_endpoint, id=endpoint_id)
    return item_response(schemas.WebhookEndpoint, endpoints.demand(row))


@webhooks.patch(
    "/webhook-endpoints/{endpoint_id}",
    response_model=schemas.WebhookEndpoint,
    responses=documented(NotFound, PreconditionFailed),
)
async def update_webhook_endpoint(
    caller: Writer,
    database: AppDatabase,
    guard: Guard,
    endpoint_id: UUID,
    body: schemas.WebhookEndpointPatch,
    expected: ExpectedVersion,
) -> Response:
    """Change the fields that are sent; events already owed to the endpoint go to its new url."""
    changes = body.changes()
    await endpoints.check_address(guard, changes.get("url"))
    async with database.begin(caller) as tx:
        row = await endpoints.change_endpoint(tx, endpoint_id, changes, expected)
    return item_response(schemas.WebhookEndpoint, row)


@webhooks.delete(
    "/webhook-endpoints/{endpoint_id}", status_code=204, responses=documented(NotFound, PreconditionFailed)
)
async def delete_webhook_endpoint(
    caller: Writer, database: AppDatabase, endpoint_id: UUID, expected: ExpectedVersion
) -> None:
    """Delete a webhook endpoint with its deliveries, also those still pending."""
    async with database.begin(caller) as tx:
        await endpoints.delete_endpoint(tx, endpoint_id, expected)


@webhooks.post(
    "/webhook-endpoints/{endpoint_id}/enable",
    response_model=schemas.WebhookEndpoint,
    responses=documented(NotFound, PreconditionFailed),
)
async def enable_webhook_endpoint(
    caller: Writer, database: AppDatabase, endpoint_id: UUID, expected: ExpectedVersion
) -> Response:
    """Enable a webhook endpoint: what it missed is delivered at once, in order."""
    async with database.begin(caller) as tx:
        row = await endpoints.enable_endpoint(tx, endpoint_id, expected)
    return item_response(schemas.WebhookEndpoint, row)


@webhooks.post(
    "/webhook-endpoints/{endpoint_id}/replay",
    status_code=202,
    response_model=schemas.WebhookReplay,
    responses=documented(NotFound, ReplayUnderway),
)
async def replay_webhook_endpoint(
    caller: Writer, database: AppDatabase, endpoint_id: UUID, body: schemas.WebhookReplayCreate
) -> Response:
    """Deliver events recorded in a range once more, also those from before the endpoint existed.

    Every event of the log that matches the endpoint's filters as they are now is owed again with all attempts of the
    schedule: same ids, same bytes, in order per subject. What is pending stays pending once. While a large range is
    put together nothing else is sent to the endpoint. At most a million events of the log.
    """
    async with database.begin(caller) as tx:
        replay = await request_replay(tx, endpoint_id, body)
    return json_response(replay, status=202)


@webhooks.post(
    "/webhook-endpoints/{endpoint_id}/secret-rotation",
    status_code=201,
    response_model=schemas.WebhookEndpointWithSecret,
    responses=documented(NotFound, PreconditionFailed, SecretRotating, SecretNotReadable, SecretShownOnce),
)
async def create_webhook_secret_rotation(
    caller: Writer,
    database: AppDatabase,
    box: AppSecretBox,
    endpoint_id: UUID,
    body: schemas.WebhookSecretRotation,
    expected: ExpectedVersion,
) -> Response:
    """Replace the signing secret; the answer shows the new one, this once.

    Messages carry a signature of each, the new one first, until the old secret expires; so a receiver can change over
    without refusing any. While two secrets sign, another rotation is refused unless it expires the old one at once:
    then only the newest secret signs.
    """
    async with database.begin(caller) as tx:
        rotated = await rotate_secret(tx, box, endpoint_id, body, expected)
    location = f"/v1/webhook-endpoints/{endpoint_id}"
    return item_response(schemas.WebhookEndpointWithSecret, rotated, status=201, location=location)


@webhooks.post(
    "/webhook-endpoints/{endpoint_id}/test",
    response_model=schemas.WebhookTest,
    responses=documented(NotFound, SecretNotReadable),
)
async def create_webhook_endpoint_test(
    request: Request,
    caller: Writer,
    database: ReleasedDatabase,
    box: AppSecretBox,
    guard: Guard,
    endpoint_id: UUID,
    body: schemas.WebhookTestRequest,
) -> Response:
    """Send a signed `ping`, or a sample of any type, at once; answers what the endpoint answered.

    The answer is kept for an `Idempotency-Key` once it is there; until then, a repeated request sends again.
    """
    async with database.begin(caller) as tx:
        endpoint = endpoints.demand(await tx.fetch_one(queries.find_endpoint, id=endpoint_id))
        stored = await tx.fetch_one(queries.find_newest_event, type=body.type)
    attempt = sign_test(box, endpoint, sample(caller, endpoint_id, body.type, stored))
    return json_response(await send_test(guard, request.app.state.settings, attempt))


@webhooks.get(
    "/webhook-endpoints/{endpoint_id}/deliveries",
    response_model=schemas.WebhookDeliveryPage,
    responses=documented(NotFound),
)
async def list_webhook_deliveries(
    caller: Reader, database: AppDatabase, endpoint_id: UUID, query: Annotated[schemas.WebhookDeliveryQuery, Query()]
) -> Response:
    """List what an endpoint was and is owed, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        endpoints.demand(await tx.fetch_one(queries.find_endpoint, id=endpoint_id))
        page = await queries.delivery_listing.page(tx, query, endpoint_id=endpoint_id)
    return page_response(schemas.WebhookDeliveryPage, page.rows, page.next_cursor)


@webhooks.get(
    "/webhook-deliveries/{delivery_id}",
    response_model=schemas.WebhookDeliveryDetail,
    responses=documented(NotFound),
)
async def get_webhook_delivery(caller: Reader, database: AppDatabase, delivery_id: UUID) -> Response:
    """Read a delivery with all its attempts."""
    async with database.look(caller) as tx:
        row = endpoints.demand(await tx.fetch_one(queries.find_delivery, id=delivery_id))
        attempts = await tx.fetch_all(queries.find_attempts, delivery_id=delivery_id)
    detail = {**row, "attempt_log": [dict(attempt) for attempt in attempts]}
    return item_response(schemas.WebhookDeliveryDetail, detail)


@webhooks.post(
    "/webhook-deliveries/{delivery_id}/redelivery",
    status_code=202,
    response_model=schemas.WebhookDelivery,
    responses=documented(NotFound, endpoints.DeliveryPending, endpoints.EventGone),
)
async def create_webhook_redelivery(caller: Writer, database: AppDatabase, delivery_id: UUID) -> Response:
    """Deliver an event once more: same id, same bytes, all attempts of the schedule."""
    async with database.begin(caller) as tx:
        row = await endpoints.redeliver(tx, delivery_id)
    return item_response(schemas.WebhookDelivery, row, status=202)
