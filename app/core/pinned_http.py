"""HTTP to the address that the guard judged, whatever its name leads to by now.

The request goes to the pinned address itself, as a literal, so nothing can resolve the name a second time; the Host
header and TLS (SNI and the certificate's check) keep the name. The pool's key holds the address and the name: a
connection is used again only for the same judged address under the same name.
"""

import ssl
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NoReturn

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from app.core.destination import Address, Destination

# Below the five seconds after which common servers close an idle connection, so that a request seldom meets the close.
_KEEPALIVE_SECONDS = 4.0
_CHUNK_BYTES = 16 * 1024


def open_session(headers: Mapping[str, str], ssl_context: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """A pool of connections that looks no name up; to be opened in a running loop, and closed.

    The number of open requests and the time they take are the caller's to bound.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_NoResolver(),
            ssl=ssl_context or True,
            limit=0,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            happy_eyeballs_delay=None,
        ),
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        trust_env=False,
        auto_decompress=False,
        read_bufsize=_CHUNK_BYTES,
    )


@lru_cache(maxsize=4096)
def pinned_url(destination: Destination, address: Address) -> URL:
    """The url with the address in the place of the name, its path and query as they were written."""
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    query = f"?{destination.query}" if destination.query else ""
    return URL(f"{destination.scheme}://{host}:{destination.port}{destination.path}{query}", encoded=True)


class _NoResolver(AbstractResolver):
    """The pool is given addresses only; a name that came this far would have bypassed the guard."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> NoReturn:
        raise OSError(f"no lookup here: {host=} {port=} {family=}")

    async def close(self) -> None:
        """Nothing is held."""
