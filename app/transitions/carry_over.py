"""What a deal takes over from the lead it comes from: the person, and everything that was held."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.activities.tables import activities
from app.core.database import Statement, Transaction, new_id
from app.opportunities.aggregate import Deal, publish
from app.opportunities.tables import opportunity_contact_roles
from app.people.scoping import in_organization

_insert_role = Statement(
    insert(opportunity_contact_roles)
    .values(
        organization_id=bindparam("organization_id"),
        id=bindparam("id"),
        opportunity_id=bindparam("opportunity_id"),
        contact_id=bindparam("contact_id"),
        role=bindparam("role"),
    )
    .on_conflict_do_nothing(constraint="uq_opportunity_contact_roles__role")
    .returning(opportunity_contact_roles.c.id)
)

_carry = Statement(
    sa.update(activities)
    .where(
        in_organization(activities),
        activities.c.lead_id == bindparam("lead_id"),
        activities.c.opportunity_id.is_(None),
    )
    .values(
        opportunity_id=bindparam("carried_to", type_=sa.Uuid),
        version=activities.c.version + 1,
        updated_at=sa.func.now(),
    )
)


async def add_contact_role(tx: Transaction, deal: Deal, contact_id: UUID, role: str) -> None:
    """Link the contact to the deal, unless it is linked in that role already."""
    role_id = await tx.fetch_value(_insert_role, id=new_id(), opportunity_id=deal.id, contact_id=contact_id, role=role)
    if role_id is not None:
        payload = {"id": role_id, "opportunity_id": deal.id, "contact_id": contact_id, "role": role}
        await publish(tx, deal, "opportunity.contact_role_added", payload)


async def carry_activities(tx: Transaction, lead_id: UUID, opportunity_id: UUID) -> None:
    """Make the lead's activities evidence of the deal too; they stay the lead's."""
    await tx.execute(_carry, lead_id=lead_id, carried_to=opportunity_id)
