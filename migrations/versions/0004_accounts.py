"""Accounts and contacts."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("founded_year", sa.SmallInteger(), nullable=True),
        sa.Column("employee_count", sa.Integer(), nullable=True),
        sa.Column("annual_revenue", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("annual_revenue_currency", sa.CHAR(length=3), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(annual_revenue IS NULL) = (annual_revenue_currency IS NULL)",
            name=op.f("ck_accounts__annual_revenue_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"], ["users.organization_id", "users.id"], name="fk_accounts__owner_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"], ["accounts.organization_id", "accounts.id"], name="fk_accounts__parent_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["teams.organization_id", "teams.id"], name="fk_accounts__team_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_accounts__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_accounts"),
        sa.UniqueConstraint("organization_id", "external_id", name="uq_accounts__external_id"),
    )
    op.create_index("ix_accounts__created_at", "accounts", ["organization_id", "created_at", "id"], unique=False)
    op.create_index("ix_accounts__name", "accounts", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_accounts__owner_id", "accounts", ["organization_id", "owner_id"], unique=False)
    op.create_index("ix_accounts__team_id", "accounts", ["organization_id", "team_id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name="fk_contacts__account_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"], ["users.organization_id", "users.id"], name="fk_contacts__owner_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["teams.organization_id", "teams.id"], name="fk_contacts__team_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_contacts__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_contacts"),
        sa.UniqueConstraint("organization_id", "external_id", name="uq_contacts__external_id"),
    )
    op.create_index("ix_contacts__account_id", "contacts", ["organization_id", "account_id"], unique=False)
    op.create_index("ix_contacts__created_at", "contacts", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_contacts__email", "contacts", ["organization_id", sa.literal_column("lower(email)")], unique=False
    )
    op.create_index("ix_contacts__owner_id", "contacts", ["organization_id", "owner_id"], unique=False)
    op.create_index("ix_contacts__team_id", "contacts", ["organization_id", "team_id"], unique=False)
    isolate("accounts")
    isolate("contacts")


def downgrade() -> None:
    op.drop_index("ix_contacts__team_id", table_name="contacts")
    op.drop_index("ix_contacts__owner_id", table_name="contacts")
    op.drop_index("ix_contacts__email", table_name="contacts")
    op.drop_index("ix_contacts__created_at", table_name="contacts")
    op.drop_index("ix_contacts__account_id", table_name="contacts")
    op.drop_table("contacts")
    op.drop_index("ix_accounts__team_id", table_name="accounts")
    op.drop_index("ix_accounts__owner_id", table_name="accounts")
    op.drop_index("ix_accounts__name", table_name="accounts")
    op.drop_index("ix_accounts__created_at", table_name="accounts")
    op.drop_table("accounts")
