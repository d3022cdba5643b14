"""Hand-offs, satisfaction surveys, customer issues and win/loss reviews, all about one deal."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.schema import TimestampTz, found_by, one_of, organization_table, reference, sorted_by


def _about_a_deal(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("opportunity_id", sa.Uuid, nullable=False),
        reference(table, "opportunity_id", "opportunities"),
        sa.Index(f"ix_{table}__opportunity_id", "organization_id", "opportunity_id"),
        *sorted_by(table, "created_at", "updated_at"),
    ]


handoffs = organization_table(
    "handoffs",
    *_about_a_deal("handoffs"),
    sa.Column("from_user_id", sa.Uuid, nullable=False),
    sa.Column("to_user_id", sa.Uuid, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="requested"),
    sa.Column("note", sa.Text),
    sa.Column("decision_note", sa.Text),
    sa.Column("decided_at", TimestampTz),
    reference("handoffs", "from_user_id", "users"),
    reference("handoffs", "to_user_id", "users"),
    one_of("status", ["requested", "accepted", "rejected"]),
    *found_by("handoffs", "to_user_id", "status"),
)

satisfaction_surveys = organization_table(
    "satisfaction_surveys",
    *_about_a_deal("satisfaction_surveys"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("score", sa.SmallInteger),
    sa.Column("comment", sa.Text),
    sa.Column("contact_id", sa.Uuid),
    sa.Column("asked_at", TimestampTz, nullable=False),
    reference("satisfaction_surveys", "contact_id", "contacts"),
    one_of("status", ["attempted", "answered"]),
    sa.CheckConstraint("score BETWEEN 0 AND 10", name="score"),
    sa.CheckConstraint("(status = 'answered') = (score IS NOT NULL)", name="answered_score"),
    *found_by("satisfaction_surveys", "status", "contact_id"),
)

issues = organization_table(
    "issues",
    *_about_a_deal("issues"),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("severity", sa.Text, nullable=False, server_default="normal"),
    sa.Column("status", sa.Text, nullable=False, server_default="open"),
    sa.Column("resolution", sa.Text),
    sa.Column("resolved_at", TimestampTz),
    one_of("severity", ["low", "normal", "high", "critical"]),
    one_of("status", ["open", "resolved"]),
    *found_by("issues", "status", "severity"),
)

reviews = organization_table(
    "reviews",
    *_about_a_deal("reviews"),
    sa.Column("reasons", ARRAY(sa.Text), nullable=False),
    sa.Column("competitor", sa.Text),
    sa.Column("lesson", sa.Text, nullable=False),
    sa.Column("filed_by", sa.Uuid, nullable=False),
    reference("reviews", "filed_by", "users"),
    *found_by("reviews", "filed_by"),
)
