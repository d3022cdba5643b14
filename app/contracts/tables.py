"""Contracts and recorded purchases: draft → signed → terminated."""

import sqlalchemy as sa

from app.contracts.kinds import ContractKind, ContractStatus
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

contracts = organization_table(
    "contracts",
    sa.Column("opportunity_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="draft"),
    sa.Column("number", sa.Text),
    sa.Column("amount", Money, nullable=False),
    money_key("amount"),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("starts_on", sa.Date),
    sa.Column("ends_on", sa.Date),
    sa.Column("signed_on", sa.Date),
    sa.Column("signed_by_contact_id", sa.Uuid),
    sa.Column("terminated_at", TimestampTz),
    sa.Column("termination_reason", sa.Text),
    reference("contracts", "opportunity_id", "opportunities"),
    reference("contracts", "signed_by_contact_id", "contacts"),
    one_of("kind", list(ContractKind)),
    one_of("status", list(ContractStatus)),
    sa.CheckConstraint("status = 'draft' OR signed_on IS NOT NULL", name="signed_on"),
    sa.CheckConstraint("ends_on >= starts_on", name="ends_on"),
    sa.CheckConstraint("amount >= 0", name="amount"),
    sa.Index("ix_contracts__opportunity_id", "organization_id", "opportunity_id"),
    *sorted_by("contracts", "created_at", "updated_at", "amount_key"),
    *ranged_by("contracts", "signed_on", "ends_on"),
    *found_by("contracts", "kind", "status"),
)
