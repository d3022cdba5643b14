"""Activities about a lead, a deal, an account or a contact."""

import sqlalchemy as sa

from app.activities.kinds import ActivityKind, ActivityStatus
from app.core.schema import TimestampTz, found_by, one_of, organization_table, ranged_by, reference, sorted_by
from app.people.ownership import ownership

OUTREACH_KINDS = (
    ActivityKind.CALL,
    ActivityKind.EMAIL,
    ActivityKind.MEETING,
    ActivityKind.NETWORKING,
    ActivityKind.SOCIAL,
)
PRESENTATION_KINDS = (ActivityKind.PRESENTATION, ActivityKind.DEMONSTRATION)

activities = organization_table(
    "activities",
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("lead_id", sa.Uuid),
    sa.Column("opportunity_id", sa.Uuid),
    sa.Column("account_id", sa.Uuid),
    sa.Column("contact_id", sa.Uuid),
    sa.Column("planned_at", TimestampTz),
    sa.Column("held_at", TimestampTz),
    sa.Column("duration_minutes", sa.Integer),
    sa.Column("external_id", sa.Text),
    *ownership("activities"),
    reference("activities", "lead_id", "leads"),
    reference("activities", "opportunity_id", "opportunities"),
    reference("activities", "account_id", "accounts"),
    reference("activities", "contact_id", "contacts"),
    one_of("kind", list(ActivityKind)),
    one_of("status", list(ActivityStatus)),
    sa.CheckConstraint("(status = 'held') = (held_at IS NOT NULL)", name="held_at"),
    sa.CheckConstraint("num_nonnulls(lead_id, opportunity_id, account_id, contact_id) > 0", name="about_something"),
    sa.UniqueConstraint("organization_id", "external_id", name="uq_activities__external_id"),
    sa.Index("ix_activities__lead_id", "organization_id", "lead_id"),
    sa.Index("ix_activities__opportunity_id", "organization_id", "opportunity_id"),
    sa.Index("ix_activities__account_id", "organization_id", "account_id"),
    *sorted_by("activities", "created_at", "updated_at"),
    *found_by("activities", "kind", "status", "contact_id"),
    *ranged_by("activities", "held_at", "planned_at"),
)
