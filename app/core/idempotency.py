"""`Idempotency-Key`: a POST that is repeated has one effect, and is answered with the same bytes.

The handler's transaction stays open until its answer is written in it, and both are committed together; only then
the answer leaves. Refusals are rolled back and leave nothing, so a mended request may use the same key.
"""

import hashlib
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeAlias

from fastapi import Request, Response

from app.core import kept_answers
from app.core.caller import Caller
from app.core.database import Database, Transaction
from app.core.kept_answers import KeptAnswer
from app.core.problems import Conflict, Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_POINTER = f"/header/{HEADER}"
_KEY = re.compile(r"[!-~]{1,255}")

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class IdempotencyKeyInUse(Conflict):
    """A request with this Idempotency-Key is still running; ask again for its answer."""

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key belongs to another request: another route, query or body."""

    remedy = "Make a new key for every new request; send an old one only with the request that it was made for."


class SecretShownOnce(Conflict):
    """The first request with this Idempotency-Key created the record `id`; its secret was in that answer only."""

    remedy = (
        "Use the secret of the first answer. Where it is lost, revoke the key or rotate the secret under "
        "another Idempotency-Key."
    )


class Repeated(Exception):
    """The request was answered before."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__()
        self.answer = answer


def once_per_key(handler: Handler, *, shows_secret: bool) -> Handler:
    """The handler, run at most once for each key of a caller; requests without a key pass through.

    Answers that show a secret are kept without it: repeated, they are refused with the `id` of what was created.
    """

    async def handle(request: Request) -> Response:
        key = _key_of(request)
        if key is None:
            return await handler(request)
        fingerprint = await _fingerprint(request)
        try:
            async with AsyncExitStack() as held:
                request.state.database = database = KeyedDatabase(request.app.state.database, key, fingerprint, held)
                response = await handler(request)
                await database.keep(response, with_body=not shows_secret)
        except Repeated as repeated:
            return _again(repeated.answer, shows_secret=shows_secret)
        return response

    return handle


def _key_of(request: Request) -> str | None:
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise Invalid.at(_POINTER, "idempotency_key", "Send one key of 1 to 255 visible ASCII characters.")
    return given[0]


async def _fingerprint(request: Request) -> bytes:
    path: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    start = b"%s %s?%s\n" % (request.method.encode(), path, query)
    return hashlib.sha256(start + await request.body()).digest()


def _again(answer: KeptAnswer, *, shows_secret: bool) -> Response:
    if shows_secret:
        raise SecretShownOnce(extra=json.loads(answer.body))
    return Response(answer.body, status_code=answer.status, headers=answer.headers | {REPLAYED: "true"})


class KeyedDatabase(Database):
    """The database of one request with a key: its transaction is claimed, and held until the answer is kept in it.

    Released, transactions end with their blocks, as in routes that speak HTTP; the answer is then kept in one more.
    """

    def __init__(self, database: Database, key: str, fingerprint: bytes, held: AsyncExitStack) -> None:
        super().__init__(database.use, database.session)
        self._database = database
        self._key = key
        self._fingerprint = fingerprint
        self._held = held
        self._tx: Transaction | None = None
        self._caller: Caller | None = None
        self._is_released = False

    def release(self) -> None:
        """Hold no transaction beyond its block."""
        self._is_released = True

    @asynccontextmanager
    async def begin(self, caller: Caller) -> AsyncIterator[Transaction]:
        """The request's transaction, which ends with its answer; what is raised in the block rolls it back at once.

        Raises `Repeated` when the key was answered, `IdempotencyKeyReused` when that was another request, and
        `IdempotencyKeyInUse` while a request with it is running.
        """
        async with self.begin_with(caller, "") as tx:
            yield tx

    @asynccontextmanager
    async def begin_with(self, caller: Caller, sql: str) -> AsyncIterator[Transaction]:
        """The same, with SQL that is sent with the claim, and that looks by itself at what became of it."""
        has_begun = self._tx is not None
        tx = self._tx or await self._start(caller, sql)
        try:
            if has_begun and sql:
                await tx.connection.execute(sql)
            yield tx
        except BaseException:
            await self._end(*sys.exc_info())
            raise
        if self._is_released:
            await self._end(None, None, None)

    async def keep(self, response: Response, *, with_body: bool) -> None:
        """Write the answer beside what it tells about; begins anew when the handler has undone it, as dry runs do."""
        if self._caller is None:
            return
        body = bytes(response.body)
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        kept = body if with_body else json.dumps({"id": json.loads(body)["id"]}).encode()
        async with self.begin(self._caller) as tx:
            await kept_answers.keep(tx, self._key, KeptAnswer(self._fingerprint, response.status_code, headers, kept))

    async def _start(self, caller: Caller, sql: str) -> Transaction:
        claiming = kept_answers.claiming(caller, self._key)
        tx = await self._held.enter_async_context(self._database.begin_with(caller, f"{claiming}; {sql}"))
        is_claimed, answer = await kept_answers.find(tx, self._key)
        if answer is not None and answer.fingerprint != self._fingerprint:
            raise IdempotencyKeyReused.at(_POINTER, "reused", "Choose another key for another request.")
        if answer is not None:
            raise Repeated(answer)
        if not is_claimed:
            raise IdempotencyKeyInUse
        self._tx, self._caller = tx, caller
        return tx

    async def _end(self, *raised: Any) -> None:
        self._tx = None
        await self._held.pop_all().__aexit__(*raised)
