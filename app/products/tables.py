"""The products on offer."""

import sqlalchemy as sa

from app.core.schema import Money, found_by, money_key, organization_table, sorted_by
from app.core.search import search_text

products = organization_table(
    "products",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("series", sa.Text),
    sa.Column("unit_price", Money, nullable=False),
    money_key("unit_price"),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("external_id", sa.Text),
    search_text("name"),
    sa.UniqueConstraint("organization_id", "name", name="uq_products__name"),
    sa.UniqueConstraint("organization_id", "external_id", name="uq_products__external_id"),
    *sorted_by("products", "created_at", "unit_price_key"),
    *found_by("products", "series", "is_active"),
    sa.CheckConstraint("unit_price >= 0", name="unit_price"),
)
