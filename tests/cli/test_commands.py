"""The commands as an operator runs them: processes of their own, on one embedded Postgres."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from app.cli import app
from tests.builders.terminal import Terminal, opened_terminal

MAPPING = """
name = "accounts only"
[[accounts]]
file = "accounts.csv"
columns = { external_id = "account", name = "account", parent = "parent" }
"""


@pytest.fixture(scope="module")
def terminal() -> Iterator[Terminal]:
    with opened_terminal() as terminal:
        yield terminal


def test_the_key_of_a_new_organization_is_its_manager_of_operations(terminal: Terminal) -> None:
    headers = {"Authorization": f"Bearer {terminal.first_key}"}

    me = httpx.get(f"{terminal.url}/v1/me", headers=headers)
    organization = httpx.get(f"{terminal.url}/v1/organization", headers=headers)

    assert (me.status_code, me.json()["user"]["position"]) == (200, "sales_operations_manager")
    assert (organization.json()["id"], organization.json()["name"]) == (terminal.organization_id, "Acme")


def test_each_created_key_is_another_one_and_works(terminal: Terminal) -> None:
    command = ("create-key", "--position", "sales_manager", "--organization", terminal.organization_id, "--json")

    with ThreadPoolExecutor() as both:
        keys = [made["key"] for made in both.map(lambda _: terminal.read(*command), range(2))]

    assert keys[0] != keys[1]
    answers = [httpx.get(f"{terminal.url}/v1/me", headers={"Authorization": f"Bearer {key}"}) for key in keys]
    assert [each.status_code for each in answers] == [200, 200]
    assert [each.json()["user"]["position"] for each in answers] == ["sales_manager"] * 2


def test_an_unknown_organization_is_said_plainly(terminal: Terminal) -> None:
    unknown = str(uuid4())

    refused = terminal.run("create-key", "--position", "sales_manager", "--organization", unknown)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"there is no organization {unknown}\n"


def test_of_several_organizations_one_must_be_named(terminal: Terminal) -> None:
    other = terminal.read("create-organization", "Beta [/b]", "--json")

    refused = terminal.run("create-key", "--position", "sales_manager")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("name one organization: ")
    assert f"{terminal.organization_id} (Acme)" in refused.stderr
    assert f"{other['organization_id']} (Beta [/b])" in refused.stderr


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "127.0.0.1"),
        ("nonsense", "DATABASE_URL: Value error, this is not a database URL"),
        ("postgresql://nobody@127.0.0.1:port/none", "DATABASE_URL: Value error, this is not a database URL"),
        ("postgresql://nobody@127.0.0.1:65536/none", "DATABASE_URL: Value error, this is not a database URL"),
    ],
)
def test_a_database_that_cannot_be_reached_is_said_plainly(terminal: Terminal, url: str, reason: str) -> None:
    refused = terminal.run("migrate", DATABASE_URL=url)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert reason in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "log_level", "reason"),
    [
        (("create-organization", "Gamma", "--currency", "dollars"), "info", "'dollars' is not a currency code"),
        (("create-organization", " "), "info", "an organization needs a name"),
        (("migrate",), "loud", "STAGELINE_LOG_LEVEL: String should match pattern"),
        (("openapi", "--output", "/nowhere/x.json"), "info", "No such file or directory: '/nowhere/x.json'"),
    ],
)
def test_a_mistake_of_the_operator_ends_with_a_message(arguments: tuple[str, ...], log_level: str, reason: str) -> None:
    refused = CliRunner().invoke(app, arguments, env={"STAGELINE_LOG_LEVEL": log_level, "COLUMNS": "200"})

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert reason in refused.stderr


def test_import_writes_good_files_and_names_every_bad_row(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(MAPPING)
    command = ("import", str(tmp_path), "--mapping", str(tmp_path / "mapping.toml"))
    whose = ("--organization", terminal.organization_id)

    (tmp_path / "accounts.csv").write_text("account,parent\nBluth,\n")
    imported = terminal.run(*command, *whose)
    (tmp_path / "accounts.csv").write_text("account,parent\nCogswell,\nDunder,Nobody\n")
    refused = terminal.run(*command, *whose)

    assert imported.returncode == 0, imported.stderr
    assert "Imported." in imported.stderr
    assert refused.returncode == 1
    assert "accounts.csv:3: parent 'Nobody' is unknown" in refused.stderr
    assert "Nothing was written." in refused.stderr
    headers = {"Authorization": f"Bearer {terminal.first_key}"}
    accounts = httpx.get(f"{terminal.url}/v1/accounts", headers=headers).json()["items"]
    assert [account["name"] for account in accounts] == ["Bluth"]


def test_openapi_prints_the_document(terminal: Terminal) -> None:
    document = terminal.read("openapi")

    assert document["openapi"].startswith("3.")
    assert "/v1/opportunities" in document["paths"]


def test_help_lists_every_command(terminal: Terminal) -> None:
    shown = terminal.run("--help")

    names = {each.name or each.callback.__name__.replace("_", "-") for each in app.registered_commands if each.callback}
    assert shown.returncode == 0
    assert {"serve", "worker", "migrate", "create-organization", "create-key", "openapi", "import", "demo"} <= names
    assert [name for name in sorted(names) if f" {name} " not in shown.stdout] == []
