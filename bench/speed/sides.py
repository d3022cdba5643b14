"""Both sides at work: the floor and the service, each on a clone of the same template, on the same Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.cpu import cpu_seconds, family
from bench.faults.house import House, housed
from bench.processes import Program, free_port, module, output_of, stageline
from bench.speed.ground import Ground
from bench.speed.supply import Known, Supply, look_around
from bench.stage import Stage

_SETTINGS = {
    # what is measured is the service; its rate limits would measure themselves
    "STAGELINE_RATE_LIMIT_KEY_REQUESTS": "0",
    "STAGELINE_RATE_LIMIT_ORGANIZATION_REQUESTS": "0",
}
_LOOK_SECONDS = 0.02


@dataclass(slots=True)
class Side:
    """One of the two; `name` is `floor` or `service`."""

    name: str
    database: str
    program: Program
    supply: Supply
    stage: Stage

    @property
    def port(self) -> int:
        return self.supply.port

    def cpu_seconds(self) -> tuple[float, float]:
        """Processor time of its process, and of all of Postgres."""
        return cpu_seconds([self.program.pid]), cpu_seconds(family(self.stage.postgres_pid))

    async def prove(self) -> str:
        """What `stageline prove` says of its database; raises `DidNotStart` where something is damaged."""
        settings = {"DATABASE_URL": self.stage.service_url(self.database), **_SETTINGS}
        settings |= {"STAGELINE_MIGRATION_DATABASE_URL": self.stage.owner_url(self.database)}
        output = self.stage.folder / f"{self.database}-prove.txt"
        return await output_of(Program(self.stage.tree, stageline("prove"), output, settings))


@asynccontextmanager
async def both_sides(ground: Ground, deals: int) -> AsyncIterator[tuple[Side, Side]]:
    """The floor and the service, over so many deals."""
    stage = await ground.stage(deals)
    async with housed(stage, f"service_{deals}", **_SETTINGS) as house, stage.database(f"faults_floor_{deals}") as name:
        known = await look_around(stage.owner_url(name), stage.organizations[0])
        floor = await _start_floor(stage, name, known)
        try:
            service = await _start_service(house, known)
            for side in (floor, service):
                await side.supply.find_deep_cursor()
            yield floor, service
        finally:
            floor.program.kill()


async def _start_floor(stage: Stage, database: str, known: Known) -> Side:
    port = free_port()
    urls = (stage.service_url(database), stage.owner_url(database))
    program = Program(stage.tree, module("speed.floor", *urls, str(port)), stage.folder / f"{database}.txt")
    program.start()
    async with asyncio.timeout(30):
        while not await _listens(port):
            await asyncio.sleep(_LOOK_SECONDS)
    return Side("floor", database, program, Supply(known, port), stage)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def _start_service(house: House, known: Known) -> Side:
    await house.start_apis(1)
    api = house.apis[0]
    port = int(api.url.rpartition(":")[2])
    return Side("service", house.database, api.program, Supply(known, port), house.stage)
