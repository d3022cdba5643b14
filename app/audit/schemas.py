"""The audit log as it is asked for and read."""

from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, RootModel, WithJsonSchema

from app.audit.coverage import RecordType
from app.core.json_kinds import Moment
from app.core.pagination import PageQuery
from app.core.partitions import first_id

_EPOCH = datetime.fromtimestamp(0, UTC)


class AuditAction(StrEnum):
    """What was done to a record; values may be added."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ERASE = "erase"


class WriteSource(StrEnum):
    """What set the write going: a request, a command of an operator, the service by itself, or SQL past all of them."""

    REQUEST = "request"
    COMMAND = "command"
    SERVICE = "service"
    SQL = "sql"


def _address(value: object) -> object:
    # the driver gives an address without a mask as one, and as an interface where there is one
    return getattr(value, "ip", value)


class ColumnValues(RootModel[dict[str, Any]]):
    """Columns and their values as they are stored; a secret is told as `(secret)`."""


ClientAddress = Annotated[
    IPv4Address | IPv6Address,
    BeforeValidator(_address),
    # one type: of two formats generators make a class that has to be asked which it is
    WithJsonSchema({"type": "string", "description": "An address of IPv4 or IPv6.", "examples": ["192.0.2.7"]}),
]


class AuditEntry(BaseModel):
    """One write of one record: who did it, what changed, and from where."""

    id: UUID
    occurred_at: datetime
    action: AuditAction
    record_type: RecordType
    record_id: str
    actor_id: UUID | None = Field(description="The user; null: the service itself, a command, or SQL.")
    source: WriteSource
    request_id: str | None = Field(description="The `X-Request-Id`; shared by all writes of a request or a command.")
    client_address: ClientAddress | None
    credential_id: str | None = Field(description="The id of the API key that was shown, or `tokens of` and whose.")
    before: ColumnValues | None = Field(
        description="The old values of the columns that changed; of a deleted record, all."
    )
    after: ColumnValues | None = Field(
        description="The new values of the columns that changed; of a new record, all it has."
    )


class AuditPage(BaseModel):
    """A page of the audit log."""

    items: list[AuditEntry]
    next_cursor: str | None


class AuditQuery(PageQuery):
    """Filters of the audit log."""

    sort: Annotated[str, Field(max_length=50, description="`occurred_at`; a leading `-` turns it around.")] = (
        "-occurred_at"
    )
    actor_id: UUID | None = None
    record_type: list[RecordType] = []
    record_id: Annotated[str | None, Field(max_length=64)] = None
    action: list[AuditAction] = []
    source: list[WriteSource] = []
    request_id: Annotated[str | None, Field(max_length=128)] = None
    occurred_at_gte: Moment | None = None
    occurred_at_lt: Moment | None = None

    def filters(self) -> dict[str, Any]:
        """The filters that were given; moments as the ids of what happened at them, which reads their months only."""
        given = super().filters()
        moments = {name: first_id(max(value, _EPOCH)) for name, value in given.items() if isinstance(value, datetime)}
        return given | moments
