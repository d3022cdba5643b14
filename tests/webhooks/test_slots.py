import asyncio
from contextlib import suppress

from app.webhooks.slots import Slots
from tests.builders.slots import Entered


async def test_admits_as_many_as_the_limit_says_in_the_order_they_came() -> None:
    slots, entered = Slots(2), Entered()
    tasks = [asyncio.create_task(entered.stay(slots, number)) for number in range(4)]

    await asyncio.sleep(0)
    at_first = list(entered.numbers)
    await entered.leave(tasks[0], 0)

    assert at_first == [0, 1]
    assert entered.numbers == [0, 1, 2]
    await entered.leave_all(tasks)


async def test_a_higher_limit_admits_at_once_and_a_lower_one_as_places_are_left() -> None:
    slots, entered = Slots(1), Entered()
    tasks = [asyncio.create_task(entered.stay(slots, number)) for number in range(5)]
    await asyncio.sleep(0)

    slots.limit = 3
    await asyncio.sleep(0)
    with_three = list(entered.numbers)
    slots.limit = 1
    await entered.leave(tasks[0], 0)
    await entered.leave(tasks[1], 1)
    with_one = list(entered.numbers)
    await entered.leave(tasks[2], 2)

    assert with_three == with_one == [0, 1, 2]
    assert entered.numbers == [0, 1, 2, 3]
    await entered.leave_all(tasks)


async def test_who_gives_up_waiting_takes_no_place() -> None:
    slots, entered = Slots(1), Entered()
    tasks = [asyncio.create_task(entered.stay(slots, number)) for number in range(3)]
    await asyncio.sleep(0)

    tasks[1].cancel()
    with suppress(asyncio.CancelledError):
        await tasks[1]
    await entered.leave(tasks[0], 0)

    assert entered.numbers == [0, 2]
    await entered.leave_all([tasks[2]])
