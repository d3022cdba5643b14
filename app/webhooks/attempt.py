"""What the sender is given, within which bounds, and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from app.core.destination import AddressRefused, NameUnresolved


class ErrorClass(StrEnum):
    """What the owner of an endpoint is told about a failed attempt; never an inner address."""

    BLOCKED_ADDRESS = "blocked_address"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    HTTP_ERROR = "http_error"
    EXPIRED = "expired"

    @classmethod
    def of(cls, refusal: AddressRefused) -> "ErrorClass":
        """How the refusal of an address is told."""
        return cls.DNS if isinstance(refusal, NameUnresolved) else cls.BLOCKED_ADDRESS


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed message to one url."""

    url: str
    secrets: Sequence[str] = field(repr=False)
    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt; `status` is also set where the answer broke off after its head."""

    status: int | None
    error_class: ErrorClass | None
    response_excerpt: str
    duration_ms: float
    retry_after_seconds: int | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took the message: 2xx, and its answer ended, or filled the limit, in time."""
        return self.error_class is None

    @property
    def gone(self) -> bool:
        """Whether the receiver asked never to be called again."""
        return self.status == HTTPStatus.GONE


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one attempt. The deadline spans everything, from the lookup to the last byte read."""

    deadline_seconds: float = 15.0
    response_bytes: int = 16 * 1024
    excerpt_characters: int = 1024


STANDARD_LIMITS = Limits()
