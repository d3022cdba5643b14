"""A credential that is known is looked up again when it is no longer believed, once for all who wait for that."""

import asyncio
from collections.abc import Callable

from app.core.database import Database
from app.core.settings import Settings
from app.people.authentication import Authenticator
from app.people.key_holder import KeyHolders
from app.people.key_use import KeyUse
from app.people.strangers import Strangers
from tests.department import Department

SECONDS = 1.0
LOOK_UP = 2
"""The connections that one look-up takes, one after the other."""


def authenticator_of(database: Database, settings: Settings, clock: Callable[[], float]) -> Authenticator:
    return Authenticator(KeyHolders(database, KeyUse(database)), None, SECONDS, Strangers(settings), clock)


async def test_all_who_wait_share_one_look_up(department: Department, database: Database, settings: Settings) -> None:
    now = [0.0]
    authenticator = authenticator_of(database, settings, lambda: now[0])
    known = await authenticator.caller_of(department.operations.key, "")
    taken = database.use.acquired

    now[0] += SECONDS
    callers = await asyncio.gather(*(authenticator.caller_of(department.operations.key, "") for _ in range(20)))

    assert callers == [known] * 20
    assert database.use.acquired - taken == LOOK_UP


async def test_a_look_up_that_began_too_long_ago_is_not_shared(
    department: Department, database: Database, settings: Settings
) -> None:
    moments = iter(range(1_000))
    authenticator = authenticator_of(database, settings, lambda: next(moments) * SECONDS)  # each look at it takes long
    await authenticator.caller_of(department.operations.key, "")
    taken = database.use.acquired

    await asyncio.gather(*(authenticator.caller_of(department.operations.key, "") for _ in range(3)))

    assert database.use.acquired - taken == 3 * LOOK_UP
