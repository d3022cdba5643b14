"""A receiver that does as little as HTTP allows: it answers 204."""

import asyncio
import sys
from typing import cast

import uvloop

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Yes(asyncio.Protocol):
    """One connection of a sender."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # which uvloop's is not by inheritance
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(self._received) < end + 4 + length:
                return
            self._received = self._received[end + 4 + length :]
            self._transport.write(_ANSWER)


async def main() -> None:
    """Listen on a free port of loopback until killed."""
    server = await asyncio.get_running_loop().create_server(Yes, "127.0.0.1", 0)
    sys.stdout.write(f"receiver {server.sockets[0].getsockname()[1]} is open\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
