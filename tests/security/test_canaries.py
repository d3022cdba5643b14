"""Known secrets are put in by every way there is, and searched for in everything that comes out."""

import traceback
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from pydantic import ValidationError

from app.core.settings import Settings
from tests.builders.canaries import Canaries, all_of, arguments_of
from tests.builders.dump import dump_of
from tests.builders.server_process import ServerProcess, data_folder, environment_of, serving_in
from tests.builders.serving import say
from tests.builders.terminal import run
from tests.department import Department

# header and claims of a token that nobody signed; the signature is the canary
TOKEN = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJhbm4iLCJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlIn0."
UNREACHABLE = Settings(database_url="postgresql://someone@127.0.0.1:1/none")


@pytest.fixture
def home() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


async def put_in_everywhere(http: httpx.AsyncClient, canaries: Canaries) -> list[httpx.Response]:
    """Send each secret where it belongs and where it does not; the answers to all that should not repeat it."""
    key = {"Authorization": f"Bearer {canaries.known['api_key']}"}
    answers = [await http.get("/metrics", headers={"Authorization": f"Bearer {canaries.metrics_token}"})]
    for name, secret in {**canaries.known, "metrics_token": canaries.metrics_token, "body": canaries.body}.items():
        answers += [
            await http.get("/v1/me", headers={"Authorization": f"Bearer {secret}x"}),
            await http.get("/v1/me", headers={"Authorization": f"Basic {secret}"}),
            await http.get(f"/v1/{secret}", headers=key),
            await http.get(f"/v1/leads/{secret}", headers=key),
            await http.get("/v1/leads", params={"api_key": secret, "cursor": secret}, headers=key),
            await http.get("/v1/me", headers={**key, "Cookie": f"session={secret}", "X-Request-Id": f"{secret} x"}),
            await http.get("/v1/me", headers={**key, "Origin": f"https://{name}.example", "Referer": secret}),
            await http.post("/v1/leads", headers=key, json={"name": "Ann", "nickname": secret}),
            await http.post("/v1/leads", headers=key, json={"name": "Ann", "email": secret}),
            await http.post("/v1/leads", headers={**key, "Idempotency-Key": f"{secret} {secret}"}, json={}),
            await http.post("/v1/leads", headers={**key, "Content-Type": "application/json"}, content=f"{{{secret}"),
            await http.post("/v1/webhook-endpoints", headers=key, json={"url": f"http://u:{secret}@127.0.0.1:9/"}),
            await http.request("TRACE", "/v1/me", headers={**key, "X-Canary": secret}),
        ]
    return answers


async def test_no_answer_log_line_or_argument_of_a_process_shows_a_secret(
    settings: Settings, department: Department, owner: asyncpg.Connection, home: Path
) -> None:
    canaries = Canaries()
    canaries.known["api_key"] = department.operations.key
    canaries.known["token"] = TOKEN + canaries.body
    variables = canaries.environment(settings, home)

    with serving_in(home, "--no-worker", **variables) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
            await create_endpoint(http, canaries)
            answers = await put_in_everywhere(http, canaries)
            await say(http.base_url.port or 0, f"GET / HTTP/1.1\r\n{canaries.metrics_token}\r\n\r\n".encode())
        arguments = arguments_of(server.process.pid)
    logged = server.output.read_text()

    assert answers[0].status_code == httpx.codes.OK
    assert {answer.status_code // 100 for answer in answers} == {2, 4}
    assert [all_of(each) for each in answers if canaries.sung_in(all_of(each))] == []
    assert logged.count('"event": "request"') >= len(answers)
    assert canaries.sung_in(logged) == set()
    assert "serve" in arguments
    assert canaries.sung_in(arguments) == set()
    assert canaries.sung_in((await dump_of(owner)).decode("latin-1")) == set()


async def create_endpoint(http: httpx.AsyncClient, canaries: Canaries) -> None:
    """Let the service make a webhook secret, which it shows this once."""
    body = {"url": "https://93.184.215.14/hook", "event_types": ["*"]}
    key = {"Authorization": f"Bearer {canaries.known['api_key']}"}
    created = await http.post("/v1/webhook-endpoints", headers=key, json=body)
    assert created.status_code == httpx.codes.CREATED, created.text
    canaries.known["webhook_secret"] = created.json()["secret"]


def test_an_embedded_server_shows_no_secret_in_its_arguments_nor_in_its_log(home: Path) -> None:
    canaries = Canaries()

    with serving_in(home, "--no-worker", STAGELINE_METRICS_TOKEN=canaries.metrics_token) as server:
        canaries.known["kept_key"] = (home / "secret-keys").read_text().partition(":")[2].strip()
        canaries.known["api_key"] = first_key(server)
        for _ in range(2):
            httpx.get(f"{server.url}/v1/me", headers={"Authorization": f"Bearer {canaries.known['api_key']}"})
        arguments = "\n".join(
            [arguments_of(server.process.pid), *(arguments_of(int(each)) for each in postmasters(home))]
        )
        told = "\n".join(path.read_text(errors="replace") for path in home.rglob("server.log*"))

    assert "postgres" in arguments
    assert "database system is ready" in told
    assert canaries.sung_in(arguments) == canaries.sung_in(told) == set()


def first_key(server: ServerProcess) -> str:
    """The key that a new service shows once."""
    return next(word for word in server.output.read_text().split() if word.startswith("slk_"))


def postmasters(home: Path) -> list[str]:
    """The processes that are the embedded server."""
    return [path.read_text().split()[0] for path in home.rglob("postmaster.pid")]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:{secret}@127.0.0.1:1/none",
        "postgresql://someone:{secret}/rest@127.0.0.1:1/none",
        "postgresql://someone:{secret}@127.0.0.1:port/none",
        "postgresql://someone:{secret}@[::1/none",
        "postgresql://someone:{secret}@127.0.0.1:1/none?sslmode={secret}",
        "mysql://someone:{secret}@127.0.0.1:1/none",
        "host=127.0.0.1 password={secret}",
        "{secret}",
    ],
)
def test_a_start_that_fails_shows_nothing_of_the_database_url(home: Path, url: str) -> None:
    canaries = Canaries()
    given = canaries.environment(UNREACHABLE, home)
    wrong = url.format(secret=canaries.database_password)
    given |= {"DATABASE_URL": wrong, "STAGELINE_MIGRATION_DATABASE_URL": wrong, "PYTHONFAULTHANDLER": "1"}

    failed = run(environment_of(home) | given, "migrate")

    assert failed.returncode != 0
    assert failed.stderr
    assert canaries.sung_in(failed.stdout + failed.stderr) == set()


def test_help_and_wrong_settings_show_no_secret(home: Path) -> None:
    canaries = Canaries()
    given = environment_of(home) | canaries.environment(UNREACHABLE, home)

    helped = run(given, "serve", "--help")
    refused = run(given | {"STAGELINE_SECRET_KEYS": f"canary:{canaries.secret_key},{canaries.body}"}, "serve")

    assert (helped.returncode, refused.returncode) == (0, 2)
    assert "STAGELINE_SECRET_KEYS" in refused.stderr
    assert canaries.sung_in(helped.stdout + helped.stderr + refused.stdout + refused.stderr) == set()


def test_settings_do_not_show_their_secrets_when_they_are_printed_nor_when_they_are_wrong(home: Path) -> None:
    canaries = Canaries()
    settings = Settings(
        DATABASE_URL=f"postgresql://someone:{canaries.database_password}@127.0.0.1/none",
        direct_database_url=f"postgresql://someone:{canaries.database_password}@127.0.0.2/none",
        migration_database_url=f"postgresql://someone:{canaries.migration_password}@127.0.0.1/none",
        secret_keys=f"canary:{canaries.secret_key}",
        metrics_token=canaries.metrics_token,
        data_dir=home,
    )

    with pytest.raises(ValidationError) as wrong:
        Settings(DATABASE_URL=[canaries.database_password], secret_keys=canaries.body, metrics_token=[canaries.body])

    said = [repr(settings), str(settings), repr(settings.secret_box()), str(wrong.value)]
    assert [each for each in said if canaries.sung_in(each)] == []
    assert canaries.sung_in("".join(traceback.format_exception(wrong.value))) == set()


def test_the_search_finds_what_it_is_to_find() -> None:
    canaries = Canaries()
    canaries.known["api_key"] = "slk_0123456789ABcdef_" + "k" * 43

    assert canaries.sung_in(f"… {canaries.database_password} …") == {"database_password"}
    assert canaries.sung_in(f"half of it: {canaries.secret_key[3:30]}") == {"secret_key"}
    assert canaries.sung_in(canaries.known["api_key"]) == {"api_key"}
    assert canaries.sung_in("slk_0123456789ABcdef_") == set()
