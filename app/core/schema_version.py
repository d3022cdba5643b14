"""Which schema a database has, and which one this code expects."""

from functools import cache
from pathlib import Path

from app.core.database import Transaction


def migrations_folder() -> Path:
    """Where the migrations are: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parents[1]
    inside = package / "migrations"
    return inside if inside.exists() else package.parent / "migrations"


@cache
def newest_revision() -> str:
    """The last of the numbers that the files of the migrations begin with."""
    return max(path.name.partition("_")[0] for path in (migrations_folder() / "versions").glob("*.py"))


async def revision_of(tx: Transaction) -> str | None:
    """The revision that the database is at; raises asyncpg's `UndefinedTableError` where none was ever made."""
    revision: str | None = await tx.connection.fetchval("SELECT version_num FROM alembic_version")
    return revision
