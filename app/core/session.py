"""Under which role and settings statements run, on a connection of our own or on one that a pooler lends.

A pooler of transactions, such as PgBouncer, gives a connection to somebody else after each of them: what was set for
longer is lost there, or worse, found by others. So a transaction brings along whatever it acts under. Its role too, in
the same message as BEGIN: either both are there, or no transaction is.
"""

import json
from dataclasses import dataclass, field

import asyncpg


class RoleNotTaken(RuntimeError):
    """DATABASE_URL leads to something that refuses or drops the role of a connection, as poolers do.

    Say where Postgres itself is, in STAGELINE_DIRECT_DATABASE_URL: transactions then take their role by themselves.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


@dataclass(frozen=True, slots=True)
class Session:
    """The role of a pool's connections, and their server settings; `is_lent`: by a pooler, for one transaction each."""

    role: str
    options: dict[str, str] = field(default_factory=dict)
    is_lent: bool = False

    @property
    def beginning(self) -> str:
        """The SQL that begins a transaction in the role."""
        if not self.is_lent:
            return "BEGIN"
        options = "".join(f"; SET LOCAL {name} = {value}" for name, value in self.options.items())
        return f"BEGIN; SET LOCAL ROLE {self.role}{options}"

    async def open_pool(self, url: str, size: int) -> asyncpg.Pool:
        """So many connections at most, on which transactions begin as said; raises `RoleNotTaken`."""
        try:
            return await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                init=self._prepare,
                reset=_leave,
                max_inactive_connection_lifetime=60.0,
                **self.connecting(),
            )
        except asyncpg.ProtocolViolationError as error:
            if not self.is_lent and "startup parameter" in str(error):  # PgBouncer does not know the role as one
                raise RoleNotTaken from None
            raise

    def connecting(self) -> dict[str, object]:
        """What asyncpg connects with; poolers that know no prepared statements get none."""
        always = {"application_name": f"stageline:{self.role}", "timezone": "UTC"}
        if self.is_lent:
            return {"server_settings": always, "statement_cache_size": 0}
        return {"server_settings": {"role": self.role, **always, **self.options}}

    async def _prepare(self, connection: asyncpg.Connection) -> None:
        if not self.is_lent and await connection.fetchval("SELECT current_user") != self.role:
            raise RoleNotTaken
        # parameters arrive as text already: SQLAlchemy's JSON type renders them
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=json.loads)


async def _leave(_connection: asyncpg.Connection) -> None:
    """Nothing to reset: only SET LOCAL is ever used, and asyncpg's own reset costs 110 µs."""
