"""What a deal takes over from the lead it comes from: everything that was planned and held becomes its evidence."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.activities.schemas import Activity
from app.activities.tables import activities
from app.core.database import Statement, Transaction
from app.opportunities.aggregate import Deal, publish
from app.people.scoping import in_organization

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
    .returning(activities)
)


async def carry_activities(tx: Transaction, lead_id: UUID, deal: Deal) -> None:
    """Make the lead's activities evidence of the locked deal too, each with its event; they stay the lead's."""
    rows = await tx.fetch_all(_carry, lead_id=lead_id, carried_to=deal.id)
    for row in sorted(rows, key=lambda row: row["id"]):
        payload = Activity.model_validate(dict(row)).model_dump(mode="json")
        await publish(tx, deal, "activity.updated", payload, {"opportunity_id": None})
