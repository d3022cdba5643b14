"""Records that belong to one deal for good (a proposal, a contract): found and written as parts of its aggregate."""

from uuid import UUID

from app.core.database import Row, Statement, Transaction
from app.core.problems import Invalid, NotFound
from app.opportunities.aggregate import Deal, lock_deal, read_deal


async def read_evidence(tx: Transaction, find: Statement, record_id: UUID, *, read: str) -> Row:
    """Read a record with an `opportunity_id`; raises `NotFound` when its deal is beyond the reach of `read`."""
    row = await tx.fetch_one(find, id=record_id)
    if row is None:
        raise NotFound
    await read_deal(tx, row["opportunity_id"], read=read)
    return row


async def lock_evidence(
    tx: Transaction, find: Statement, record_id: UUID, *, read: str, write: str
) -> tuple[Deal, Row]:
    """Lock the deal of a record with an `opportunity_id` and read the record under the lock; raises as `lock_deal`."""
    unlocked = await tx.fetch_one(find, id=record_id)
    if unlocked is None:
        raise NotFound
    deal = await lock_deal(tx, unlocked["opportunity_id"], read=read, write=write)
    return deal, await tx.fetch_row(find, id=record_id)


async def lock_named_deal(tx: Transaction, opportunity_id: UUID, *, read: str, write: str) -> Deal:
    """Lock the deal that a new record names; raises `Invalid` where `lock_deal` says that there is none."""
    try:
        return await lock_deal(tx, opportunity_id, read=read, write=write)
    except NotFound:
        raise Invalid.at("/opportunity_id", "unknown_reference", "There is no such record.") from None


def currency_of(deal: Deal, given: str | None) -> str:
    """The currency of a record of the deal: the deal's; raises `Invalid` for any other."""
    currency: str = deal.row["currency"]
    if given is not None and given != currency:
        raise Invalid.at("/currency", "other_currency", "The deal is in another currency.")
    return currency
