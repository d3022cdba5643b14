"""Schemathesis against a real server process: whatever follows the document is taken, and nothing else is."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.core.database import Database
from app.core.settings import Settings
from tests.builders.server_process import serving_on
from tests.department import Actor
from tests.examples.recording import RecordingClient
from tests.examples.story import tell

_log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
SCHEMATHESIS = str(Path(sys.executable).parent / "schemathesis")
DOCUMENT = ROOT / "openapi" / "openapi.json"
USUAL_EXAMPLES = 1
MOST_SECONDS = 1_800

LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "an answer of another form": lambda document: document["components"]["schemas"]["LeadPage"]["required"].append("n"),
    "a status that is not there": lambda document: document["paths"]["/v1/leads/{lead_id}"]["get"]["responses"].pop(
        "404"
    ),
    "a limit that is not kept": lambda document: list_leads(document)["parameters"][0]["schema"].update(maximum=900),
}


def list_leads(document: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = document["paths"]["/v1/leads"]["get"]
    return operation


pytestmark = pytest.mark.timeout(MOST_SECONDS)


@dataclass(frozen=True)
class Target:
    """A server whose department has one of everything, and those who ask: a manager of operations and one of sales."""

    url: str
    callers: tuple[Actor, Actor]

    def statuses(self) -> list[int]:
        """How the callers are answered."""
        headers = [{"Authorization": f"Bearer {each.key}"} for each in self.callers]
        return [httpx.get(f"{self.url}/v1/me", headers=each).status_code for each in headers]


@pytest.fixture(scope="module")
async def target(app: FastAPI, database: Database, settings: Settings) -> AsyncIterator[Target]:
    async with RecordingClient(app) as http:
        people = await tell(http, database, settings)
    unlimited = {"rate_limit_key_requests": 0, "rate_limit_organization_requests": 0, "rate_limit_unknown_keys": 0}
    with serving_on(settings, **unlimited) as server:
        yield Target(server.url, (people.operations, people.manager))


def hammer(target: Target, folder: Path, document: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis."""
    keys = ",".join(each.key for each in target.callers)
    users = ",".join(str(each.user_id) for each in target.callers)
    return subprocess.run(  # noqa: S603 # a tool of the development dependencies
        [
            *(SCHEMATHESIS, "--no-color", "--config-file", "tests/fuzzing/schemathesis.toml"),
            *("run", str(document), "--url", target.url, "--report-dir", str(folder), *options),
        ],
        cwd=ROOT,
        env=os.environ | {"STAGELINE_FUZZING_KEYS": keys, "STAGELINE_FUZZING_USERS": users},
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )


def told(run: subprocess.CompletedProcess[str]) -> str:
    """What Schemathesis printed of its failures; requests that it makes up may be very long."""
    return "\n".join(f"{line[:500]}…" if len(line) > 500 else line for line in (run.stdout + run.stderr).splitlines())


def test_whatever_the_document_says_is_so(target: Target, tmp_path: Path) -> None:
    """`STAGELINE_FUZZING_EXAMPLES` is how many examples each operation gets; without it, few and not every phase."""
    examples = int(os.environ.get("STAGELINE_FUZZING_EXAMPLES", "0"))
    phases = "examples,coverage,fuzzing,stateful" if examples else "examples,fuzzing,stateful"
    # a usual run sees the same each time; whoever hammers wants to see more
    seed = [] if examples else ["--seed", "1"]

    run = hammer(
        target, tmp_path, DOCUMENT, "--phases", phases, "--max-examples", str(examples or USUAL_EXAMPLES), *seed
    )

    assert run.returncode == 0, told(run)
    found = re.search(r"(\d+) generated, (\d+) passed", run.stdout)
    assert found is not None, run.stdout[-2_000:]
    _log.info("%s cases", found[1])
    assert int(found[1]) == int(found[2]) > 500
    assert target.statuses() == [200, 200]  # all that was answered was answered to somebody


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_what_the_document_says_wrongly_is_found(
    target: Target, tmp_path: Path, lie: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    lie(document)
    lying = tmp_path / "openapi.json"
    lying.write_text(json.dumps(document), encoding="utf-8")

    run = hammer(
        target, tmp_path, lying, "--phases", "coverage", "--include-operation-id-regex", "^(get_lead|list_leads)$"
    )

    assert run.returncode == 1
    assert re.search(r"(\d+) generated", run.stdout), run.stdout + run.stderr
