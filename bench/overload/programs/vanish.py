"""Clients that vanish: before their request is whole, while it is worked on, while it is answered.

Arguments: port, file of turns, how many, how many at once, seed. Prints how many left at which moment, as JSON.
"""

import asyncio
import itertools
import json
import random
import socket
import struct
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import uvloop

_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: what is left is thrown away, the server sees a reset
_LONGEST_SECONDS = 0.05
MOMENTS = ("in the headers", "in the body", "while it was worked on", "in the answer", "after the answer")


async def vanish(port: int, request: bytes, rng: random.Random) -> str:
    """Be one client; gives the moment at which it left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if rng.random() < 0.5:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    moment = rng.choice(MOMENTS)
    head = request.index(b"\r\n\r\n") + 4
    whole = {"in the headers": rng.randrange(head), "in the body": rng.randrange(head, len(request) + 1)}
    writer.write(request[: whole.get(moment, len(request))])
    if moment == "in the answer":
        await reader.read(1)
    elif moment == "after the answer":
        await reader.readuntil(b"\r\n\r\n")
    else:
        await asyncio.sleep(rng.random() * _LONGEST_SECONDS)
    writer.close()
    return moment


async def main(port: int, turns: Path, count: int, at_once: int, seed: int) -> None:
    """Have all of them come and go."""
    rng, left, numbers = random.Random(seed), Counter[str](), iter(range(count))
    requests = itertools.cycle([request.encode() for turn in json.loads(turns.read_text()) for request in turn])

    async def some() -> None:
        for number in numbers:
            request = next(requests)
            if request.startswith(b"POST") and rng.random() < 0.5:
                request = request.replace(b"\r\n", b"\r\nIdempotency-Key: vanished-%d\r\n" % number, 1)
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                left[await vanish(port, request, rng)] += 1

    await asyncio.gather(*(some() for _ in range(at_once)))
    print(json.dumps(left))


if __name__ == "__main__":
    port_, turns_, count_, at_once_, seed_ = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(port_), Path(turns_), int(count_), int(at_once_), int(seed_)))
