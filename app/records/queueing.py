"""The locks of a batch: all of them, in one order, before anything is written.

So two batches never wait for each other, and the transaction takes its id, which holds the feed back for everybody,
only when it has nothing more to wait for.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement, Transaction
from app.core.resource import Body
from app.records.batch_schemas import BatchOperation
from app.records.collection import Collection

_key = sa.func.unnest(bindparam("keys", type_=sa.ARRAY(sa.Text))).column_valued("key")
_lock = Statement(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(_key, 2))))  # 0: subjects, 1: keys


async def queue_for(tx: Transaction, collection: Collection, operation: BatchOperation, bodies: Sequence[Body]) -> None:
    """Wait until nobody else writes what the batch will write."""
    fields = [body.model_dump() for body in bodies]
    if operation is BatchOperation.CREATE:
        await collection.queue(tx, fields, [])
        return
    external_ids = sorted({each["external_id"] for each in fields})
    await tx.execute(_lock, keys=[f"{tx.caller.organization_id} {collection.path} {each}" for each in external_ids])
    found = await tx.fetch_all(collection.find_ids, external_ids=external_ids)
    await collection.queue(tx, fields, [row["id"] for row in found])
