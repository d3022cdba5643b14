"""Several processes that do the same: each is started again when it dies, and all are told to leave together."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.context import SpawnProcess

import structlog

_PAUSE_SECONDS = 0.5  # before one that died is started again: it may die at once

_context = get_context("spawn")  # a copy of this process would have half of its threads
_log = structlog.get_logger()


class Processes:
    """Runs `work(number)`, which must be picklable, in each of `count` processes; `on_leaving` is called once.

    Who is told to leave is sent SIGTERM, and SIGINT for a second Ctrl-C. A process whose parent was killed leaves too.
    """

    def __init__(self, count: int, work: Callable[[int], None], on_leaving: Callable[[], None]) -> None:
        self._count = count
        self._work = work
        self._on_leaving = on_leaving
        self._running: dict[int, SpawnProcess] = {}
        self._told: list[signal.Signals] = []

    async def run(self) -> signal.Signals:
        """Keep them running until SIGTERM or SIGINT, then wait until all have left; gives the signal."""
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, self._leave, name)
        try:
            await asyncio.gather(*(self._keep(number) for number in range(self._count)))
        except BaseException:
            self._leave(signal.SIGTERM)  # this process waits for the others before it ends
            raise
        return self._told[0]

    async def _keep(self, number: int) -> None:
        while not self._told:
            process = self._running[number] = self._start(number)
            await _ended(process)
            del self._running[number]
            if not self._told:
                _log.error("a process died and is started again", number=number, exit_code=process.exitcode)
                await asyncio.sleep(_PAUSE_SECONDS)

    def _start(self, number: int) -> SpawnProcess:
        process = _context.Process(target=_begin, args=(self._work, number))
        # Ctrl-C reaches a new process before it is in a group of its own, and is not meant for it
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process.start()
        finally:
            signal.signal(signal.SIGINT, handler)
        return process

    def _leave(self, told: signal.Signals) -> None:
        is_urgent = bool(self._told) and told == signal.SIGINT
        if not self._told:
            self._on_leaving()
        self._told.append(told)
        for process in self._running.values():
            if process.pid is not None:
                os.kill(process.pid, signal.SIGINT if is_urgent else signal.SIGTERM)


async def _ended(process: SpawnProcess) -> None:
    loop = asyncio.get_running_loop()
    has_ended = asyncio.Event()
    loop.add_reader(process.sentinel, has_ended.set)
    await has_ended.wait()
    loop.remove_reader(process.sentinel)
    process.join()


def _begin(work: Callable[[int], None], number: int) -> None:
    os.setpgrp()  # a terminal's Ctrl-C is for the parent, which passes it on
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    work(number)


def _leave_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # noqa: S101 # narrows the type
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
