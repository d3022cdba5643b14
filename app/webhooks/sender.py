"""One attempt to deliver one message: to the address that the guard judged, within one deadline, whatever answers.

How requests are pinned to that address: core/pinned_http.py.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp

from app.core.address_guard import AddressGuard
from app.core.destination import AddressRefused
from app.core.pinned_http import open_session, pinned_url
from app.webhooks.attempt import STANDARD_LIMITS, Attempt, ErrorClass, Limits, Outcome
from app.webhooks.schedule import parse_retry_after
from app.webhooks.signing import signed_headers

_HEADERS = {
    "User-Agent": "Stageline-Webhooks/1",
    "Content-Type": "application/json",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}
_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


@dataclass(slots=True)
class _Answer:
    """What is known of an answer so far, kept when the attempt breaks off."""

    status: int | None = None
    retry_after_seconds: int | None = None
    body: bytearray = field(default_factory=bytearray)


class Sender:
    """Sends attempts over one pool of connections. To be made in a running loop, and closed.

    The number of open requests is the caller's to bound: waiting for a connection would eat the deadline.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        limits: Limits = STANDARD_LIMITS,
        ssl_context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._guard = guard
        self._limits = limits
        self._clock = clock
        self._session = open_session(_HEADERS, ssl_context)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; attempts still open fail."""
        await self._session.close()

    async def send(self, attempt: Attempt) -> Outcome:
        """Make one attempt, signed with the time of now; failures of the network are outcomes.

        Raises ValueError where the attempt cannot be signed.
        """
        started = time.perf_counter()
        answer = _Answer()
        error_class = await self._error_of_exchange(attempt, answer)
        return Outcome(
            status=answer.status,
            error_class=error_class,
            response_excerpt=self._excerpt(answer.body),
            duration_ms=(time.perf_counter() - started) * 1000,
            retry_after_seconds=answer.retry_after_seconds,
        )

    async def _error_of_exchange(self, attempt: Attempt, answer: _Answer) -> ErrorClass | None:
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                await self._exchange(attempt, answer)
        except AddressRefused as refusal:
            return ErrorClass.of(refusal)
        except TimeoutError:
            return ErrorClass.TIMEOUT
        except (aiohttp.ClientSSLError, ssl.SSLError):
            return ErrorClass.TLS
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError):
            return ErrorClass.CONNECT
        except aiohttp.ClientError:
            return ErrorClass.HTTP_ERROR
        is_success = answer.status is not None and answer.status // 100 == 2  # noqa: PLR2004 - the class 2xx
        return None if is_success else ErrorClass.HTTP_ERROR

    async def _exchange(self, attempt: Attempt, answer: _Answer) -> None:
        destination = self._guard.check_url(attempt.url)
        address = await self._guard.resolve(destination)
        now = self._clock()
        response = await self._session.post(
            pinned_url(destination, address),
            data=attempt.body,
            headers={
                "Host": destination.host_header,
                **signed_headers(attempt.secrets, attempt.message_id, int(now), attempt.body),
            },
            server_hostname=destination.host if destination.is_tls else None,
            allow_redirects=False,
        )
        # A response that ended has given its connection back to the pool; closing it then closes nothing.
        try:
            answer.status = response.status
            answer.retry_after_seconds = _retry_after(response.status, response.headers, now)
            await self._read(response.content, answer.body)
        finally:
            response.close()

    async def _read(self, content: aiohttp.StreamReader, body: bytearray) -> None:
        while not content.at_eof() and (missing := self._limits.response_bytes - len(body)) > 0:
            body += await content.read(missing)

    def _excerpt(self, body: bytearray) -> str:
        # Postgres stores no NUL.
        return body.decode(errors="replace").replace("\0", "")[: self._limits.excerpt_characters]


def _retry_after(status: int, headers: Mapping[str, str], now: float) -> int | None:
    if status not in _LATER or (value := headers.get("Retry-After")) is None:
        return None
    return parse_retry_after(value, datetime.fromtimestamp(now, UTC))
