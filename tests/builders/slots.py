"""Who wants a slot and stays in it."""

import asyncio

from app.webhooks.slots import Slots


class Entered:
    """Who was let in so far, and stays until told to leave."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self._left: dict[int, asyncio.Event] = {}

    async def stay(self, slots: Slots, number: int) -> None:
        left = self._left[number] = asyncio.Event()
        async with slots:
            self.numbers.append(number)
            await left.wait()

    async def leave(self, task: asyncio.Task[None], number: int) -> None:
        self._left[number].set()
        await task
        await asyncio.sleep(0)

    async def leave_all(self, tasks: list[asyncio.Task[None]]) -> None:
        for left in self._left.values():
            left.set()
        await asyncio.gather(*tasks)
