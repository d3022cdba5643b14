"""A webhook receiver on loopback: records what arrives and answers as a test tells it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class Message:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def subject_id(self) -> str:
        return str(self.event["subject"]["id"])

    @property
    def sequence(self) -> int:
        return int(self.event["subject"]["sequence"])

    def verify(self, secret: str) -> object:
        """What the published library makes of it; raises when the signature is not right."""
        return Webhook(secret).verify(self.body, self.headers)

    def is_signed_with(self, secret: str) -> bool:
        try:
            self.verify(secret)
        except WebhookVerificationError:
            return False
        return True


async def accept(_message: Message) -> int:
    return 200


@dataclass
class WebhookReceiver:
    port: int = 0
    answer: Callable[[Message], Awaitable[int]] = accept
    messages: list[Message] = field(default_factory=list)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.messages]

    def sequences_of(self, subject_id: str | UUID) -> list[int]:
        return [message.sequence for message in self.messages if message.subject_id == str(subject_id)]

    def fail_first(self, failures: int, status: int = 500, subject_id: str | None = None) -> None:
        """Refuse the first messages (about a subject), then accept."""
        remaining = failures

        async def answer(message: Message) -> int:
            nonlocal remaining
            if remaining and subject_id in {None, message.subject_id}:
                remaining -= 1
                return status
            return 200

        self.answer = answer

    async def until(self, is_enough: Callable[["WebhookReceiver"], bool]) -> None:
        """Wait for messages."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._arrived:
            await self._arrived.wait_for(lambda: is_enough(self))

    async def until_count(self, count: int) -> None:
        await self.until(lambda receiver: len(receiver.messages) >= count)

    async def receive(self, request: web.Request) -> web.Response:
        message = Message({name.lower(): value for name, value in request.headers.items()}, await request.read())
        self.messages.append(message)
        async with self._arrived:
            self._arrived.notify_all()
        return web.Response(status=await self.answer(message))


@asynccontextmanager
async def listening() -> AsyncIterator[WebhookReceiver]:
    """A receiver on a free port of loopback."""
    receiver = WebhookReceiver()
    application = web.Application()
    application.router.add_post("/hook", receiver.receive)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    yield receiver
    await runner.cleanup()
