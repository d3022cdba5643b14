"""The worker; delivers events to endpoints until it is told to stop."""

import asyncio

from app.core.settings import Settings


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop` is set."""
    del settings
    await stop.wait()
