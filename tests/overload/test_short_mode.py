"""The overload harness, in short mode: too much, nothing and nobody leave the service as it was."""

from pathlib import Path

import pytest

from bench.overload.experiments import EXPERIMENTS
from tests.builders.harness import verdicts_of

_SECONDS = 1_500  # it takes a minute and a half on a machine that does nothing else


@pytest.mark.timeout(_SECONDS + 60)
def test_nothing_breaks_and_nothing_is_left_behind_whatever_is_asked(tmp_path: Path) -> None:
    verdicts = verdicts_of("bench.overload", tmp_path / "results.json", _SECONDS)

    assert verdicts == [(experiment.id, "passed") for experiment in EXPERIMENTS]
