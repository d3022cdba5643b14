"""The operating system's lookup of names, kept from becoming a queue in which one dead name holds up all others."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

# A lookup that hangs holds its thread for as long as the system's resolver waits, whether or not we still do.
_THREADS = 64


class SystemResolver:
    """Looks names up in threads of its own, once for all who ask for the same name at the same time.

    Nothing is kept after the answer. Belongs to one event loop.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lookup")
        self._open: dict[str, asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str) -> Sequence[str]:
        """Give a name's addresses in the system's order of preference.

        Raises OSError where there are none and UnicodeError where the name cannot be asked for.
        """
        lookup = self._open.get(host)
        if lookup is None:
            lookup = asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host)
            self._open[host] = lookup
            lookup.add_done_callback(lambda done: self._forget(host, done))
        # Who gives up must not take the answer from the others.
        return await asyncio.shield(lookup)

    def _forget(self, host: str, lookup: asyncio.Future[list[str]]) -> None:
        del self._open[host]
        if not lookup.cancelled():
            lookup.exception()  # seen, even when everybody gave up


def _addresses(host: str) -> list[str]:
    return [str(address[0]) for *_, address in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
