"""Making, changing and enabling endpoints; no transaction is open while an address is looked up."""

from typing import Any
from uuid import UUID

from app.core.address_guard import AddressGuard
from app.core.database import Row, Transaction, new_id
from app.core.destination import AddressRefused
from app.core.problems import Conflict, Gone, Invalid, NotFound
from app.core.resource import check_version
from app.core.secret_box import SecretBox
from app.outbox.record import lock, start
from app.webhooks import queries
from app.webhooks.attempt import ErrorClass
from app.webhooks.endpoint_secrets import seal_secret
from app.webhooks.signing import new_secret
from app.webhooks.subscription import check_filters


class EventGone(Gone):
    """The event is older than events are kept here: it cannot be delivered any more."""


class DeliveryPending(Conflict):
    """The delivery is still being tried; only one that was delivered or given up can be redelivered."""


_CLOSED_BREAKER: dict[str, Any] = {"breaker_open_until": None, "failed_probes": 0, "failing_subject_ids": []}


def demand(row: Row | None) -> Row:
    """The endpoint or delivery that must exist; raises `NotFound`."""
    if row is None:
        raise NotFound
    return row


async def check_address(guard: AddressGuard, url: str | None) -> None:
    """Look up where a url leads; raises `Invalid` at `/url` when no webhook may go there."""
    if url is None:
        return
    try:
        await guard.resolve(guard.check_url(url))
    except AddressRefused as refusal:
        raise Invalid.at("/url", ErrorClass.of(refusal), str(refusal)) from None


async def create_endpoint(tx: Transaction, box: SecretBox, fields: dict[str, Any]) -> dict[str, Any]:
    """Write a new endpoint with a secret of its own, which is in the answer; its address was checked.

    Raises `Invalid` for unknown filters.
    """
    await check_filters(tx, fields)
    endpoint_id, secret = new_id(), new_secret()
    await start(tx, "webhook_endpoint", endpoint_id)
    sealed = seal_secret(box, tx.caller.organization_id, endpoint_id, secret)
    row = await tx.fetch_row(queries.insert_endpoint, id=endpoint_id, secret=sealed, **fields)
    return {**row, "secret": secret}


async def change_endpoint(tx: Transaction, endpoint_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the given fields; raises `NotFound`, `Invalid` for unknown filters, `PreconditionFailed` when stale."""
    endpoint = await lock_endpoint(tx, endpoint_id, expected)
    await check_filters(tx, changes)
    if changes.get("url", endpoint["url"]) != endpoint["url"]:
        changes = changes | _CLOSED_BREAKER
    return await tx.fetch_row(queries.update_endpoint.of(changes), id=endpoint_id, **changes)


async def delete_endpoint(tx: Transaction, endpoint_id: UUID, expected: int | None) -> None:
    """Delete an endpoint with all it is owed; raises `NotFound`, and `PreconditionFailed` when stale."""
    await tx.execute(queries.lock_replay, endpoint_id=endpoint_id)  # in the order that workers lock in
    await tx.execute(queries.lock_lanes, endpoint_id=endpoint_id)
    await lock_endpoint(tx, endpoint_id, expected)
    await tx.execute(queries.delete_endpoint, id=endpoint_id)


async def enable_endpoint(tx: Transaction, endpoint_id: UUID, expected: int | None) -> Row:
    """Call an endpoint again, at once and with a clean record; raises `NotFound` and `PreconditionFailed`."""
    await tx.execute(queries.lock_lanes, endpoint_id=endpoint_id)  # in the order that workers lock in
    await lock_endpoint(tx, endpoint_id, expected)
    clean = _CLOSED_BREAKER | {
        "state": "enabled",
        "disabled_reason": None,
        "failing_since": None,
        "consecutive_failures": 0,
    }
    row = await tx.fetch_row(queries.update_endpoint.of(clean), id=endpoint_id, **clean)
    await tx.execute(queries.make_lanes_due, endpoint_id=endpoint_id)
    return row


async def lock_endpoint(tx: Transaction, endpoint_id: UUID, expected: int | None) -> Row:
    """Take the endpoint's lock and read it; raises `NotFound`, and `PreconditionFailed` when stale."""
    subject = await lock(tx, endpoint_id)
    endpoint = demand(await tx.fetch_one(queries.find_endpoint, id=endpoint_id))
    if subject is None:
        raise NotFound
    check_version(endpoint, expected)
    return endpoint


async def redeliver(tx: Transaction, delivery_id: UUID) -> Row:
    """Owe a delivery once more, with the full policy of attempts; raises `NotFound`, `DeliveryPending`, `EventGone`."""
    delivery = demand(await tx.fetch_one(queries.find_delivery, id=delivery_id))
    # the lane first: whoever settles its last delivery must see this one, or the lane would be removed
    await tx.execute(queries.put_lane, endpoint_id=delivery["endpoint_id"], subject_id=delivery["subject_id"])
    row = await tx.fetch_one(queries.redeliver, id=delivery_id)
    if row is None:
        delivery = demand(await tx.fetch_one(queries.find_delivery, id=delivery_id))
        raise DeliveryPending if delivery["status"] == "pending" else EventGone
    return row
