"""Reading a JSON document elsewhere: in time, of a bounded size, from an address that was judged, never redirected."""

import asyncio
import ssl
from http import HTTPStatus
from typing import Any

import aiohttp

from app.core import json_body
from app.core.address_guard import AddressGuard
from app.core.destination import AddressRefused
from app.core.pinned_http import open_session, pinned_url
from app.core.problems import BadRequest

DEADLINE_SECONDS = 5.0
MOST_BYTES = 128 * 1024

_HEADERS = {"User-Agent": "Stageline/1", "Accept": "application/json", "Accept-Encoding": "identity"}


class FetchFailed(Exception):
    """The document cannot be had; the message names no inner address."""


class GuardedFetcher:
    """Fetches seldom, so every time over a connection of its own; the deadline spans all, from the lookup to the end.

    `ssl_context` is for those who trust other certificates than the system does.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._deadline_seconds = deadline_seconds
        self._ssl_context = ssl_context

    async def fetch(self, url: str) -> Any:
        """The JSON value at a url; raises `FetchFailed`."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return json_body.parse(await self._read(url))
        except BadRequest:
            raise FetchFailed("what was answered is not strict JSON") from None
        except AddressRefused as refusal:
            raise FetchFailed(str(refusal)) from None
        except (aiohttp.ClientError, ssl.SSLError, OSError) as error:  # a timeout is an OSError
            raise FetchFailed(type(error).__name__) from None

    async def _read(self, url: str) -> bytes:
        destination = self._guard.check_url(url)
        address = await self._guard.resolve(destination)
        async with (
            open_session(_HEADERS, self._ssl_context) as session,
            session.get(
                pinned_url(destination, address),
                headers={"Host": destination.host_header},
                server_hostname=destination.host if destination.is_tls else None,
                allow_redirects=False,
            ) as response,
        ):
            if response.status != HTTPStatus.OK:
                raise FetchFailed(f"it was answered with the status {response.status}")
            return await _read_all(response.content)


async def _read_all(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    while not content.at_eof():
        body += await content.read(MOST_BYTES)
        if len(body) > MOST_BYTES:
            raise FetchFailed(f"it is larger than {MOST_BYTES} bytes")
    return bytes(body)
