"""What leads, accounts, contacts and deals differ in where other systems write them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.database import Row, Statement, Transaction
from app.core.resource import Patch


@dataclass(frozen=True, slots=True)
class Collection:
    """One kind of record, with the deeds that its POST and its PATCH do; `read` is the permission to see one.

    `queue` waits for what these deeds will lock: given the fields of all items of a batch, and the ids of those records
    that are there already.
    """

    path: str
    read: str
    find: Statement
    create: Callable[[Transaction, dict[str, Any]], Awaitable[Row]]
    change: Callable[[Transaction, UUID, dict[str, Any], int | None], Awaitable[Row]]
    patch: type[Patch]
    find_ids: Statement
    queue: Callable[[Transaction, Sequence[dict[str, Any]], Sequence[UUID]], Awaitable[None]]
