"""What is sent on a connection that may break off at any moment, and what becomes of the connection then."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg


async def command(connection: asyncpg.Connection, sql: str) -> str:
    """BEGIN, COMMIT or ROLLBACK."""
    with breaking_off(connection):
        status: str = await connection.execute(sql)
    return status


@contextmanager
def breaking_off(connection: asyncpg.Connection) -> Iterator[None]:
    """A connection on which something breaks off in here does not return to the pool."""
    try:
        yield
    except asyncpg.PostgresError:
        raise  # the server answered: the connection is in order, or asyncpg knows that it is closed
    except BaseException:
        connection.terminate()
        raise
