"""A harness of `bench/` in short mode, as a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from threading import Timer

ROOT = Path(__file__).parents[2]


def verdicts_of(module: str, results: Path, seconds: float) -> list[tuple[str, str]]:
    """The verdict on each experiment; fails with what the harness said when one failed, or when it takes longer."""
    with subprocess.Popen(  # noqa: S603 # the project's own command
        [sys.executable, "-m", module, "--mode", "short", "--json", str(results)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        ending = Timer(seconds, run.terminate)  # not killed: it ends what it has started
        ending.start()
        said = run.communicate()[0]
        ending.cancel()
    assert run.returncode == 0, said[-20_000:]
    return [(each["id"], each["verdict"]) for each in json.loads(results.read_text())["experiments"]]
