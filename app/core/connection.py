"""What an answer without an end knows of its client: whether it takes what is sent, and how to cut it off."""

import asyncio
import socket
import sys
from collections.abc import MutableMapping
from typing import Any

EXTENSION = "stageline.connection"


def hold_nothing_back(scope: MutableMapping[str, Any]) -> None:
    """Let each `send` wait until the socket has taken what was sent before, all of it."""
    if (transport := _open_transport(scope)) is not None:
        transport.set_write_buffer_limits(high=0)


def lose_after(scope: MutableMapping[str, Any], seconds: float) -> None:
    """Have a client count as gone that for so long acknowledged nothing of what was sent to it, or had no room for it.

    On Linux. Elsewhere the system decides how long it sends again to a client that vanished without a word.
    """
    if sys.platform == "linux" and (transport := _open_transport(scope)) is not None:
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1_000))


def abort(scope: MutableMapping[str, Any]) -> bool:
    """Cut the connection of a client that takes nothing; tells whether this server lets us.

    Closed in good order it would stay until the client takes what is left.
    """
    transport = _transport(scope)
    if transport is None:
        return False
    transport.abort()
    return True


def _open_transport(scope: MutableMapping[str, Any]) -> asyncio.WriteTransport | None:
    # the client may have left already, and uvloop raises when a closed transport is touched
    transport = _transport(scope)
    return None if transport is None or transport.is_closing() else transport


def _transport(scope: MutableMapping[str, Any]) -> asyncio.WriteTransport | None:
    extension = scope.get("extensions", {}).get(EXTENSION, {})
    transport: asyncio.WriteTransport | None = extension.get("transport")
    return transport
