"""Organizations, teams, users and API keys."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.schema import TimestampTz, found_by, metadata, one_of, organization_table, reference, sorted_by
from app.core.search import search_text
from app.people.permissions import Position

organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"),
    sa.Column("fiscal_year_start_month", sa.SmallInteger, nullable=False, server_default="1"),
    sa.Column("currency", sa.CHAR(3), nullable=False, server_default="USD"),
    sa.Column("discount_limit_percent", sa.Numeric(5, 2), nullable=False, server_default="10"),
    sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    sa.Column("created_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.Column("updated_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint("fiscal_year_start_month BETWEEN 1 AND 12", name="fiscal_year_start_month"),
    sa.CheckConstraint("discount_limit_percent BETWEEN 0 AND 100", name="discount_limit_percent"),
)

teams = organization_table(
    "teams",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parent_id", sa.Uuid),
    sa.Column("manager_id", sa.Uuid),
    search_text("name"),
    reference("teams", "parent_id", "teams"),
    reference("teams", "manager_id", "users", use_alter=True),
    sa.UniqueConstraint("organization_id", "name", name="uq_teams__name"),
    *sorted_by("teams", "created_at", "updated_at"),
    *found_by("teams", "parent_id", "manager_id"),
)

users = organization_table(
    "users",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("position", sa.Text, nullable=False),
    sa.Column("team_id", sa.Uuid),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("external_id", sa.Text),
    search_text("name", "email"),
    reference("users", "team_id", "teams"),
    one_of("position", list(Position)),
    sa.UniqueConstraint("organization_id", "external_id", name="uq_users__external_id"),
    sa.Index("ix_users__team_id", "organization_id", "team_id"),
    *sorted_by("users", "created_at", "updated_at", "name"),
    *found_by("users", "position", "is_active"),
)
sa.Index("uq_users__email", users.c.organization_id, sa.func.lower(users.c.email), unique=True)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("id", sa.Text, unique=True),
    sa.Column("user_id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False, server_default="{*}"),
    sa.Column("created_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.Column("expires_at", TimestampTz),
    sa.Column("revoked_at", TimestampTz),
    sa.Column("last_used_at", TimestampTz),
    sa.Column("rotations", sa.Integer, nullable=False, server_default="0"),
    sa.Column("old_secret_sha256", sa.LargeBinary),
    sa.Column("old_secret_expires_at", TimestampTz),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    sa.CheckConstraint("cardinality(scopes) > 0", name="scopes"),
    sa.CheckConstraint("(old_secret_sha256 IS NULL) = (old_secret_expires_at IS NULL)", name="old_secret"),
    reference("api_keys", "user_id", "users"),
    sa.Index("ix_api_keys__user_id", "organization_id", "user_id"),
)
