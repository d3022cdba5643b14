"""The commands that a document tells its readers, run word for word."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


def commands_in(document: str, kind: str) -> str:
    """The blocks that a document marks with a word after `sh`."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return "\n".join(re.findall(rf"```sh {kind}\n(.*?)```", text, flags=re.DOTALL))


def run_script(script: str, environment: Mapping[str, str], output: Path) -> str:
    """What the script prints; fails with it when one of its commands does."""
    with output.open("wb") as written:
        running = subprocess.Popen(  # noqa: S603 # the documents' own commands
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=dict(environment),
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    try:
        assert running.wait(timeout=150) == 0, output.read_text()[-6000:]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)  # what it left running, when it ended early
    return output.read_text()
