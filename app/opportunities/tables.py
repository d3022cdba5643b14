"""Deals with their contact roles, line items and objections.

`stage`, `step`, `outcome` and what follows from them are written by the transition service alone.
"""

from enum import StrEnum

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
from app.core.search import search_text
from app.opportunities.qualification import qualification_columns
from app.people.ownership import ownership
from app.pipelines.tables import pinned_version


class ContactRole(StrEnum):
    """What a contact is in a deal; values may be added."""

    DECISION_MAKER = "decision_maker"
    ECONOMIC_BUYER = "economic_buyer"
    CHAMPION = "champion"
    INFLUENCER = "influencer"
    USER = "user"
    OTHER = "other"


class ObjectionStatus(StrEnum):
    """Whether an objection still stands."""

    OPEN = "open"
    RESOLVED = "resolved"


DECIDING_ROLES = (ContactRole.DECISION_MAKER, ContactRole.ECONOMIC_BUYER)

opportunities = organization_table(
    "opportunities",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid),
    sa.Column("amount", Money),
    money_key("amount"),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("close_on", sa.Date),
    # one that is not known comes last; Python's last day is sent by asyncpg as infinity, and would be another place
    sa.Column(
        "close_on_key", sa.Date, sa.Computed("coalesce(close_on, 'infinity'::date)", persisted=True), nullable=False
    ),
    sa.Column("pipeline_id", sa.Uuid, nullable=False),
    sa.Column("pipeline_version", sa.Integer, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, server_default="open"),
    sa.Column("left_stage", sa.Text),
    sa.Column("probability", sa.SmallInteger, nullable=False),
    sa.Column("forecast_category", sa.Text, nullable=False),
    sa.Column("stage_entered_at", TimestampTz, nullable=False),
    sa.Column("opened_at", TimestampTz, nullable=False),
    sa.Column("closed_at", TimestampTz),
    sa.Column("completed_at", TimestampTz),
    sa.Column("loss_reason", sa.Text),
    sa.Column("loss_note", sa.Text),
    sa.Column("source_opportunity_id", sa.Uuid),
    sa.Column("external_id", sa.Text),
    search_text("name"),
    *ownership("opportunities"),
    *qualification_columns(),
    pinned_version("opportunities"),
    reference("opportunities", "account_id", "accounts"),
    reference("opportunities", "source_opportunity_id", "opportunities"),
    one_of("outcome", ["open", "won", "lost"]),
    sa.CheckConstraint("amount >= 0", name="amount"),
    sa.CheckConstraint("probability BETWEEN 0 AND 100", name="probability"),
    sa.CheckConstraint("(outcome = 'open') = (closed_at IS NULL)", name="closed_at"),
    sa.CheckConstraint("(outcome = 'lost') = (loss_reason IS NOT NULL)", name="loss_reason"),
    sa.UniqueConstraint("organization_id", "external_id", name="uq_opportunities__external_id"),
    sa.Index("ix_opportunities__account_id", "organization_id", "account_id"),
    *sorted_by("opportunities", "created_at", "updated_at", "name", "stage_entered_at", "amount_key", "close_on_key"),
    *ranged_by("opportunities", "closed_at"),
    *found_by("opportunities", "stage", "step", "outcome", "pipeline_id"),
    sa.Index(
        "ix_opportunities__won",
        "organization_id",
        "team_id",
        "closed_at",
        postgresql_include=["owner_id", "amount", "currency"],
        postgresql_where=sa.text("outcome = 'won'"),
    ),
    postgresql_with={"fillfactor": "85"},
)

opportunity_contact_roles = organization_table(
    "opportunity_contact_roles",
    sa.Column("opportunity_id", sa.Uuid, nullable=False),
    sa.Column("contact_id", sa.Uuid, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    reference("opportunity_contact_roles", "opportunity_id", "opportunities"),
    reference("opportunity_contact_roles", "contact_id", "contacts"),
    one_of("role", list(ContactRole)),
    sa.UniqueConstraint(
        "organization_id", "opportunity_id", "contact_id", "role", name="uq_opportunity_contact_roles__role"
    ),
)

opportunity_line_items = organization_table(
    "opportunity_line_items",
    sa.Column("opportunity_id", sa.Uuid, nullable=False),
    sa.Column("product_id", sa.Uuid, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("quantity", sa.Numeric(12, 3), nullable=False),
    sa.Column("unit_price", Money, nullable=False),
    sa.Column("discount_percent", sa.Numeric(5, 2), nullable=False, server_default="0"),
    reference("opportunity_line_items", "opportunity_id", "opportunities"),
    reference("opportunity_line_items", "product_id", "products"),
    sa.CheckConstraint("quantity > 0", name="quantity"),
    sa.CheckConstraint("discount_percent BETWEEN 0 AND 100", name="discount_percent"),
    sa.Index("ix_opportunity_line_items__opportunity_id", "organization_id", "opportunity_id"),
)

objections = organization_table(
    "objections",
    sa.Column("opportunity_id", sa.Uuid, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="open"),
    sa.Column("resolution", sa.Text),
    sa.Column("resolved_at", TimestampTz),
    reference("objections", "opportunity_id", "opportunities"),
    one_of("status", list(ObjectionStatus)),
    sa.Index("ix_objections__opportunity_id", "organization_id", "opportunity_id"),
    *sorted_by("objections", "created_at"),
    *found_by("objections", "status"),
)
