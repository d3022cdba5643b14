"""Statements on products."""

import sqlalchemy as sa

from app.core.pagination import Listing, any_of, equals
from app.core.writes import Update, find_row, insert_row
from app.people.scoping import in_organization
from app.products.tables import products

find_product = find_row(products)
insert_product = insert_row(products)
update_product = Update(products)

product_listing = Listing(
    base=sa.select(products).where(in_organization(products)),
    id_column=products.c.id,
    searched=products,
    sorts={
        "created_at": products.c.created_at,
        "name": products.c.name,
        "unit_price": products.c.unit_price_key,
    },
    filters={
        "series": any_of(products.c.series),
        "is_active": equals(products.c.is_active),
        "external_id": equals(products.c.external_id),
    },
)
