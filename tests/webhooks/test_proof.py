"""`prove` on a sound database, and on copies of it that were each damaged in one way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from app.connections import connect_app
from app.core.database import Database, connect
from app.core.roles import WORKER_ROLE
from app.core.settings import Settings
from app.main import create_app
from app.people.directory import list_organizations
from app.webhooks.proof import CHECKS_PER_ORGANIZATION, Finding, prove
from tests.builders.leads import disqualified_lead
from tests.builders.outcomes import won_deal_of
from tests.builders.receiver import listening
from tests.builders.workers import until_settled, working
from tests.conftest import SECRET_KEYS, TEMPLATE, with_database
from tests.department import Department

SOUND = "stageline_sound"
DAMAGED = "stageline_damaged"

DAMAGES = {
    "every transition has its event": "DELETE FROM events WHERE type = 'lead.stage_changed'",
    "every stage event has its transition": "DELETE FROM stage_transitions",
    "transitions follow one another, and the last one is where the record stands": ("UPDATE leads SET stage = 'new'"),
    "what teams have won each day is the sum of their won deals": "UPDATE won_totals SET amount = amount + 1",
    "the events of a subject are numbered without gaps, up to its counter": (
        "UPDATE subjects SET last_sequence = last_sequence + 1 WHERE type = 'lead'"
    ),
    "the log has the events of a subject in their order": (
        "UPDATE events SET xid = '1' WHERE subject_type = 'lead' AND sequence = 2"
    ),
    "the bytes of an event say what its row says": (
        "UPDATE events SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"sequence\":1', '\"sequence\":9'), "
        "'UTF8') WHERE sequence = 1"
    ),
    "every event of the last month is owed to each endpoint that wants it": (
        "DELETE FROM webhook_deliveries WHERE event_type = 'lead.created'"
    ),
    "every delivery carries an event of its subject": "UPDATE webhook_deliveries SET subject_id = gen_random_uuid()",
    "whatever is pending has a lane to wait in": "UPDATE webhook_deliveries SET status = 'pending', settled_at = NULL",
}


@pytest.fixture(scope="module")
async def sound(server_url: str, database_url: str) -> AsyncIterator[str]:
    """The name of a database in which leads moved and everything was delivered; nobody is connected to it."""
    assert database_url  # the template is there
    name = f"{SOUND}_{_process(database_url)}"
    await _command(server_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await _fill(_settings(with_database(server_url, name)).for_development())
    yield name
    await _command(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def copy_url(server_url: str, sound: str) -> AsyncIterator[str]:
    """A copy of the sound database, to be damaged."""
    name = sound.replace(SOUND, DAMAGED)
    await _command(server_url, f"CREATE DATABASE {name} TEMPLATE {sound}")
    yield with_database(server_url, name)
    await _command(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_sound_database_passes_every_check(server_url: str, sound: str) -> None:
    findings = await _findings(with_database(server_url, sound))

    assert len(findings) == CHECKS_PER_ORGANIZATION == len(DAMAGES)
    assert [finding for finding in findings if finding.damaged] == []
    looked_at = {finding.claim: finding.looked_at for finding in findings}
    assert looked_at.pop("whatever is pending has a lane to wait in") == 0
    assert min(looked_at.values()) > 0


@pytest.mark.parametrize("claim", DAMAGES)
async def test_names_what_was_damaged(copy_url: str, claim: str) -> None:
    await _command(copy_url, f"SET session_replication_role = replica; {DAMAGES[claim]}")

    findings = await _findings(copy_url)

    damaged = {finding.claim: finding for finding in findings if finding.damaged}
    assert claim in damaged
    assert damaged[claim].example


async def _fill(settings: Settings) -> None:
    async with _opened(settings) as (database, _):
        app = create_app(settings, database)
        async with (
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test") as http,
            listening() as receiver,
        ):
            department = await Department.found(database, http)
            endpoint = await department.operations.post(
                "/webhook-endpoints", {"url": receiver.url, "event_types": ["lead.*"]}
            )
            await disqualified_lead(department.operations)
            await won_deal_of(department, await department.representative())
            owner = await asyncpg.connect(settings.session_url)
            async with working(settings):
                await receiver.until(lambda each: "lead.disqualified" in {one.event["type"] for one in each.messages})
                await until_settled(owner, endpoint["id"], len(receiver.messages))
            await owner.close()


async def _findings(url: str) -> list[Finding]:
    async with _opened(_settings(url)) as (database, worker):
        organizations = await list_organizations(worker)
        return [finding for each in organizations async for finding in prove(database, worker, each)]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[tuple[Database, Database]]:
    database = await connect_app(settings)
    worker = await connect(settings, role=WORKER_ROLE, size=1, acquire_timeout_seconds=5)
    yield database, worker
    await worker.close()
    await database.close()


async def _command(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


def _process(database_url: str) -> str:
    return httpx.URL(database_url).path.rpartition("_")[2]


def _settings(url: str) -> Settings:
    return Settings(DATABASE_URL=url, secret_keys=SECRET_KEYS, caller_cache_seconds=0)
