"""The harness itself, in short mode: real processes are killed, cut off and lied to, and nothing is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.faults.experiments import EXPERIMENTS

ROOT = Path(__file__).parents[2]
_SECONDS = 900


@pytest.mark.timeout(_SECONDS + 60)
def test_the_promise_holds_whatever_fails(tmp_path: Path) -> None:
    results = tmp_path / "results.json"

    run = subprocess.run(  # noqa: S603 # the project's own command
        [sys.executable, "-m", "bench.faults", "--mode", "short", "--json", str(results)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    told = json.loads(results.read_text())
    assert [(each["id"], each["verdict"]) for each in told["experiments"]] == [
        (experiment.id, "passed") for experiment in EXPERIMENTS
    ]
