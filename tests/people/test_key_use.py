from datetime import UTC, datetime, timedelta

import asyncpg

from app.people.key_use import KeyUse
from tests.builders.keys import id_of
from tests.builders.stopped_clock import StoppedClock
from tests.department import Actor, Department


async def last_used(department: Department, actor: Actor) -> datetime | None:
    keys = (await department.operations.get("/api-keys", user_id=str(actor.user_id)))["items"]
    told = keys[0]["last_used_at"]
    return datetime.fromisoformat(told) if told else None


async def test_a_use_is_written_when_it_is_new(department: Department) -> None:
    rep = await department.representative()
    use = KeyUse(department.database)
    assert await last_used(department, rep) is None

    use.note(department.organization_id, id_of(rep))
    await use.write()

    moment = await last_used(department, rep)
    assert moment is not None
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


async def test_a_busy_key_is_written_once_a_minute(department: Department, owner: asyncpg.Connection) -> None:
    rep, clock = await department.representative(), StoppedClock()
    use = KeyUse(department.database, clock)

    async def is_written_after(seconds: float) -> bool:
        await owner.execute("UPDATE api_keys SET last_used_at = NULL WHERE id = $1", id_of(rep))
        clock.now += seconds
        for _ in range(100):
            use.note(department.organization_id, id_of(rep))
        await use.write()
        return await last_used(department, rep) is not None

    assert [await is_written_after(seconds) for seconds in (0, 1, 58.9, 0.2, 59.9, 0.1)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


async def test_a_later_use_told_by_another_process_stays(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    later = datetime.now(UTC) + timedelta(minutes=5)
    await owner.execute("UPDATE api_keys SET last_used_at = $2 WHERE id = $1", id_of(rep), later)
    use = KeyUse(department.database)

    use.note(department.organization_id, id_of(rep))
    await use.write()

    assert await last_used(department, rep) == later


async def test_keys_of_several_organizations_are_written(department: Department, other_department: Department) -> None:
    use = KeyUse(department.database)
    for each in (department, other_department):
        use.note(each.organization_id, id_of(each.operations))

    await use.write()

    assert await last_used(department, department.operations)
    assert await last_used(other_department, other_department.operations)
