"""The harness itself, in short mode: real processes are killed, cut off and lied to, and nothing is lost."""

from pathlib import Path

import pytest

from bench.faults.experiments import EXPERIMENTS
from tests.builders.harness import verdicts_of

_SECONDS = 1_500  # it takes two minutes on a machine that does nothing else


@pytest.mark.timeout(_SECONDS + 60)
def test_the_promise_holds_whatever_fails(tmp_path: Path) -> None:
    verdicts = verdicts_of("bench.faults", tmp_path / "results.json", _SECONDS)

    assert verdicts == [(experiment.id, "passed") for experiment in EXPERIMENTS]
