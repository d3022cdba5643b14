"""Reading and changing products; reference data has no events of its own."""

from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction
from app.core.problems import NotFound, PreconditionFailed
from app.core.resource import check_version
from app.products import queries


async def read_product(tx: Transaction, product_id: UUID) -> Row:
    """Read a product; raises `NotFound`."""
    row = await tx.fetch_one(queries.find_product, id=product_id)
    if row is None:
        raise NotFound
    return row


async def change_product(tx: Transaction, product_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the given fields; raises `NotFound` and `PreconditionFailed`."""
    check_version(await read_product(tx, product_id), expected)
    row = await tx.fetch_row(queries.update_product.of(changes), id=product_id, **changes)
    if expected is not None and row["version"] != expected + 1:
        raise PreconditionFailed
    return row
