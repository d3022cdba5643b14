"""What takes long to load is loaded by those commands alone that need it."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "unneeded"),
    [
        ("app.cli", {"app.main", "fastapi", "alembic", "aiohttp"}),
        ("app.serving", {"alembic"}),
        ("app.installation", {"alembic"}),
    ],
)
def test_a_program_does_not_load_what_only_others_need(module: str, unneeded: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules)"

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 # a constant

    loaded = set(told.stdout.split())
    assert module in loaded
    assert loaded & unneeded == set()
