"""Accounts and contacts."""

import sqlalchemy as sa

from app.core.schema import Money, email_key, found_by, organization_table, reference, sorted_by
from app.core.search import search_text
from app.people.ownership import ownership

accounts = organization_table(
    "accounts",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("industry", sa.Text),
    sa.Column("website", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("founded_year", sa.SmallInteger),
    sa.Column("employee_count", sa.Integer),
    sa.Column("annual_revenue", Money),
    sa.Column("annual_revenue_currency", sa.CHAR(3)),
    sa.Column("parent_id", sa.Uuid),
    sa.Column("external_id", sa.Text),
    search_text("name", "website"),
    *ownership("accounts"),
    reference("accounts", "parent_id", "accounts"),
    sa.UniqueConstraint("organization_id", "external_id", name="uq_accounts__external_id"),
    *sorted_by("accounts", "created_at", "updated_at", "name"),
    *found_by("accounts", "parent_id", "industry"),
    sa.CheckConstraint("(annual_revenue IS NULL) = (annual_revenue_currency IS NULL)", name="annual_revenue_currency"),
)

contacts = organization_table(
    "contacts",
    sa.Column("account_id", sa.Uuid),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    email_key(),
    sa.Column("phone", sa.Text),
    sa.Column("title", sa.Text),
    sa.Column("external_id", sa.Text),
    search_text("name", "email"),
    *ownership("contacts"),
    reference("contacts", "account_id", "accounts"),
    sa.UniqueConstraint("organization_id", "external_id", name="uq_contacts__external_id"),
    sa.Index("ix_contacts__account_id", "organization_id", "account_id"),
    *sorted_by("contacts", "created_at", "updated_at", "name"),
    sa.Index("ix_contacts__email_key", "organization_id", "email_key"),
)
