"""Everything a database holds, as the bytes that a dump would write."""

import base64
import io

import asyncpg


async def dump_of(owner: asyncpg.Connection) -> bytes:
    """All rows of all tables, as text and in Postgres' binary form."""
    tables = await owner.fetch(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    dump = io.BytesIO()
    for table in tables:
        for form in ("text", "binary"):
            await owner.copy_from_query(f"SELECT * FROM {table['name']}", output=dump, format=form)  # noqa: S608
    return dump.getvalue()


def forms_of(secret: str) -> list[bytes]:
    """A secret in every form in which it could stand in a dump or a log."""
    encoded = secret.removeprefix("whsec_")
    raw = base64.b64decode(encoded)
    return [encoded.encode(), encoded.rstrip("=").encode(), raw, raw.hex().encode(), secret.encode().hex().encode()]
