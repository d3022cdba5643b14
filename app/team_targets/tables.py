"""Targets of teams and of people in them, and how a team's target is allocated."""

from enum import StrEnum

import sqlalchemy as sa

from app.core.schema import (
    Money,
    TimestampTz,
    found_by,
    metadata,
    one_of,
    organization_table,
    reference,
    sorted_by,
)


class Metric(StrEnum):
    """What a target counts: money for `revenue_won`, records for all others."""

    REVENUE_WON = "revenue_won"
    DEALS_WON = "deals_won"
    LEADS_QUALIFIED = "leads_qualified"
    MEETINGS_HELD = "meetings_held"
    OPPORTUNITIES_ACCEPTED = "opportunities_accepted"
    ACTIVITIES_HELD = "activities_held"


team_targets = organization_table(
    "team_targets",
    sa.Column("team_id", sa.Uuid, nullable=False),
    sa.Column("user_id", sa.Uuid),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("target_value", Money, nullable=False),
    sa.Column("currency", sa.CHAR(3)),
    reference("team_targets", "team_id", "teams"),
    reference("team_targets", "user_id", "users"),
    one_of("metric", list(Metric)),
    sa.CheckConstraint("target_value > 0", name="target_value"),
    sa.CheckConstraint("(metric = 'revenue_won') = (currency IS NOT NULL)", name="currency"),
    sa.CheckConstraint("starts_on < ends_on", name="ends_on"),
    sa.UniqueConstraint(
        "organization_id",
        "team_id",
        "user_id",
        "metric",
        "period",
        name="uq_team_targets__period",
        postgresql_nulls_not_distinct=True,
    ),
    *sorted_by("team_targets", "created_at", "starts_on"),
    *found_by("team_targets", "metric", "period"),
    sa.Index("ix_team_targets__user_id", "organization_id", "user_id"),
)

team_target_allocations = organization_table(
    "team_target_allocations",
    sa.Column("target_id", sa.Uuid, nullable=False),
    sa.Column("user_id", sa.Uuid),
    sa.Column("team_id", sa.Uuid),
    sa.Column("value", Money, nullable=False),
    reference("team_target_allocations", "target_id", "team_targets"),
    reference("team_target_allocations", "user_id", "users"),
    reference("team_target_allocations", "team_id", "teams"),
    sa.CheckConstraint("num_nonnulls(user_id, team_id) = 1", name="user_or_team"),
    sa.CheckConstraint("value > 0", name="value"),
    sa.UniqueConstraint(
        "organization_id",
        "target_id",
        "user_id",
        "team_id",
        name="uq_team_target_allocations__target_id",
        postgresql_nulls_not_distinct=True,
    ),
)

# A trigger of `opportunities` adds a row for each deal that becomes won, and one that takes it off again for each that
# changes or ceases to be; no row is waited for. What counts is the sum of the rows. `day` begins at midnight in UTC.
won_totals = sa.Table(
    "won_totals",
    metadata,
    sa.Column("organization_id", sa.Uuid, nullable=False),
    sa.Column("team_id", sa.Uuid, nullable=False),
    sa.Column("owner_id", sa.Uuid),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("day", TimestampTz, nullable=False),
    sa.Column("deals", sa.BigInteger, nullable=False),
    sa.Column("amount", sa.Numeric, nullable=False),
    sa.Column("is_folded", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(
        "ix_won_totals__day",
        "organization_id",
        "team_id",
        "day",
        postgresql_include=["owner_id", "currency", "deals", "amount"],
    ),
    sa.Index(
        "ix_won_totals__not_folded",
        "organization_id",
        "team_id",
        "day",
        postgresql_where=sa.text("NOT is_folded"),
    ),
)
