"""Doing something until it succeeds, as what runs in the background must across a restart of Postgres."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from app.core.database import TRANSIENT

_BACKOFF_SECONDS = (0.1, 2.0)

_log = structlog.get_logger()
_T = TypeVar("_T")


async def persistently(deed: Callable[[], Awaitable[_T]]) -> _T:
    """What the deed gives, once it no longer fails for a reason that passes."""
    shortest, longest = _BACKOFF_SECONDS
    backoff_seconds = shortest
    while True:
        try:
            return await deed()
        except TRANSIENT as error:
            _log.warning("trying again", error=type(error).__name__, seconds=backoff_seconds)
        await asyncio.sleep(backoff_seconds)
        backoff_seconds = min(backoff_seconds * 2, longest)


async def unless(stop: asyncio.Event, deed: Coroutine[Any, Any, _T]) -> _T | None:
    """What the deed gives; nothing, and the deed is cancelled, when told to stop before."""
    doing = asyncio.create_task(deed)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        doing.cancel()
        stopping.cancel()
