"""Quotas of keys and organizations, as clients meet them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from app.core.database import Database
from app.core.rate_limits import RateLimits
from app.core.settings import Settings
from app.main import create_app
from tests.builders.problem_documents import problem_of
from tests.builders.stopped_clock import StoppedClock
from tests.department import Actor, Department

SLOW = {"rate_limit_window_seconds": 3_600}


@asynccontextmanager
async def limited(settings: Settings, database: Database, **limits: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with these limits, whose clock stands."""
    slow = settings.model_copy(update=SLOW | limits)
    app = create_app(slow, database)
    app.state.rate_limits = RateLimits(slow, StoppedClock())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as client:
        yield client


async def ask(client: httpx.AsyncClient, actor: Actor, path: str = "/v1/me") -> httpx.Response:
    return await client.get(path, headers={"Authorization": f"Bearer {actor.key}"})


async def test_every_answer_tells_the_quotas_and_what_is_left_of_them(
    settings: Settings, database: Database, department: Department
) -> None:
    async with limited(settings, database, rate_limit_key_requests=60, rate_limit_organization_requests=100) as client:
        answers = [
            await ask(client, department.operations),
            await ask(client, department.operations, "/v1/leads/secret"),
            await ask(client, department.operations, "/v1/leads/01a21371-cc74-7295-ac0c-d663458601f7"),
        ]

    assert [each.status_code for each in answers] == [200, 422, 404]
    assert {each.headers["ratelimit-policy"] for each in answers} == {'"key";q=60;w=3600, "organization";q=100;w=3600'}
    assert [each.headers["ratelimit"] for each in answers] == [
        f'"key";r={60 - spent};t=60, "organization";r={100 - spent};t=36' for spent in (1, 2, 3)
    ]


async def test_who_has_used_up_a_quota_is_refused_with_its_name_and_the_time_to_wait(
    settings: Settings, database: Database, department: Department
) -> None:
    rep = await department.hire("sales_representative")
    async with limited(settings, database, rate_limit_key_requests=2) as client:
        answers = [await ask(client, department.operations) for _ in range(3)]
        of_another = await ask(client, rep)

    assert [each.status_code for each in answers] == [200, 200, 429]
    problem = problem_of(429, answers[2].headers, answers[2].content)
    assert (problem["code"], problem["violated-policies"]) == ("too_many_requests", ["key"])
    assert answers[2].headers["retry-after"] == "1800"
    assert answers[2].headers["ratelimit"].startswith('"key";r=0;t=1800, ')
    assert of_another.status_code == 200


async def test_the_keys_of_an_organization_share_its_quota_and_other_organizations_have_their_own(
    settings: Settings, database: Database, department: Department, other_department: Department
) -> None:
    rep = await department.hire("sales_representative")
    async with limited(settings, database, rate_limit_organization_requests=2) as client:
        answers = [await ask(client, each) for each in (department.operations, rep, rep)]
        elsewhere = await ask(client, other_department.operations)

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].json()["violated-policies"] == ["organization"]
    assert elsewhere.status_code == 200


async def test_a_batch_weighs_as_much_as_the_requests_it_saves_the_time_of(
    settings: Settings, database: Database, department: Department
) -> None:
    batch = {"items": [{"name": f"Account {number}"} for number in range(50)]}
    headers = {"Authorization": f"Bearer {department.operations.key}"}
    async with limited(settings, database, rate_limit_key_requests=20, rate_limit_organization_requests=0) as client:
        answers = [await client.post("/v1/accounts/batch", json=batch, headers=headers) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert [each.headers["ratelimit"] for each in answers] == ['"key";r=9;t=180', '"key";r=0;t=540', '"key";r=0;t=540']
    assert answers[2].headers["retry-after"] == "540"


async def test_limits_of_nothing_are_none(settings: Settings, database: Database, department: Department) -> None:
    async with limited(settings, database, rate_limit_key_requests=0, rate_limit_organization_requests=0) as client:
        answer = await ask(client, department.operations)

    assert answer.status_code == 200
    assert not {"ratelimit", "ratelimit-policy"} & set(answer.headers)


async def test_pages_of_other_origins_may_read_the_fields(settings: Settings, database: Database) -> None:
    app = create_app(settings.model_copy(update={"cors_allowed_origins": ["https://spa.example"]}), database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test") as client:
        answer = await client.get("/livez", headers={"Origin": "https://spa.example"})

    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= exposed


def test_the_document_tells_of_the_quotas_wherever_there_is_a_caller(app: FastAPI) -> None:
    document = app.openapi()
    operations = [each for path in document["paths"].values() for each in path.values() if each["security"]]

    assert len(operations) > 100
    for operation in operations:
        told = {"RateLimit", "RateLimit-Policy"}
        assert told | {"Retry-After"} <= operation["responses"]["429"]["headers"].keys()
        successes = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert all(told <= answer["headers"].keys() for answer in successes)
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= document["components"]["headers"].keys()
