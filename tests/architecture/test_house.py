"""The shape of the house, checked on the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "app").rglob("*.py"))
FORBIDDEN_NAMES = {"service", "services", "manager", "utils", "helpers", "common", "base"}
MOST_LINES = 300
MOST_FUNCTION_LINES = 50
MOST_PARAMETERS = 5


def functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def is_route_file(path: Path) -> bool:
    return "router(" in path.read_text(encoding="utf-8") or "routes" in path.name


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}

    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    long = [
        f"{path.name}:{node.name}"
        for path, node in functions()
        if (node.end_lineno or node.lineno) - node.lineno >= MOST_FUNCTION_LINES
    ]

    assert long == []


def test_no_function_takes_more_than_5_parameters_but_routes() -> None:
    greedy = [
        f"{path.name}:{node.name}"
        for path, node in functions()
        if not is_route_file(path)
        and len([each for each in (*node.args.args, *node.args.kwonlyargs) if each.arg not in {"self", "cls"}])
        > MOST_PARAMETERS
    ]

    assert [name for name in greedy if not name.startswith("cli.py:")] == []


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        f"{path.name}:{node.name}"
        for path, node in functions()
        if any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
    ]

    assert [name for name in hidden if not name.startswith("cli.py:")] == []  # a command loads what it does


def test_modules_are_named_after_what_they_can_do() -> None:
    assert [str(path) for path in SOURCES if path.stem in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize("word", ["select(", "sa.", "asyncpg"])
def test_routes_hold_no_statements(word: str) -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.name == "routes.py" and word in path.read_text(encoding="utf-8")
    ]

    assert offenders == []
