"""The secrets of endpoints as they are stored: sealed for their endpoint, two of them during a rotation."""

import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple
from uuid import UUID

import structlog

from app.core.problems import Conflict
from app.core.secret_box import SecretBox, SecretUnreadable, bind

LEFT_ALONE_SECONDS = 60.0
MOST_REMEMBERED = 1_000

_log = structlog.get_logger()


class SecretNotReadable(Conflict):
    """This service has no key that opens the endpoint's secret, so nothing is sent; rotate it, expiring it at once."""


class SealedSecrets(NamedTuple):
    """What signs an endpoint's messages: the current secret, and during a rotation the old one."""

    organization_id: UUID
    endpoint_id: UUID
    current: bytes
    old: bytes | None


def seal_secret(box: SecretBox, organization_id: UUID, endpoint_id: UUID, secret: str) -> bytes:
    """Encrypt a secret for its endpoint."""
    return box.seal(secret.encode("ascii"), bind("webhook endpoint", organization_id, endpoint_id))


def open_secrets(box: SecretBox, sealed: SealedSecrets) -> tuple[str, ...]:
    """Decrypt what to sign with, the current secret first; raises `SecretUnreadable` when either cannot be read."""
    binding = bind("webhook endpoint", sealed.organization_id, sealed.endpoint_id)
    values = (sealed.current,) if sealed.old is None else (sealed.current, sealed.old)
    return tuple(box.open(value, binding).decode("ascii") for value in values)


class SigningSecrets:
    """What a worker signs with; an endpoint whose secret cannot be read is left alone for a minute.

    Nothing is sent to it meanwhile, and no attempt is used up: the mistake is ours, not the receiver's.
    """

    def __init__(self, box: SecretBox, clock: Callable[[], float] = time.monotonic) -> None:
        self._open = lru_cache(MOST_REMEMBERED)(partial(open_secrets, box))
        self._clock = clock
        self._left_alone_until: dict[UUID, float] = {}

    def of(self, sealed: SealedSecrets) -> tuple[str, ...] | None:
        """The secrets, the current one first, or nothing when they cannot be read, which is logged once a minute."""
        try:
            return self._open(sealed)
        except SecretUnreadable as error:
            self._leave_alone(sealed, error)
            return None

    def left_alone(self) -> frozenset[UUID]:
        """The endpoints to claim nothing of for now."""
        now = self._clock()
        self._left_alone_until = {each: until for each, until in self._left_alone_until.items() if until > now}
        return frozenset(self._left_alone_until)

    def _leave_alone(self, sealed: SealedSecrets, error: SecretUnreadable) -> None:
        if sealed.endpoint_id in self.left_alone():
            return
        self._left_alone_until[sealed.endpoint_id] = self._clock() + LEFT_ALONE_SECONDS
        _log.error(
            "webhook secret unreadable, nothing is sent",
            organization_id=str(sealed.organization_id),
            endpoint_id=str(sealed.endpoint_id),
            error=type(error).__name__,
            reason=str(error),
        )
