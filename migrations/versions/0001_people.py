"""Organizations, teams, users and API keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.walls import isolate

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("fiscal_year_start_month", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("currency", sa.CHAR(length=3), server_default="USD", nullable=False),
        sa.Column("discount_limit_percent", sa.Numeric(precision=5, scale=2), server_default="10", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "discount_limit_percent BETWEEN 0 AND 100", name=op.f("ck_organizations__discount_limit_percent")
        ),
        sa.CheckConstraint(
            "fiscal_year_start_month BETWEEN 1 AND 12", name=op.f("ck_organizations__fiscal_year_start_month")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
    )
    op.create_table(
        "teams",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("manager_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"], ["teams.organization_id", "teams.id"], name="fk_teams__parent_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_teams__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_teams"),
        sa.UniqueConstraint("organization_id", "name", name="uq_teams__name"),
    )
    op.create_table(
        "users",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "position IN ('sales_representative', 'business_development_representative', 'account_executive', 'account_manager', 'sales_manager', 'sales_operations_specialist', 'sales_operations_manager', 'sales_support_specialist')",
            name=op.f("ck_users__position"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["teams.organization_id", "teams.id"], name="fk_users__team_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_users__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_users"),
        sa.UniqueConstraint("organization_id", "external_id", name="uq_users__external_id"),
    )
    op.create_index("ix_users__team_id", "users", ["organization_id", "team_id"], unique=False)
    op.create_index("uq_users__email", "users", ["organization_id", sa.literal_column("lower(email)")], unique=True)
    op.create_foreign_key(
        "fk_teams__manager_id", "teams", "users", ["organization_id", "manager_id"], ["organization_id", "id"]
    )
    op.create_table(
        "api_keys",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"], ["users.organization_id", "users.id"], name="fk_api_keys__user_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_api_keys__organization_id")),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("id", name=op.f("uq_api_keys__id")),
    )
    op.create_index("ix_api_keys__user_id", "api_keys", ["organization_id", "user_id"], unique=False)
    op.execute("GRANT SELECT ON alembic_version TO stageline_app, stageline_worker")
    isolate("organizations", column="id", app="SELECT, INSERT, UPDATE", worker="SELECT")
    isolate("teams")
    isolate("users")
    isolate("api_keys")
    # a credential's organization is not known before its key is found: this one row, and nothing else
    op.execute(
        "CREATE POLICY credential ON api_keys FOR SELECT TO stageline_app "
        "USING (id = NULLIF(current_setting('app.api_key_id', true), ''))"
    )


def downgrade() -> None:
    op.drop_index("ix_api_keys__user_id", table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_constraint("fk_teams__manager_id", "teams", type_="foreignkey")
    op.drop_index("uq_users__email", table_name="users")
    op.drop_index("ix_users__team_id", table_name="users")
    op.drop_table("users")
    op.drop_table("teams")
    op.drop_table("organizations")
    op.execute("REVOKE SELECT ON alembic_version FROM stageline_app, stageline_worker")
