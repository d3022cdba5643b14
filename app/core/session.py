"""Under which role and settings statements run, on a connection of our own or on one that a pooler lends.

A pooler of transactions, such as PgBouncer, gives a connection to somebody else after each of them: what was set for
longer is lost there, or worse, found by others. So a transaction brings along whatever it acts under. Its role too, in
the same message as BEGIN: either both are there, or no transaction is.
"""

from dataclasses import dataclass, field

import asyncpg


class RoleNotTaken(RuntimeError):
    """DATABASE_URL leads to something that drops the role of a connection, as poolers may.

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

    def connecting(self) -> dict[str, object]:
        """What asyncpg connects with; poolers that know no prepared statements get none."""
        always = {"application_name": f"stageline:{self.role}", "timezone": "UTC"}
        if self.is_lent:
            return {"server_settings": always, "statement_cache_size": 0}
        return {"server_settings": {"role": self.role, **always, **self.options}}

    async def demand_role(self, connection: asyncpg.Connection) -> None:
        """Raise `RoleNotTaken` for a connection of our own that does not act in the role."""
        if not self.is_lent and await connection.fetchval("SELECT current_user") != self.role:
            raise RoleNotTaken
