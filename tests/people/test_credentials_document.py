"""The commands of docs/credentials.md, word for word, against a real server process."""

from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.builders.documents import commands_in, run_script
from tests.builders.server_process import serving_on
from tests.department import Department


@pytest.mark.timeout(180)
async def test_the_commands_about_keys_do_what_is_said(
    department: Department, settings: Settings, tmp_path: Path
) -> None:
    with serving_on(settings) as server:
        environment = server.environment | {"BASE": server.url, "OPERATIONS": department.operations.key}

        output = run_script(commands_in("docs/credentials.md", "keys"), environment, tmp_path / "output.txt")

    (key,) = (await department.operations.get("/api-keys", sort="name", limit=1))["items"]
    assert output.count('"code":"insufficient_scope"') == 1
    assert output.count("['leads:write']\n") == 3
    assert f"both work until {key['old_secret_expires_at'][:10]}" in output
    assert (key["name"], key["scopes"]) == ("contact form", ["leads:write"])
    assert key["revoked_at"] is not None
    assert key["last_used_at"] is not None
