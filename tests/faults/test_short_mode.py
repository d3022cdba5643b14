"""The harness itself, in short mode: real processes are killed, cut off and lied to, and nothing is lost."""

import json
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from bench.faults.experiments import EXPERIMENTS

ROOT = Path(__file__).parents[2]
_SECONDS = 1_500  # it takes two minutes on a machine that does nothing else


@pytest.mark.timeout(_SECONDS + 60)
def test_the_promise_holds_whatever_fails(tmp_path: Path) -> None:
    results = tmp_path / "results.json"

    with subprocess.Popen(  # noqa: S603 # the project's own command
        [sys.executable, "-m", "bench.faults", "--mode", "short", "--json", str(results)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        ending = Timer(_SECONDS, run.terminate)  # not killed: it ends what it has started
        ending.start()
        said = run.communicate()[0]
        ending.cancel()

    assert run.returncode == 0, said[-20_000:]
    told = json.loads(results.read_text())
    assert [(each["id"], each["verdict"]) for each in told["experiments"]] == [
        (experiment.id, "passed") for experiment in EXPERIMENTS
    ]
