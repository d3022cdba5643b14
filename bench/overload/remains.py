"""What is left in a service that nobody uses any more: there must be nothing."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from bench.faults.house import House

_BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'stageline:%' AND state <> 'idle'
"""
_SERIES = {
    "stageline_http_requests_in_flight": "requests in flight",
    "stageline_database_connections_in_use": "connections of the pool in use",
    "stageline_database_waiting": "transactions waiting for a connection",
}
_OWN = {"requests in flight": 1}  # the one that asks
_LOOK_SECONDS = 0.1
_ESTABLISHED = "01"


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left by name, and after how many seconds it was so."""

    counts: dict[str, int]
    seconds: float

    @property
    def total(self) -> int:
        return sum(self.counts.values())


async def remains_of(house: House, patience_seconds: float) -> Remains:
    """Look until nothing is left, or for so long."""
    started = time.monotonic()
    owner = await house.open_owner()
    try:
        while True:
            counts = await _look(house) | {"transactions open in Postgres": await owner.fetchval(_BUSY)}
            seconds = time.monotonic() - started
            if not any(counts.values()) or seconds > patience_seconds:
                return Remains({name: count for name, count in counts.items() if count}, seconds)
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        await owner.close()


async def _look(house: House) -> dict[str, int]:
    api = house.apis[0]
    async with house.session.get(f"{api.url}/metrics", headers={"Connection": "close"}) as response:
        lines = (await response.text()).splitlines()
    told = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines) if name in _SERIES}
    counts = {text: int(told[name]) - _OWN.get(text, 0) for name, text in _SERIES.items()}
    return counts | {"connections of clients": _connections(int(api.url.rpartition(":")[2]))}


def _connections(port: int) -> int:
    """Established connections to a port, as the server sees them, without the harness's own."""
    mine = f":{port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established = [line for line in lines if line[3] == _ESTABLISHED]
    ours = {line[1] for line in established if line[2].endswith(mine) and line[9] in _own_sockets()}
    return sum(line[1].endswith(mine) and line[2] not in ours for line in established)


def _own_sockets() -> set[str]:
    links = []
    for each in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(each.readlink()))
        except FileNotFoundError:  # the folder's own
            continue
    return {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:[")}
