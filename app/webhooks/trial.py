"""A test of an endpoint: one signed message, sent at once, and what came back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.core.address_guard import AddressGuard
from app.core.caller import Caller
from app.core.database import Row, new_id
from app.core.secret_box import SecretBox, SecretUnreadable
from app.core.settings import Settings
from app.outbox.catalogue import EventType
from app.outbox.event import render
from app.webhooks.attempt import Attempt, Limits
from app.webhooks.endpoint_secrets import SealedSecrets, SecretNotReadable, open_secrets
from app.webhooks.examples import example_event
from app.webhooks.schemas import WebhookTest
from app.webhooks.sender import Sender


def sample(caller: Caller, endpoint_id: UUID, event_type: EventType, stored: Row | None) -> tuple[UUID, bytes]:
    """A stored event's id and bytes, or those of the type's example; number 0 is in no log."""
    if stored is not None:
        return stored["id"], stored["body"]
    event_id, (event, subject) = new_id(), example_event(event_type)
    if event_type is EventType.PING:
        event, subject = replace(event, object={"id": endpoint_id}), replace(subject, id=endpoint_id)
    return event_id, render(event, event_id, datetime.now(UTC), replace(subject, last_sequence=0), caller)


def sign_test(box: SecretBox, endpoint: Mapping[str, Any], message: tuple[UUID, bytes]) -> Attempt:
    """An attempt signed as deliveries are, by both secrets during a rotation; raises `SecretNotReadable`."""
    event_id, body = message
    expires_at = endpoint["old_secret_expires_at"]
    old = endpoint["old_secret"] if expires_at is not None and expires_at > datetime.now(UTC) else None
    sealed = SealedSecrets(endpoint["organization_id"], endpoint["id"], endpoint["secret"], old)
    try:
        return Attempt(endpoint["url"], open_secrets(box, sealed), str(event_id), body)
    except SecretUnreadable:
        raise SecretNotReadable from None


async def send_test(guard: AddressGuard, settings: Settings, attempt: Attempt) -> WebhookTest:
    """Make one attempt outside of any lane; it is not logged and does not count for the endpoint's health."""
    async with Sender(guard, limits=Limits(deadline_seconds=settings.webhook_deadline_seconds)) as sender:
        outcome = await sender.send(attempt)
    return WebhookTest(
        event_id=UUID(attempt.message_id),
        delivered=outcome.delivered,
        status_code=outcome.status,
        error_class=outcome.error_class,
        duration_ms=round(outcome.duration_ms),
        response_excerpt=outcome.response_excerpt,
    )
