"""Statements on contact roles, line items and objections."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement
from app.core.pagination import Listing, any_of, equals
from app.core.writes import Update, delete_row, find_row, insert_row
from app.opportunities.tables import (
    objections,
    opportunities,
    opportunity_contact_roles,
    opportunity_line_items,
)
from app.people.scoping import in_organization, within_reach

find_contact_role = find_row(opportunity_contact_roles)
find_same_contact_role = Statement(
    sa.select(opportunity_contact_roles.c.id).where(
        in_organization(opportunity_contact_roles),
        opportunity_contact_roles.c.opportunity_id == bindparam("opportunity_id"),
        opportunity_contact_roles.c.contact_id == bindparam("contact_id"),
        opportunity_contact_roles.c.role == bindparam("role"),
    )
)
insert_contact_role = insert_row(opportunity_contact_roles)
delete_contact_role = delete_row(opportunity_contact_roles)

find_line_item = find_row(opportunity_line_items)
insert_line_item = insert_row(opportunity_line_items)
update_line_item = Update(opportunity_line_items)
delete_line_item = delete_row(opportunity_line_items)

find_objection = find_row(objections)
insert_objection = insert_row(objections, without=frozenset({"status", "resolution", "resolved_at"}))
update_objection = Update(objections)


def _of_one_deal(table: sa.Table) -> Listing:
    return Listing(
        base=sa.select(table).where(
            in_organization(table), table.c.opportunity_id == bindparam("opportunity_id", type_=sa.Uuid)
        ),
        id_column=table.c.id,
        sorts={"created_at": table.c.created_at},
    )


contact_role_listing = _of_one_deal(opportunity_contact_roles)
line_item_listing = _of_one_deal(opportunity_line_items)

_items = opportunity_line_items.c
_of_the_deal = sa.and_(
    in_organization(opportunity_line_items), _items.opportunity_id == bindparam("opportunity_id", type_=sa.Uuid)
)
_PERCENT = sa.literal_column("0.01", sa.Numeric)  # a division would round before round() does
# numeric round() takes halves away from zero, which for prices is half up, as `line_items.with_total` rounds
_item_total = sa.func.round(_items.quantity * _items.unit_price * (100 - _items.discount_percent) * _PERCENT, 2)
sum_of_line_items = Statement(
    sa.select(sa.func.coalesce(sa.func.sum(_item_total), sa.literal_column("0.00", sa.Numeric))).where(_of_the_deal)
)
has_line_items = Statement(sa.select(sa.exists().where(_of_the_deal)))

objection_listing = Listing(
    base=sa.select(objections)
    .join(
        opportunities,
        sa.and_(
            opportunities.c.organization_id == objections.c.organization_id,
            opportunities.c.id == objections.c.opportunity_id,
        ),
    )
    .where(within_reach(opportunities)),
    id_column=objections.c.id,
    sorts={"created_at": objections.c.created_at},
    filters={"opportunity_id": equals(objections.c.opportunity_id), "status": any_of(objections.c.status)},
)
