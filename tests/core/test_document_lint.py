"""The linters that readers of OpenAPI documents use find nothing, not even a warning."""

import itertools
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.builders.sdk_tools import DOCUMENT, node_tools

FOLDER = DOCUMENT.parent / "lint"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
OPTIONS = {
    "spectral": ["--ruleset", ".spectral.yaml", "--fail-severity", "hint"],
    "redocly": ["--config", "redocly.yaml", "--max-problems", "100"],
}
FORMATS = {"uuid": "[0-9a-f-]{36}", "integer": "[0-9]+"}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def linters() -> Path:
    """The folder of the installed linters."""
    return node_tools(FOLDER)


def run(linters: Path, program: str, document: Path = DOCUMENT) -> tuple[Any, list[str]]:
    """What a linter says as JSON, and the names of the rules that it found broken."""
    result = subprocess.run(  # noqa: S603 # installed by the fixture
        [str(linters / program), "lint", "--format", "json", *OPTIONS[program], str(document)],
        cwd=FOLDER,
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found, _ = json.JSONDecoder().raw_decode(result.stdout)  # spectral adds a line for people
    problems = found["problems"] if program == "redocly" else found
    names = [each.get("ruleId") or each["code"] for each in problems if not each.get("ignored")]
    return found, names


def test_spectral_finds_nothing(linters: Path) -> None:
    assert run(linters, "spectral") == ([], [])


def test_redocly_finds_nothing(linters: Path) -> None:
    found, names = run(linters, "redocly")

    assert names == []
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 2}


@pytest.mark.parametrize("program", ["spectral", "redocly"])
def test_they_find_what_is_there(linters: Path, program: str, tmp_path: Path) -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    document["paths"] = {"/v1/me": document["paths"]["/v1/me"]}  # of the whole they take long
    del document["paths"]["/v1/me"]["get"]["operationId"]
    (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")

    _, names = run(linters, program, tmp_path / "openapi.json")

    assert "operation-operationId" in names


def test_the_lock_file_of_the_linters_names_no_host_of_a_registry() -> None:
    assert '"resolved"' not in (FOLDER / "package-lock.json").read_text(encoding="utf-8")


def test_no_request_could_be_meant_for_two_paths(app: FastAPI) -> None:
    patterns = {path: parts_of(path, item) for path, item in app.openapi()["paths"].items()}

    ambiguous = [
        (first, second)
        for (first, one), (second, other) in itertools.combinations(patterns.items(), 2)
        if len(one) == len(other) and all(map(meet, one, other)) and not is_nearer(one, other)
    ]

    assert ambiguous == []


def parts_of(path: str, item: dict[str, Any]) -> list[str]:
    """The parts of a path, each variable one as the pattern of its type in brackets."""
    parameters = {each["name"]: each["schema"] for each in next(iter(item.values())).get("parameters", ())}
    found = []
    for part in path.split("/"):
        schema = parameters.get(part.strip("{}"), {})
        pattern = FORMATS.get(schema.get("format", schema.get("type", "")), ".+")
        found.append(f"({pattern})" if part.startswith("{") else part)
    return found


def meet(one: str, other: str) -> bool:
    """Whether something is meant by both."""
    if one.startswith("(") and other.startswith("("):
        return True
    if other.startswith("("):
        one, other = other, one
    return one == other or (one.startswith("(") and re.fullmatch(one, other) is not None)


def is_nearer(one: list[str], other: list[str]) -> bool:
    """Whether all that is fixed in one path is fixed in the other: OpenAPI prefers the fixed one (3.1, § 4.8.8.2)."""
    fixed = [{index for index, part in enumerate(each) if not part.startswith("(")} for each in (one, other)]
    return fixed[0] != fixed[1] and (fixed[0] <= fixed[1] or fixed[0] >= fixed[1])
