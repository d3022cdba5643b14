"""`stageline audit verify`, as an operator runs it."""

import asyncio
import os
import re

import asyncpg
import pytest

from app.core.settings import Settings
from tests.builders.audit import links_of, tampering
from tests.builders.server_process import database_variables
from tests.builders.terminal import run
from tests.department import Department

HEAD = re.compile(r"\d+:[0-9a-f]{64}")


async def verify(settings: Settings, department: Department, *arguments: str) -> tuple[int, str, str]:
    environment = {**os.environ, **database_variables(settings), "COLUMNS": "200"}
    command = ("audit", "verify", "--organization", str(department.organization_id), *arguments)
    done = await asyncio.to_thread(run, environment, *command)
    return done.returncode, done.stdout, done.stderr


async def test_a_sound_log_meets_a_head_that_was_kept_and_a_damaged_one_ends_with_1_and_names_the_entry(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    status, shown, _ = await verify(settings, department)
    head = HEAD.search(shown)
    assert (status, bool(head)) == (0, True)

    kept = await verify(settings, department, "--expect", head[0] if head else "")
    other = await verify(settings, department, "--expect", f"1:{'0' * 64}")
    victim = (await links_of(owner, department))[2]
    async with tampering(owner):
        await owner.execute("UPDATE audit_log SET after = '{}' WHERE id = $1", victim["audit_id"])
    damaged = await verify(settings, department)

    assert (kept[0], other[0], damaged[0]) == (0, 1, 1)
    assert "not as expected: an entry at position 1 " in other[1]
    assert f"edited: entry {victim['audit_id']} at position 3 " in damaged[1]
    assert damaged[2] == "The audit log is not as it was written.\n"


@pytest.mark.parametrize("expected", ["1", "x:y"])
async def test_what_is_no_head_is_said_plainly(department: Department, settings: Settings, expected: str) -> None:
    status, _, said = await verify(settings, department, "--expect", expected)

    assert (status, "--expect" in said) == (2, True)
