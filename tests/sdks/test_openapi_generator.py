"""Clients by openapi-generator: the Java one compiles with every warning on, the Python one is typed, both ask why."""

import re
import shutil
from pathlib import Path

import pytest

from tests.builders.sdk_tools import DOCUMENT, ROOT, SDKS, program, python_tools, run
from tests.builders.server_process import ServerProcess

ONLY_CODE = "models,apis,supportingFiles,modelTests=false,apiTests=false,modelDocs=false,apiDocs=false"
JAVA = {
    "openApiNullable": "false",
    "useJakartaEe": "false",
    "bigDecimalAsString": "true",
    "hideGenerationTimestamp": "true",
    "invokerPackage": "stageline",
    "apiPackage": "stageline.api",
    "modelPackage": "stageline.model",
}
# `TypeEnum` is what every constant gets, inside its own event
UGLY = re.compile(r"\d|^(Model|Inline|Any|One|All)(?=[A-Z])|Of$|Inner|((?<!Required)Input|Output)$")

pytestmark = pytest.mark.timeout(600)  # the first run installs the tools


def generate(folder: Path, language: str, properties: dict[str, str], *options: str) -> None:
    program("java")
    given = ",".join(f"{name}={value}" for name, value in properties.items())
    command = [str(python_tools() / "openapi-generator-cli"), "generate", "-i", str(DOCUMENT), "-g", language]
    run([*command, "-o", ".", f"--global-property={ONLY_CODE}", f"--additional-properties={given}", *options], folder)


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("java")
    generate(folder, "java", JAVA, "--library", "native")
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python")
    generate(folder, "python", {"packageName": "openapi_client"})
    shutil.copy(SDKS / "python" / "refused.py", folder)
    return folder


def jar() -> Path:
    """The generator's own jar: it holds Jackson and what else the Java client imports, so nothing is fetched."""
    return next(python_tools().parent.glob("lib/python*/site-packages/openapi_generator_cli/openapi-generator.jar"))


@pytest.fixture(scope="module")
def compiled(java: Path) -> Path:
    """Every lint is on and every warning an error, but for two calls of Jackson that the template makes."""
    javac = program("javac")
    sources = [*java.glob("src/main/**/*.java"), *(SDKS / "java").rglob("*.java")]
    (java / "sources").write_text("\n".join(map(str, sources)))
    options = ["-Xlint:all,-deprecation", "-Werror", "-proc:none", "-cp", str(jar()), "-d", "classes"]
    run([javac, *options, "@sources"], java, seconds=300)
    return java / "classes"


def test_the_java_client_compiles_and_says_what_is_missing(compiled: Path, server: ServerProcess, rep_key: str) -> None:
    said = run([program("java"), "-cp", f"{compiled}:{jar()}", "Refused", server.url, rep_key], compiled)

    amount, *missing = said.splitlines()
    assert amount == "1234567.80"
    assert len(missing) == 2
    assert all(re.fullmatch(r"exit_criteria_not_met: \[.*sales_representative.*\]", each) for each in missing)


def test_java_classes_are_named_as_by_hand(java: Path) -> None:
    names = {path.stem for path in java.glob("src/main/**/model/*.java")} - {"AbstractOpenApiSchema"}

    assert len(names) > 250
    assert [name for name in names if UGLY.search(name)] == []


def test_the_python_client_holds_its_types(python: Path) -> None:
    rules = ["--config-file", str(SDKS / "python" / "mypy.ini"), "--cache-dir", str(ROOT / ".mypy_cache" / "sdks")]

    said = run([str(python_tools() / "mypy"), *rules, "openapi_client", "refused.py"], python)

    assert "no issues found" in said


def test_the_python_client_says_what_is_missing(python: Path, server: ServerProcess, rep_key: str) -> None:
    said = run([str(python_tools() / "python"), "refused.py", server.url, rep_key], python)

    assert said.startswith("exit_criteria_not_met ")
    assert "sales_representative" in said


def test_python_models_are_named_as_by_hand(python: Path) -> None:
    sources = sorted((python / "openapi_client" / "models").glob("[a-z]*.py"))
    names = {name for path in sources for name in re.findall(r"^class (\w+)", path.read_text(), re.MULTILINE)}

    assert len(names) > 250
    assert [name for name in names if UGLY.search(name)] == []
