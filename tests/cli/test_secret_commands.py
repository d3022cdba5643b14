"""Keys for stored secrets as an operator handles them: in the environment, or in the data folder."""

import asyncio
import base64
import re
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.core.embedded_postgres import EmbeddedPostgres
from app.core.secret_keys import new_key, parse_keys
from tests.builders.dump import forms_of
from tests.builders.receiver import WebhookReceiver, listening
from tests.builders.server_process import ServerProcess, data_folder, environment_of, serving_in
from tests.builders.terminal import run
from tests.department import Json

UNREACHABLE = "postgresql://nobody@127.0.0.1:1/none"
KEY = new_key()


@pytest.fixture
def home() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


@pytest.mark.parametrize(
    ("command", "given"),
    [("serve", {}), ("worker", {}), ("reencrypt-secrets", {}), ("serve", {"STAGELINE_SECRET_KEYS": ""})],
)
def test_what_handles_secrets_refuses_to_start_without_a_key(home: Path, command: str, given: dict[str, str]) -> None:
    refused = run(environment_of(home) | {"DATABASE_URL": UNREACHABLE} | given, command)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("STAGELINE_SECRET_KEYS is not set")
    assert "stageline create-secret-key" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_unusable_keys_are_refused_without_showing_them(home: Path) -> None:
    encoded = KEY.partition(":")[2]
    environment = environment_of(home) | {"DATABASE_URL": UNREACHABLE, "STAGELINE_SECRET_KEYS": f"{KEY},{encoded}"}

    refused = run(environment, "serve")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "STAGELINE_SECRET_KEYS: " in refused.stderr
    assert "entry 2 is not <id>:<base64>" in refused.stderr
    assert encoded[:10] not in refused.stderr


async def test_what_handles_no_secrets_needs_no_key(home: Path, empty_url: str) -> None:
    environment = environment_of(home) | {"DATABASE_URL": empty_url}
    (home / "mapping.toml").write_text(
        'name = "nothing"\n[[accounts]]\nfile = "a.csv"\ncolumns = { external_id = "id", name = "name" }\n'
    )
    (home / "a.csv").write_text("id,name\n1,Acme\n")
    mapping = str(home / "mapping.toml")

    commands = [
        ("create-organization", "Acme"),
        ("create-key", "--position", "sales_manager"),
        ("openapi",),
        ("import", str(home), "--mapping", mapping, "--dry-run"),
    ]
    ended = [await asyncio.to_thread(run, environment, *command) for command in commands]

    assert [(each.returncode, each.stderr) for each in ended if each.returncode != 0] == []


def test_a_printed_key_can_be_set() -> None:
    printed = CliRunner().invoke(app, ["create-secret-key"])

    (key,) = parse_keys(printed.stdout)
    assert len(key.material) == 32
    assert printed.stdout.count("\n") == 1


def test_the_embedded_service_keeps_one_key_however_many_processes_start_at_once(home: Path) -> None:
    with ThreadPoolExecutor() as both:
        ended = [*both.map(lambda _: run(environment_of(home), "migrate"), range(2))]

    files = [path for path in home.iterdir() if path.is_file()]
    assert [each.returncode for each in ended] == [0, 0], [each.stderr for each in ended]
    assert [path.name for path in files] == ["secret-keys"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert len(parse_keys(files[0].read_text())) == 1


def test_a_damaged_key_file_is_said_plainly(home: Path) -> None:
    (home / "secret-keys").write_text("damaged")

    refused = run(environment_of(home), "migrate")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert "secret-keys: entry 1 is not <id>:<base64>" in refused.stderr


class Client:
    """The key that a new server has printed, speaking HTTP."""

    def __init__(self, server: ServerProcess) -> None:
        printed = re.search(r"slk_\w+", server.output.read_text())
        assert printed is not None
        self._headers = {"Authorization": f"Bearer {printed[0]}"}

    async def post(self, server: ServerProcess, path: str, json: object) -> Json:
        async with httpx.AsyncClient(timeout=20) as http:
            answer = await http.post(f"{server.url}/v1{path}", json=json, headers=self._headers)
        answer.raise_for_status()
        body: Json = answer.json()
        return body

    async def endpoint_at(self, server: ServerProcess, receiver: WebhookReceiver) -> Json:
        fields = {"url": receiver.url, "event_types": ["account.*"]}
        return await self.post(server, "/webhook-endpoints", fields)


async def test_secrets_outlive_a_restart_and_no_log_line_shows_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGELINE_LOG_LEVEL", "debug")
    async with listening() as receiver:
        with serving_in(home) as server:
            client = Client(server)
            endpoint = await client.endpoint_at(server, receiver)
            path = f"/webhook-endpoints/{endpoint['id']}"
            rotated = await client.post(server, f"{path}/secret-rotation", {})
            await client.post(server, "/accounts", {"name": "Before"})
            await receiver.until_count(1)
            logs = server.output.read_text()
        with serving_in(home) as server:
            await client.post(server, f"{path}/test", {})
            await damage(home)
            await client.post(server, "/accounts", {"name": "Unsent"})
            await until_said(server, "webhook secret unreadable")
            logs += server.output.read_text()

    secrets = (endpoint["secret"], rotated["secret"])
    assert len(receiver.messages) == 2
    assert [[message.is_signed_with(secret) for secret in secrets] for message in receiver.messages] == [
        [True, True]
    ] * 2
    shown = [form for secret in secrets for form in forms_of(secret) if form in logs.encode()]
    (key,) = parse_keys((home / "secret-keys").read_text())
    assert '"event": "request"' in logs
    assert shown == []
    assert base64.b64encode(key.material).decode() not in logs


async def damage(home: Path) -> None:
    with EmbeddedPostgres(home / "postgres") as server:
        owner = await asyncpg.connect(server.url("stageline"))
        await owner.execute("UPDATE webhook_endpoints SET secret = 'damaged'")
        await owner.close()


async def until_said(server: ServerProcess, words: str) -> None:
    async with asyncio.timeout(20):
        while words not in server.output.read_text():  # noqa: ASYNC110 # another process's output
            await asyncio.sleep(0.05)


async def test_a_key_is_replaced_and_retired_without_losing_a_secret(home: Path) -> None:
    async with listening() as receiver:
        with serving_in(home, "--no-worker") as server:
            client = Client(server)
            endpoint = await client.endpoint_at(server, receiver)
        old = (home / "secret-keys").read_text()
        without_the_old_key = reencrypt(home, KEY)
        done = reencrypt(home, f"{KEY},{old}")
        (home / "secret-keys").write_text(KEY)
        with serving_in(home, "--no-worker") as server:
            await client.post(server, f"/webhook-endpoints/{endpoint['id']}/test", {})

    assert (without_the_old_key.returncode, endpoint["id"] in without_the_old_key.stderr) == (1, True)
    assert done.stdout == "Re-encrypted the secrets of 1 endpoints; 0 had the first key already.\n"
    assert [message.is_signed_with(endpoint["secret"]) for message in receiver.messages] == [True]


def reencrypt(home: Path, keys: str) -> subprocess.CompletedProcess[str]:
    return run(environment_of(home) | {"STAGELINE_SECRET_KEYS": keys}, "reencrypt-secrets")
