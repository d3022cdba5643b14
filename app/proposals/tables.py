"""Proposals: draft → sent → accepted, rejected or expired."""

import sqlalchemy as sa

from app.core.schema import (
    Money,
    TimestampTz,
    found_by,
    money_key,
    one_of,
    organization_table,
    ranged_by,
    reference,
    sorted_by,
)
from app.proposals.status import ProposalStatus

proposals = organization_table(
    "proposals",
    sa.Column("opportunity_id", sa.Uuid, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="draft"),
    sa.Column("amount", Money, nullable=False),
    money_key("amount"),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("pricing", sa.Text),
    sa.Column("terms", sa.Text),
    sa.Column("delivery_timeline", sa.Text),
    sa.Column("discount_percent", sa.Numeric(5, 2), nullable=False, server_default="0"),
    sa.Column("discount_approved_percent", sa.Numeric(5, 2)),
    sa.Column("discount_approved_by", sa.Uuid),
    sa.Column("discount_approved_at", TimestampTz),
    sa.Column("valid_until_on", sa.Date),
    sa.Column("sent_at", TimestampTz),
    sa.Column("decided_at", TimestampTz),
    sa.Column("decision_note", sa.Text),
    reference("proposals", "opportunity_id", "opportunities"),
    reference("proposals", "discount_approved_by", "users"),
    one_of("status", list(ProposalStatus)),
    sa.CheckConstraint("amount >= 0", name="amount"),
    sa.CheckConstraint("discount_percent BETWEEN 0 AND 100", name="discount_percent"),
    sa.Index("ix_proposals__opportunity_id", "organization_id", "opportunity_id"),
    *sorted_by("proposals", "created_at", "updated_at", "amount_key"),
    *ranged_by("proposals", "sent_at", "valid_until_on"),
    *found_by("proposals", "status"),
)
