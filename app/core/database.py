"""SQLAlchemy describes, asyncpg executes: statements compiled once, run in short explicit transactions.

A statement is a module constant `Statement(select(...))`; its named parameters are given at the call. A transaction
commits on leaving its block, before an answer is built, and knows its organization: row-level security sees no other.
Who only reads needs no transaction around the statements, and looks.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from app.core.caller import Caller
from app.core.commands import breaking_off, command
from app.core.origin import setting_sql, settings_sql
from app.core.pool_use import PoolUse
from app.core.session import Session
from app.core.settings import Settings
from app.core.statement import Statement

__all__ = ["TRANSIENT", "CommitFailed", "Database", "Row", "Statement", "Transaction", "connect", "dsn", "new_id"]

Row: TypeAlias = asyncpg.Record


class CommitFailed(Exception):
    """The transaction was rolled back although nothing was raised inside it."""


TRANSIENT: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, starting up, cancelled
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut in the middle of an operation
    CommitFailed,
    OSError,
    TimeoutError,
)
"""What a later attempt at the same transaction may not meet again."""


class Transaction:
    """What may be done between BEGIN and COMMIT; made by `Database.begin` only.

    The parameter `organization_id` of a statement is always the caller's, and need not be given.
    """

    __slots__ = ("_caller", "_moment", "connection", "has_events")

    def __init__(self, connection: asyncpg.Connection, caller: Caller | None, moment: datetime | None = None) -> None:
        self.connection = connection
        self.has_events = False
        self._caller = caller
        self._moment = moment

    @property
    def caller(self) -> Caller:
        """Who acts; raises `LookupError` in a transaction that was begun for nobody."""
        if self._caller is None:
            raise LookupError("this transaction was not begun for a caller")
        return self._caller

    def now(self) -> datetime:
        """The moment at which things happen, in UTC: the clock's, or the one given to `acting`."""
        return self._moment or datetime.now(UTC)

    def acting(self, caller: Caller, moment: datetime) -> "Transaction":
        """The same transaction with another person of the organization acting at another moment, as histories need.

        Raises `ValueError` for a caller of another organization.
        """
        if caller.organization_id != self.caller.organization_id:
            raise ValueError("a transaction stays in its organization")
        return Transaction(self.connection, caller, moment)

    async def fetch_all(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """All rows."""
        rows: list[Row] = await self.connection.fetch(self._text(statement), *self._arguments(statement, parameters))
        return rows

    async def fetch_all_once(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """All rows, by a plan for these values alone: one round trip more, and the planning of each."""
        prepared = await self.connection.prepare(self._text(statement), name="")
        rows: list[Row] = await prepared.fetch(*self._arguments(statement, parameters))
        return rows

    async def fetch_one(self, statement: Statement, /, **parameters: object) -> Row | None:
        """The first row, or nothing."""
        row: Row | None = await self.connection.fetchrow(self._text(statement), *self._arguments(statement, parameters))
        return row

    async def fetch_row(self, statement: Statement, /, **parameters: object) -> Row:
        """The row that must be there (written just now, or locked); raises `LookupError` otherwise."""
        row = await self.fetch_one(statement, **parameters)
        if row is None:
            raise LookupError("a statement that must give a row gave none")
        return row

    async def fetch_value(self, statement: Statement, /, **parameters: object) -> Any:
        """The first column of the first row, or nothing."""
        return await self.connection.fetchval(self._text(statement), *self._arguments(statement, parameters))

    async def execute(self, statement: Statement, /, **parameters: object) -> int:
        """Run a change and tell how many rows it touched."""
        status: str = await self.connection.execute(self._text(statement), *self._arguments(statement, parameters))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, statement: Statement, parameters: list[dict[str, object]]) -> None:
        """Run a change once per set of parameters, pipelined."""
        arguments = [self._arguments(statement, each) for each in parameters]
        await self.connection.executemany(self._text(statement), arguments)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is undone alone when something is raised in it, which is raised again."""
        await self.connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            with suppress(*TRANSIENT):  # as in `_roll_back`
                await self.connection.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            raise
        await self.connection.execute("RELEASE SAVEPOINT part")

    def _text(self, statement: Statement) -> str:
        return statement.sql

    def _arguments(self, statement: Statement, parameters: dict[str, object]) -> list[object]:
        if self._caller is not None and statement.is_scoped:
            parameters = {"organization_id": self._caller.organization_id, **parameters}
        return statement.arguments(parameters)


class Look(Transaction):
    """Reading without a transaction around it; made by `Database.look` only.

    Each statement is one of its own, and brings its organization along. What writes is a syntax error there.
    """

    __slots__ = ()

    def _text(self, statement: Statement) -> str:
        return statement.alone

    def _arguments(self, statement: Statement, parameters: dict[str, object]) -> list[object]:
        return [*super()._arguments(statement, parameters), str(self.caller.organization_id)]


class Database:
    """Connections in one role, of which `use` hands out one after the other; the only place that begins transactions.

    `after_commit` is called after each transaction that recorded an event; it must neither wait nor raise.
    """

    def __init__(self, use: PoolUse, session: Session) -> None:
        self.use = use
        self.session = session
        self.after_commit: Callable[[], None] = _nothing

    @asynccontextmanager
    async def begin(self, caller: Caller) -> AsyncIterator[Transaction]:
        """A transaction of the caller's organization; commits on leaving, rolls back when anything is raised.

        Raises `CommitFailed` when the server answers COMMIT with a rollback.
        """
        async with self._transaction(settings_sql(caller), caller) as tx:
            yield tx

    @asynccontextmanager
    async def begin_with(self, caller: Caller, sql: str) -> AsyncIterator[Transaction]:
        """The same, with SQL that is sent in the message of BEGIN, to claim or to lock: nobody reads its rows."""
        async with self._transaction(f"{settings_sql(caller)}; {sql}", caller) as tx:
            yield tx

    @asynccontextmanager
    async def look(self, caller: Caller) -> AsyncIterator[Transaction]:
        """Reads of the caller's organization, each one round trip: under READ COMMITTED a transaction adds nothing.

        Not for statements that set something for those after them, or lock. On a lent connection only a transaction
        has a role, so there it is one that cannot write.
        """
        if self.session.is_lent:
            async with self._transaction(f"SET TRANSACTION READ ONLY; {settings_sql(caller)}", caller) as tx:
                yield tx
            return
        async with self._connection() as connection:
            yield Look(connection, caller)

    @asynccontextmanager
    async def begin_for_credential(self, key_id: str) -> AsyncIterator[Transaction]:
        """A transaction that sees one API key and nothing else: a credential's organization is not known yet."""
        async with self._transaction(setting_sql({"api_key_id": key_id}), None) as tx:
            yield tx

    @asynccontextmanager
    async def begin_for_all(self) -> AsyncIterator[Transaction]:
        """A transaction over all organizations, for the worker's role; the app's role sees no row in it."""
        async with self._transaction("", None) as tx:
            yield tx

    async def fetch_all_at_once(self, statement: Statement, /, **parameters: object) -> list[Row]:
        """The rows of one statement over all organizations that is a transaction of its own: one round trip, not three.

        It may have been committed although this raises. An event must not be recorded by it: nobody would be told. On
        a lent connection it is three round trips all the same: only a transaction has a role there.
        """
        if self.session.is_lent:
            async with self.begin_for_all() as tx:
                return await tx.fetch_all(statement, **parameters)
        async with self._connection() as connection:
            with breaking_off(connection):
                return await Transaction(connection, None).fetch_all(statement, **parameters)

    @asynccontextmanager
    async def _transaction(self, setting: str, caller: Caller | None) -> AsyncIterator[Transaction]:
        async with self._connection() as connection:
            tx = Transaction(connection, caller)
            try:
                await command(connection, f"{self.session.beginning}; {setting}")
                yield tx
            except BaseException:
                await _roll_back(connection)
                raise
            status = await command(connection, "COMMIT")
            if status != "COMMIT":
                raise CommitFailed
            if tx.has_events:
                self.after_commit()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await self.use.acquire()
        is_in_order = False
        try:
            yield connection
            is_in_order = True
        finally:
            await self.use.release(connection, is_in_order=is_in_order)

    async def close(self) -> None:
        """Give all connections back; waits for those in use."""
        await self.use.close()


def _nothing() -> None:
    """Nobody waits for commits."""


async def _roll_back(connection: asyncpg.Connection) -> None:
    with suppress(*TRANSIENT):  # what was raised inside the transaction says more
        await command(connection, "ROLLBACK")


async def connect(
    settings: Settings, *, role: str, size: int, acquire_timeout_seconds: float, plans: dict[str, str] | None = None
) -> Database:
    """Open a pool whose statements run in `role`, within the settings' timeouts; `plans` says how they are planned.

    Raises `RoleNotTaken`.
    """
    session = Session(role, settings.server_options() | (plans or {}), settings.is_pooled)
    pool = await session.open_pool(dsn(settings.service_url), size)
    return Database(PoolUse(pool, acquire_timeout_seconds), session)


def dsn(url: str) -> str:
    """A URL that asyncpg reads, from one that may name a SQLAlchemy driver (`postgresql+asyncpg://`)."""
    parts = urlsplit(url)
    scheme = parts.scheme.partition("+")[0]
    return urlunsplit(parts._replace(scheme="postgresql" if scheme in {"postgres", "postgresql"} else scheme))


def new_id() -> UUID:
    """A UUIDv7: unique, and ordered by the time it was made."""
    return uuid7()
