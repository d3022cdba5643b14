"""A client by openapi-python-client: types hold under mypy's strict rules, names are those of people, and it walks."""

import ast
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.sdk_tools import DOCUMENT, ROOT, SDKS, python_tools, run
from tests.builders.server_process import ServerProcess

UGLY = re.compile(
    r"_?[Tt]ype_?\d|[A-Za-z]\d+$|^(Body|Inline|X[A-Z])|((?<!Required)Input|Output|AnyOf|OneOf|Inner|AdditionalProperty)$"
)
STEPS = ["qualification", "presentation", "negotiation", "closing", "follow_up", "analysis", "analysis"]

pytestmark = pytest.mark.timeout(600)  # the first run installs the tools


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package `stageline_client`, the walk and the guide's snippet; every warning is an error."""
    folder, tools = tmp_path_factory.mktemp("python"), python_tools()
    (folder / "config.yaml").write_text("package_name_override: stageline_client\n")
    options = ["--path", str(DOCUMENT), "--output-path", "stageline_client", "--meta", "none", "--fail-on-warning"]
    run(
        [str(tools / "openapi-python-client"), "generate", *options, "--config", "config.yaml"],
        folder,
        environment={"PATH": f"{tools}:/usr/bin:/bin"},  # it sorts and formats with ruff
    )
    (folder / "stageline_client" / "py.typed").touch()
    shutil.copy(SDKS / "python" / "walk.py", folder)
    (snippet,) = re.findall(r"```python sdk\n(.*?)```", (ROOT / "docs" / "sdks.md").read_text(), re.DOTALL)
    (folder / "snippet.py").write_text(snippet)
    return folder


def classes_of(folder: Path) -> Iterator[ast.ClassDef]:
    for path in sorted((folder / "stageline_client" / "models").glob("*.py")):
        yield from (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef))


def test_types_hold_under_strict_rules(generated: Path) -> None:
    rules = ["--config-file", str(SDKS / "python" / "mypy.ini"), "--cache-dir", str(ROOT / ".mypy_cache" / "sdks")]
    said = run([str(python_tools() / "mypy"), *rules, "stageline_client", "walk.py", "snippet.py"], generated)

    assert "no issues found" in said


def test_models_are_named_and_described_as_by_hand(generated: Path) -> None:
    classes = {each.name: ast.get_docstring(each) or "" for each in classes_of(generated)}

    assert len(classes) > 250
    assert [name for name in classes if UGLY.search(name)] == []
    assert {"Opportunity", "TransitionProblem", "EndpointState", "OpportunityStageChangedEvent"} <= set(classes)
    assert classes["CriterionStatus"].startswith("A criterion, how it stands, and who can do something about it.")


def test_every_operation_is_a_function_of_its_name(generated: Path) -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    operations = {each["operationId"] for path in document["paths"].values() for each in path.values()}

    modules = {path.stem for path in (generated / "stageline_client" / "api").glob("*/*.py")} - {"__init__"}

    assert modules == operations


def test_it_walks_from_a_lead_to_an_analysed_deal(generated: Path, server: ServerProcess, first_key: str) -> None:
    walked = json.loads(run([str(python_tools() / "python"), "walk.py", server.url, first_key], generated))

    assert walked["steps"] == STEPS
    assert walked["stage"] == "completed"
    assert walked["sequences"] == list(range(1, len(walked["sequences"]) + 1))
    assert walked["same_bytes"]
    assert walked["replayed"] == [None, "true"]
    assert walked["location_matches"]
    assert (walked["renamed"], walked["stale"]) == ("Hedges & Sons", "precondition_failed")


def test_the_snippet_of_the_guide_runs(generated: Path, server: ServerProcess, rep_key: str) -> None:
    environment = {"STAGELINE_URL": server.url, "STAGELINE_KEY": rep_key}

    said = run([str(python_tools() / "python"), "snippet.py"], generated, environment=environment)

    assert "exit_criteria_not_met" in said
    assert "sales_representative" in said
