"""Products."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_products__unit_price")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_products__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_products"),
        sa.UniqueConstraint("organization_id", "external_id", name="uq_products__external_id"),
        sa.UniqueConstraint("organization_id", "name", name="uq_products__name"),
    )
    isolate("products")


def downgrade() -> None:
    op.drop_table("products")
