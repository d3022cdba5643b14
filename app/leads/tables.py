"""Leads; `stage` and `outcome` are written by the transition service alone."""

import sqlalchemy as sa

from app.core.schema import TimestampTz, email_key, found_by, one_of, organization_table, reference, sorted_by
from app.core.search import search_text
from app.opportunities.qualification import qualification_columns
from app.people.ownership import ownership
from app.pipelines.tables import pinned_version

leads = organization_table(
    "leads",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("company_name", sa.Text),
    sa.Column("email", sa.Text),
    email_key(),
    sa.Column("phone", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("pipeline_id", sa.Uuid, nullable=False),
    sa.Column("pipeline_version", sa.Integer, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, server_default="open"),
    sa.Column("left_stage", sa.Text),
    sa.Column("stage_entered_at", TimestampTz, nullable=False),
    sa.Column("disqualified_reason", sa.Text),
    sa.Column("qualified_at", TimestampTz),
    sa.Column("converted_at", TimestampTz),
    sa.Column("converted_account_id", sa.Uuid),
    sa.Column("converted_contact_id", sa.Uuid),
    sa.Column("converted_opportunity_id", sa.Uuid),
    sa.Column("external_id", sa.Text),
    search_text("name", "company_name", "email"),
    *ownership("leads"),
    *qualification_columns(),
    pinned_version("leads"),
    reference("leads", "converted_account_id", "accounts"),
    reference("leads", "converted_contact_id", "contacts"),
    reference("leads", "converted_opportunity_id", "opportunities"),
    one_of("outcome", ["open", "converted", "disqualified"]),
    sa.CheckConstraint("(outcome = 'converted') = (converted_opportunity_id IS NOT NULL)", name="outcome_converted"),
    sa.CheckConstraint("(outcome = 'disqualified') = (disqualified_reason IS NOT NULL)", name="disqualified_reason"),
    sa.UniqueConstraint("organization_id", "external_id", name="uq_leads__external_id"),
    *sorted_by("leads", "created_at", "updated_at", "name", "stage_entered_at"),
    *found_by("leads", "stage", "outcome", "source"),
    sa.Index("ix_leads__email_key", "organization_id", "email_key"),
    sa.Index("ix_leads__converted_opportunity_id", "organization_id", "converted_opportunity_id"),
    postgresql_with={"fillfactor": "85"},
)
