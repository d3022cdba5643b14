"""Endpoints and deliveries as they are sent and read."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.destination import MAX_URL_CHARACTERS
from app.core.fields import Secret, Text
from app.core.json_kinds import JSON_NUMBER, Moment
from app.core.pagination import PageQuery
from app.core.resource import Body, Item, Patch
from app.outbox.catalogue import EventPattern, EventType
from app.webhooks.attempt import ErrorClass
from app.webhooks.result import DeliveryStatus
from app.workflow.stages import Step

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_URL_CHARACTERS,
        description="Where events are posted to: https, at a public address.",
        examples=["https://hooks.example.com/stageline"],
    ),
]
EventPatterns = Annotated[
    list[EventPattern],
    Field(min_length=1, max_length=100, description="Types of events, `noun.*`, or `*`; one of them must match."),
]
MaxConcurrency = Annotated[
    int,
    Field(ge=1, le=100, description="Requests open at once, of each worker; 1 for receivers that take one at a time."),
    JSON_NUMBER,
]
_Ids = Annotated[list[UUID], Field(min_length=1, max_length=100)]


class EndpointState(StrEnum):
    """Whether an endpoint is called."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why an endpoint is called no more."""

    GONE = "gone"
    FAILING = "failing"


class EndpointFilters(BaseModel):
    """Which of the matching events are wanted; absent or null: whatever their pipeline, step, team or owner."""

    description: Text | None = None
    pipeline_ids: _Ids | None = None
    steps: Annotated[list[Step], Field(min_length=1)] | None = None
    team_ids: _Ids | None = None
    owner_ids: _Ids | None = None


class WebhookEndpointCreate(EndpointFilters, Body):
    """A new endpoint."""

    url: Url
    event_types: EventPatterns
    max_concurrency: MaxConcurrency = 10


class WebhookEndpointPatch(EndpointFilters, Patch):
    """Changes of an endpoint."""

    url: Url = Field(default_factory=str)
    event_types: EventPatterns = Field(default_factory=list)
    max_concurrency: MaxConcurrency = 10


class WebhookEndpoint(Item):
    """Where events are delivered to; its secret is shown at creation and rotation only."""

    url: str
    description: str | None
    event_types: list[str]
    pipeline_ids: list[UUID] | None
    steps: list[Step] | None
    team_ids: list[UUID] | None
    owner_ids: list[UUID] | None
    state: EndpointState
    disabled_reason: DisabledReason | None = Field(
        description="`gone`: it answered 410; `failing`: nothing arrived for five days."
    )
    failing_since: datetime | None
    consecutive_failures: int
    last_success_at: datetime | None
    max_concurrency: int
    breaker_open_until: datetime | None = Field(
        description="Set when nothing got through several times in a row, or the receiver asked for time "
        "(Retry-After): until then nothing is sent, then one message at a time at growing intervals, until one is "
        "answered. Null: everything flows."
    )
    is_replaying: bool = Field(description="Whether a replay is being put together; deliveries go on once it is.")
    old_secret_expires_at: datetime | None = Field(
        description="During a rotation: until when the old secret signs beside the new one."
    )


class WebhookEndpointWithSecret(WebhookEndpoint):
    """An endpoint with the secret that its messages are signed with from now on: it is shown this once."""

    secret: Secret = Field(description="`whsec_` and base64, as Standard Webhooks has it.", examples=["whsec_…"])


class WebhookSecretRotation(Body):
    """How to replace an endpoint's secret."""

    expire_old_secret_in_seconds: Annotated[int, Field(ge=0, le=86_400), JSON_NUMBER] = Field(
        default=86_400,
        description="How long the old secret signs beside the new one; 0, when it has leaked: no longer.",
    )


class WebhookEndpointPage(BaseModel):
    """A page of endpoints."""

    items: list[WebhookEndpoint]
    next_cursor: str | None


class WebhookEndpointQuery(PageQuery):
    """Filters of the list of endpoints."""

    state: EndpointState | None = None


class WebhookReplayCreate(Body):
    """Which events to deliver again: those recorded from `since` until before `until`, or since the last success."""

    since: Moment | None = Field(default=None, description="The beginning of the range, to the millisecond.")
    until: Moment | None = Field(default=None, description="Its end, which is not in it; absent: now.")
    since_last_success: Literal[True] | None = Field(
        default=None,
        description="Instead of a range: whatever was recorded since the endpoint last took a message, or since it "
        "was made.",
    )
    event_types: EventPatterns = Field(default_factory=lambda: ["*"], description="Only these, absent: all it wants.")


class WebhookReplay(BaseModel):
    """What is being put together for delivery; the endpoint's `is_replaying` tells when it is done."""

    endpoint_id: UUID
    since: datetime
    until: datetime
    deliveries: int = Field(description="Events in the range that match the endpoint's filters of now.")


class WebhookTestRequest(Body):
    """What to send as a test."""

    type: EventType = Field(
        default=EventType.PING, description="The newest event of this type, or one made up when there is none."
    )


class WebhookTest(BaseModel):
    """What the endpoint answered."""

    event_id: UUID
    delivered: bool
    status_code: int | None
    error_class: ErrorClass | None
    duration_ms: int
    response_excerpt: str


class PingedEndpoint(BaseModel):
    """What a `ping` is about: the endpoint that it is sent to."""

    id: UUID


class WebhookDelivery(BaseModel):
    """One event that an endpoint is owed, with the last of its attempts."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    subject_id: UUID
    sequence: int
    status: DeliveryStatus
    attempts: int = Field(description="Attempts since it was created or redelivered; at most 10.")
    last_status_code: int | None
    last_error_class: ErrorClass | None
    next_attempt_at: datetime | None
    settled_at: datetime | None
    is_redelivery: bool
    created_at: datetime


class WebhookDeliveryPage(BaseModel):
    """A page of deliveries."""

    items: list[WebhookDelivery]
    next_cursor: str | None


class WebhookDeliveryQuery(PageQuery):
    """Filters of an endpoint's deliveries."""

    status: DeliveryStatus | None = None
    event_type: list[EventType] = []


class WebhookAttempt(BaseModel):
    """One request to the endpoint, and what came of it."""

    number: int
    started_at: datetime
    status_code: int | None
    error_class: ErrorClass | None
    duration_ms: int
    response_excerpt: str


class WebhookDeliveryDetail(WebhookDelivery):
    """A delivery with all its attempts, oldest first."""

    attempt_log: list[WebhookAttempt]
