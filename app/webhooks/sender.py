"""One attempt to deliver one message: to the address that the guard judged, within one deadline, whatever answers.

The request goes to the pinned address itself, as a literal, so nothing can resolve the name a second time; the Host
header and TLS (SNI and the certificate's check) keep the name. The pool's key holds the address and the name: a
connection is used again only for the same judged address under the same name.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import IPv6Address
from types import TracebackType
from typing import NoReturn, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from app.webhooks.address_guard import AddressGuard
from app.webhooks.attempt import STANDARD_LIMITS, Attempt, Limits, Outcome
from app.webhooks.destination import Address, AddressRefused, Destination, ErrorClass
from app.webhooks.schedule import parse_retry_after
from app.webhooks.signing import signed_headers

_HEADERS = {
    "User-Agent": "Stageline-Webhooks/1",
    "Content-Type": "application/json",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}
# Below the five seconds after which common servers close an idle connection, so that a request seldom meets the close.
_KEEPALIVE_SECONDS = 4.0
_CHUNK_BYTES = 16 * 1024


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
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_NoResolver(),
                ssl=ssl_context or True,
                limit=0,
                keepalive_timeout=_KEEPALIVE_SECONDS,
                happy_eyeballs_delay=None,
            ),
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
            auto_decompress=False,
            read_bufsize=_CHUNK_BYTES,
        )

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
            return refusal.error_class
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
            _pinned_url(destination, address),
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


class _NoResolver(AbstractResolver):
    """The pool is given addresses only; a name that came this far would have bypassed the guard."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> NoReturn:
        raise OSError(f"no lookup here: {host=} {port=} {family=}")

    async def close(self) -> None:
        """Nothing is held."""


def _pinned_url(destination: Destination, address: Address) -> URL:
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    query = f"?{destination.query}" if destination.query else ""
    # Already encoded: the receiver gets the path and query as the owner wrote them.
    return URL(f"{destination.scheme}://{host}:{destination.port}{destination.path}{query}", encoded=True)


def _retry_after(status: int, headers: Mapping[str, str], now: float) -> int | None:
    value = headers.get("Retry-After")
    if value is None or status not in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return None
    return parse_retry_after(value, datetime.fromtimestamp(now, UTC))
