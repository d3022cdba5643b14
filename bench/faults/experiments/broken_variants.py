"""E12: bugs are put into copies of the service, and the suite must notice each of them."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.variants import VARIANTS, Variant
from bench.processes import OWN_ROOT

_COPIED = ("app", "migrations", "tests", "examples", "openapi", "pyproject.toml", "README.md")
_TESTS_FAILED = 1
_SECONDS = 180.0


async def _perform(run: Run) -> Findings:
    chosen = run.pick(short=run.rng.sample(VARIANTS, 1), full=VARIANTS)
    findings = Findings()
    sound = await _run_suite([], sorted({variant.caught_by for variant in chosen}))
    findings.add("exit code of the same tests on the sound service", sound, "=", 0)
    caught = 0
    for number, variant in enumerate(chosen):
        run.tell(variant.name, number, len(chosen))
        code = await _run_suite([variant], [variant.caught_by])
        caught += code == _TESTS_FAILED
        findings.facts.append(f"{'caught' if code == _TESTS_FAILED else f'NOT CAUGHT (exit {code})'}: {variant.name}")
    findings.add("caught", caught, "=", len(chosen))
    findings.add("variants", len(VARIANTS), "≥", 12)
    return findings


async def _run_suite(variants: Sequence[Variant], tests: Sequence[str]) -> int:
    """The exit code of these tests in a copy of the tree with these bugs in it."""
    with tempfile.TemporaryDirectory(prefix="stageline-variant-") as folder:
        tree = Path(folder)
        await asyncio.to_thread(_copy, tree, variants)
        return await _pytest(tree, tests)


def _copy(tree: Path, variants: Sequence[Variant]) -> None:
    tree.chmod(0o755)
    for name in _COPIED:
        source = OWN_ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, tree / name)
    for variant in variants:
        broken = tree / variant.path
        broken.write_text(broken.read_text("utf-8").replace(variant.old, variant.new), "utf-8")


async def _pytest(tree: Path, tests: Sequence[str]) -> int:
    options = ["-q", "-x", "-n0", "-p", "no:cacheprovider", "--timeout=60"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", *options, *tests),
        cwd=tree,
        env=_environment() | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    """Nothing of a suite that runs this harness: the copy brings its own Postgres and template."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STAGELINE_"))}


BROKEN_VARIANTS = Experiment(
    "E12",
    "bugs put into copies of the service: order, leases, tokens, bytes, addresses, deadlines, keys",
    "the suite catches every one, of at least 12",
    _perform,
)
