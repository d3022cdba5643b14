"""Client processes that offer requests to a house's API, so that they share no loop with what measures."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.faults.house import House
from bench.overload.answers import Answers
from bench.processes import DidNotStart, Program

PATIENT = {"STAGELINE_KEEP_ALIVE_SECONDS": "600", "STAGELINE_HEADER_DEADLINE_SECONDS": "600"}
"""Settings of a service that does not close connections which are opened before they are needed."""

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many requests a second, or as many as are answered (0), over so many connections."""

    connections: int
    seconds: float
    per_second: float = 0


@dataclass(slots=True)
class Clients:
    """So many processes, each with its share of the turns; `begun` is set while all of them ask."""

    house: House
    turns: list[list[str]]
    processes: int = 2
    name: str = "client"
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    _programs: list[Program] = field(default_factory=list)
    _runs: int = 0

    async def offer(self, load: Load) -> Answers:
        """Offer it, and give what was answered."""
        self._runs += 1
        with self._started(load) as programs:
            await asyncio.gather(*(program.until_said("begun") for program in programs))
            self.begun.set()
            codes = await asyncio.gather(*(program.ended(load.seconds + _PATIENCE_SECONDS) for program in programs))
            self.begun.clear()
        if any(codes):
            raise DidNotStart("\n".join(program.said()[-2_000:] for program in programs))
        return Answers.merged(json.loads(program.said().splitlines()[-1]) for program in programs)

    def stop(self) -> None:
        """Have them ask no more, and wait for what they asked."""
        for program in self._programs:
            if program.process is not None:
                program.process.send_signal(signal.SIGTERM)

    @contextmanager
    def _started(self, load: Load) -> Iterator[list[Program]]:
        self._programs = [self._program(number, load) for number in range(self.processes)]
        for program in self._programs:
            program.start()
        try:
            yield self._programs
        finally:
            for program in self._programs:
                program.kill()

    def _program(self, number: int, load: Load) -> Program:
        stage = self.house.stage
        name = f"{self.house.database}-{self.name}-{self._runs}-{number}"
        share = stage.folder / f"{name}.json"
        share.write_text(json.dumps(self.turns[number :: self.processes]))
        port = self.house.apis[0].url.rpartition(":")[2]
        each = (load.connections // self.processes, load.per_second / self.processes, load.seconds)
        arguments = map(str, (port, share, *each))
        return Program(stage.tree, ("-m", "bench.overload.programs.offer", *arguments), stage.folder / f"{name}.txt")
