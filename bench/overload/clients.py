"""Client processes that offer requests to a house's API, so that they share no loop with what measures."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from bench.faults.house import House
from bench.faults.processes import DidNotStart, Program
from bench.overload.answers import Answers

_PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Clients:
    """So many processes, each with its share of the turns."""

    house: House
    turns: list[list[str]]
    processes: int = 2
    name: str = "client"
    _runs: int = 0

    async def offer(self, *, connections: int, per_second: float = 0, seconds: float) -> Answers:
        """Offer so many requests a second, or as many as are answered, over so many connections."""
        self._runs += 1
        return Answers.merged(
            await asyncio.gather(
                *(
                    self._run(number, connections // self.processes, per_second / self.processes, seconds)
                    for number in range(self.processes)
                )
            )
        )

    async def _run(self, number: int, connections: int, per_second: float, seconds: float) -> dict[str, object]:
        folder: Path = self.house.stage.folder
        name = f"{self.house.database}-{self.name}-{self._runs}-{number}"
        share = folder / f"{name}.json"
        share.write_text(json.dumps(self.turns[number :: self.processes]))
        port = self.house.apis[0].url.rpartition(":")[2]
        arguments = map(str, (port, share, connections, per_second, seconds))
        program = Program(
            self.house.stage.tree, ("-m", "bench.overload.programs.offer", *arguments), folder / f"{name}.txt"
        )
        program.start()
        try:
            code = await program.ended(seconds + _PATIENCE_SECONDS)
        finally:
            program.kill()
        if code != 0:
            raise DidNotStart(program.said()[-4_000:])
        told: dict[str, object] = json.loads(program.said().splitlines()[-1])
        return told
