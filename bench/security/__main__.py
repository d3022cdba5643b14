"""The command: `python -m bench.security`."""

import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

from app.people.permissions import Position
from bench.security.filled_document import filled_document
from bench.security.scanners import VERSIONS, Target, install, run_sqlmap, run_wapiti
from tests.builders.server_process import ServerProcess, data_folder, serving_in
from tests.builders.terminal import read

_WITHOUT_LIMITS = {
    "STAGELINE_RATE_LIMIT_KEY_REQUESTS": "0",
    "STAGELINE_RATE_LIMIT_ORGANIZATION_REQUESTS": "0",
    "STAGELINE_RATE_LIMIT_UNKNOWN_KEYS": "0",
}
_FEWEST_REQUESTS = 1_000
_ANSWERED = re.compile(r'^stageline_http_requests_total\{.*status="(\dxx)".*\} (\S+)$', re.MULTILINE)


def main(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long each scanner may take.")] = 10,
    position: Annotated[Position, typer.Option(help="Whose key scans.")] = Position.SALES_OPERATIONS_MANAGER,
    programs: Annotated[Path | None, typer.Option(help="Where the scanners are; absent: install them.")] = None,
    output: Annotated[Path | None, typer.Option(help="Keep logs and reports here.")] = None,
) -> None:
    """Set sqlmap and wapiti on a demonstration department; ends with 1 when they find anything."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    folder = output or Path(tempfile.mkdtemp(prefix="stageline-scan-"))
    folder.mkdir(parents=True, exist_ok=True)
    if programs is None:
        programs = install(folder / "scanners")
    with data_folder() as home, serving_in(home, "--demo", **_WITHOUT_LIMITS) as server:
        target = _target(server, position, folder, int(minutes * 60))
        scans = {"sqlmap": run_sqlmap, "wapiti3": run_wapiti}
        found = [_scan(console, name, scan, programs, target) for name, scan in scans.items()]
    console.print(f"logs and reports: {folder}", markup=False)
    raise typer.Exit(1 if any(found) else 0)


def _target(server: ServerProcess, position: Position, folder: Path, seconds: int) -> Target:
    key = read(server.environment, "create-key", "--position", position, "--json")["key"]
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
        document = folder / "openapi.json"
        document.write_text(json.dumps(filled_document(http)), encoding="utf-8")
    return Target(server.url, key, document, seconds)


Scan = Callable[[Path, Target, Path], list[str]]


def _scan(console: Console, name: str, scan: Scan, programs: Path, target: Target) -> bool:
    """Run one scanner and say what came of it; tells whether it found anything, or made the service break down."""
    before = _answered(target.url)
    with console.status(name):
        findings = scan(programs, target, target.document.parent)
    made = {status: count - before.get(status, 0) for status, count in _answered(target.url).items()}
    console.print(
        f"{name} {VERSIONS[name]}: {sum(made.values()):,} requests, answered {made}; {len(findings)} findings"
    )
    for finding in findings:
        console.print(f"  {finding}", markup=False)
    if sum(made.values()) < _FEWEST_REQUESTS:
        console.print("  it did not get through to the service: see its log")
    return bool(findings) or made.get("5xx", 0) > 0 or sum(made.values()) < _FEWEST_REQUESTS


def _answered(url: str) -> dict[str, int]:
    """How many requests the service has answered, by the class of the status."""
    answered: dict[str, int] = {}
    for status, count in _ANSWERED.findall(httpx.get(f"{url}/metrics", timeout=30).text):
        answered[status] = answered.get(status, 0) + int(float(count))
    return dict(sorted(answered.items()))


if __name__ == "__main__":
    typer.run(main)
