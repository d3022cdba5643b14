"""The tools that read the source, run as part of the suite so that one command says it all."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

COMMANDS = {
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "types": ["mypy"],
    "imports go one way": ["lint-imports"],
    "dependencies": ["deptry", "app"],
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_passes(command: list[str]) -> None:
    program, *arguments = command

    result = subprocess.run(  # noqa: S603 # the project's own tools
        [str(BIN / program), *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )

    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]


def test_the_lock_file_names_public_hosts_only() -> None:
    hosts = set(re.findall(r"https?://([^/\"]+)", (ROOT / "uv.lock").read_text(encoding="utf-8")))

    assert hosts == {"pypi.org", "files.pythonhosted.org"}
