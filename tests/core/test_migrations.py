"""Migrations: up, equal to the tables in the code, down, and up again; one at a time."""

import asyncio
from pathlib import Path

import asyncpg
from alembic.script import ScriptDirectory

from app.core.migrate import alembic_config, check, downgrade, migrate
from app.core.schema_version import newest_revision

A_KEY = """
WITH organization AS (INSERT INTO organizations (id, name) VALUES (gen_random_uuid(), 'A department') RETURNING id),
person AS (
    INSERT INTO users (organization_id, id, name, email, position)
    SELECT id, id, 'Ann', 'ann@example.com', 'sales_manager' FROM organization RETURNING organization_id, id
)
INSERT INTO api_keys (organization_id, user_id, name, secret_sha256, id)
SELECT organization_id, id, 'a key', '', 'old' FROM person
"""
NARROW_KEY = """
INSERT INTO api_keys (organization_id, user_id, name, secret_sha256, id, scopes)
SELECT organization_id, user_id, name, secret_sha256, 'narrow', '{leads:read}' FROM api_keys
"""


def test_files_are_named_after_their_revisions_which_follow_each_other() -> None:
    scripts = [*ScriptDirectory.from_config(alembic_config()).walk_revisions()]

    assert [Path(each.path).name.partition("_")[0] for each in scripts] == [each.revision for each in scripts]
    assert [each.revision for each in scripts] == [f"{number:04}" for number in range(len(scripts), 0, -1)]
    assert newest_revision() == scripts[0].revision


async def test_up_gives_what_the_code_describes(empty_url: str) -> None:
    await migrate(empty_url)

    await check(empty_url)


async def test_down_and_up_again(empty_url: str) -> None:
    await migrate(empty_url)

    await downgrade(empty_url, "base")
    await migrate(empty_url)

    await check(empty_url)


async def test_two_at_once_wait_for_each_other(empty_url: str) -> None:
    await asyncio.gather(migrate(empty_url), migrate(empty_url))

    await check(empty_url)


async def test_keys_of_the_release_before_may_do_everything_and_narrow_ones_do_not_outlive_scopes(
    empty_url: str,
) -> None:
    await migrate(empty_url)
    await downgrade(empty_url, "0019")
    owner = await asyncpg.connect(empty_url)
    await owner.execute(A_KEY)

    await migrate(empty_url)
    await owner.execute(NARROW_KEY)
    upgraded = await owner.fetch("SELECT id, scopes FROM api_keys ORDER BY id")
    await downgrade(empty_url, "0019")
    downgraded = await owner.fetch("SELECT id, revoked_at IS NULL AS is_live FROM api_keys ORDER BY id")
    await owner.close()

    assert [tuple(row) for row in upgraded] == [("narrow", ["leads:read"]), ("old", ["*"])]
    assert [tuple(row) for row in downgraded] == [("narrow", False), ("old", True)]
