"""Webhook consumers as real processes: the examples of the guide, and others on the published libraries."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.builders.receiver import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
LIBRARIES = ROOT / "tests" / "webhooks" / "consumers"
_OUT_OF_REACH = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")

Kind = tuple[str, ...]
EXAMPLES: tuple[Kind, ...] = (("python", "example"), ("node", "example"))
ALL: tuple[Kind, ...] = (
    *EXAMPLES,
    *((language, library) for language in ("python", "node") for library in ("standardwebhooks", "svix")),
)


@dataclass
class Consumer:
    """A running consumer, and what it has printed so far."""

    port: int
    output: Path

    @property
    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Deliver by hand; gives the status."""
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
            response = await client.post(f"http://127.0.0.1:{self.port}/hook", content=body, headers=headers)
        return response.status_code


def command_of(kind: Kind, cache: Callable[[str], Path]) -> list[str]:
    """How a consumer is started, without port and secret; skips the test where node or its packages cannot be had."""
    language, library = kind
    if language == "python":
        example = ROOT / "examples" / "consumer.py"
        return [sys.executable, str(example if library == "example" else LIBRARIES / "library_consumer.py")]
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: consumers in JavaScript are not tried here")
    if library == "example":
        return [node, str(ROOT / "examples" / "consumer.mjs")]
    return [node, str(_packages(cache) / "library_consumer.mjs")]


@asynccontextmanager
async def consuming(command: list[str], port: int, secret: str, library: str, folder: Path) -> AsyncIterator[Consumer]:
    """Run a consumer until the end of the block."""
    output = folder / "consumer.log"
    with output.open("wb") as log:
        process = subprocess.Popen([*command, str(port), secret, library], stdout=log, stderr=log)  # noqa: S603, ASYNC220 # our own
    consumer = Consumer(port, output)
    try:
        await _until_listening(consumer, process)
        yield consumer
    finally:
        process.kill()
        process.wait(timeout=PATIENCE_SECONDS)


async def _until_listening(consumer: Consumer, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            assert process.poll() is None, consumer.output.read_text()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", consumer.port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


def _packages(cache: Callable[[str], Path]) -> Path:
    """The folder with the locked npm packages, installed once and kept in pytest's cache."""
    lock = (LIBRARIES / "package-lock.json").read_bytes()
    folder = cache(f"npm-{hashlib.sha256(lock).hexdigest()[:16]}")
    for file in ("package.json", "package-lock.json", "library_consumer.mjs"):
        shutil.copy(LIBRARIES / file, folder)
    if not (folder / "node_modules" / ".package-lock.json").exists():
        _install(folder)
    return folder


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the published libraries for JavaScript are not tried here")
    installed = subprocess.run(  # noqa: S603 # the packages are locked by their hashes
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if installed.returncode != 0 and any(code in installed.stderr for code in _OUT_OF_REACH):
        pytest.skip("the npm registry cannot be reached: the published libraries for JavaScript are not tried here")
    assert installed.returncode == 0, installed.stderr
