"""Statements on contact roles, line items and objections."""

import sqlalchemy as sa
from sqlalchemy import bindparam

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
