"""What is in a deal: products with quantity, price and discount, in the deal's currency."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any
from uuid import UUID

from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.pagination import PageQuery
from app.core.problems import Invalid, NotFound
from app.core.resource import check_version
from app.opportunities import part_queries as queries
from app.opportunities.aggregate import Deal, lock_running_deal, publish, read_deal
from app.opportunities.part_schemas import LineItem, LineItemPage
from app.opportunities.writing import READ, WRITE
from app.products.queries import find_product

_CENT = Decimal("0.01")
_LARGEST_TOTAL = Decimal("9999999999999999.99")  # what an `Amount` holds
_EXACT_DIGITS = 50  # more than quantity, price and discount have together


def with_total(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line item's row with its `total`: quantity × unit price × (1 − discount), rounded half up to cents."""
    with localcontext(prec=_EXACT_DIGITS):
        exact = row["quantity"] * row["unit_price"] * (100 - row["discount_percent"]) / 100
        return {**row, "total": exact.quantize(_CENT, ROUND_HALF_UP)}


async def read_line_items(tx: Transaction, opportunity_id: UUID, query: PageQuery) -> LineItemPage:
    """A page of a deal's line items with the sum of all; raises `NotFound`."""
    deal = await read_deal(tx, opportunity_id, read=READ)
    page = await queries.line_item_listing.page(tx, query, opportunity_id=opportunity_id)
    return LineItemPage(
        items=[LineItem.model_validate(with_total(row)) for row in page.rows],
        next_cursor=page.next_cursor,
        total=await tx.fetch_value(queries.sum_of_line_items, opportunity_id=opportunity_id),
        currency=deal["currency"],
    )


async def read_line_item(tx: Transaction, place: tuple[UUID, UUID]) -> Row:
    """A line item of a deal, `place` being deal and item; raises `NotFound`."""
    await read_deal(tx, place[0], read=READ)
    return await _find(tx, place)


async def add_line_item(tx: Transaction, opportunity_id: UUID, fields: dict[str, Any]) -> Row:
    """Put a product into a deal.

    Raises `NotFound`, `Forbidden`, `DealCompleted`, and `Invalid` for another currency or a total beyond `Amount`.
    """
    deal = await lock_running_deal(tx, opportunity_id, write=WRITE)
    product = await tx.fetch_one(find_product, id=fields["product_id"])
    if product is None or not product["is_active"]:
        raise Invalid.at("/product_id", "unknown_reference", "There is no such active product.")
    if product["currency"] != deal.row["currency"]:
        raise Invalid.at("/product_id", "other_currency", "The product is priced in another currency than the deal.")
    if fields["unit_price"] is None:
        fields["unit_price"] = product["unit_price"]
    row = await tx.fetch_row(queries.insert_line_item, id=new_id(), opportunity_id=opportunity_id, **fields)
    await publish(tx, deal, "opportunity.line_item_added", _payload(row))
    return row


async def change_line_item(
    tx: Transaction, place: tuple[UUID, UUID], changes: dict[str, Any], expected: int | None
) -> Row:
    """Change a line item, `place` being deal and item; raises as `add_line_item`, and `PreconditionFailed`."""
    deal, old = await _lock(tx, place)
    check_version(old, expected)
    row = await tx.fetch_row(queries.update_line_item.of(changes), id=old["id"], **changes)
    await publish(tx, deal, "opportunity.line_item_changed", _payload(row), before(with_total(old), with_total(row)))
    return row


async def remove_line_item(tx: Transaction, place: tuple[UUID, UUID], expected: int | None) -> None:
    """Take a product out of a deal; raises as `change_line_item`."""
    deal, old = await _lock(tx, place)
    check_version(old, expected)
    await tx.execute(queries.delete_line_item, id=old["id"])
    await publish(tx, deal, "opportunity.line_item_removed", _payload(old))


async def _lock(tx: Transaction, place: tuple[UUID, UUID]) -> tuple[Deal, Row]:
    deal = await lock_running_deal(tx, place[0], write=WRITE)
    return deal, await _find(tx, place)


async def _find(tx: Transaction, place: tuple[UUID, UUID]) -> Row:
    opportunity_id, line_item_id = place
    row = await tx.fetch_one(queries.find_line_item, id=line_item_id)
    if row is None or row["opportunity_id"] != opportunity_id:
        raise NotFound
    return row


def _payload(row: Row) -> dict[str, Any]:
    item = with_total(row)
    if item["total"] > _LARGEST_TOTAL:
        raise Invalid.at("/quantity", "total_too_large", "The total of this line item is too large.")
    return LineItem.model_validate(item).model_dump(mode="json")
