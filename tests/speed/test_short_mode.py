"""The speed bench itself, in short mode: both sides run, answer the same, and every figure is there; none is judged."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest

from bench.speed.jobs import JOBS

ROOT = Path(__file__).parents[2]
_SECONDS = 600  # it takes less than a minute on a machine that does nothing else


@contextmanager
def reachable_folder() -> Iterator[str]:
    """A folder that Postgres' own user may pass, as pytest's are not."""
    with tempfile.TemporaryDirectory(prefix="stageline-speed-") as folder:
        Path(folder).chmod(0o755)
        yield folder


@pytest.mark.timeout(_SECONDS + 60)
def test_both_sides_answer_every_request_as_expected_and_alike(tmp_path: Path) -> None:
    figures, tables, picture = (tmp_path / name for name in ("figures.json", "tables.md", "ratios.svg"))
    command = [sys.executable, "-m", "bench.speed", "--json", figures, "--markdown", tables, "--plot", picture]

    with (
        reachable_folder() as home,
        subprocess.Popen(  # noqa: S603 # the project's own command
            [*map(str, command), "--mode", "short", "--home", f"{home}/kept"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as run,
    ):
        ending = Timer(_SECONDS, run.terminate)  # not killed: it ends what it has started
        ending.start()
        said = run.communicate()[0]
        ending.cancel()

    assert run.returncode == 0, said[-20_000:]
    told = json.loads(figures.read_text())
    assert told["failures"] == []
    assert [(each["job"], each["connections"]) for each in told["comparisons"]] == [
        (job.name, connections) for job in JOBS for connections in (1, 4)
    ]
    assert all(each[side]["per_second"] > 0 for each in told["comparisons"] for side in ("floor", "service"))
    assert [each["name"] for each in told["singles"]] == [
        "webhooks delivered by one worker",
        "commit → consumer, p50",
        "commit → consumer, p99",
        "rows imported",
        "rows copied",
        "import ÷ copy",
        "start to ready, warm",
        "memory at rest, API and worker",
    ]
    assert all(job.name in text for job in JOBS for text in (tables.read_text(), picture.read_text()))
