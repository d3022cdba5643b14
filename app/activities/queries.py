"""Statements on activities."""

import sqlalchemy as sa

from app.activities.tables import activities
from app.core.pagination import Listing, any_of, at_least, at_most, equals
from app.core.writes import Update, find_row, insert_row
from app.people.scoping import within_reach

find_activity = find_row(activities)
insert_activity = insert_row(activities)
update_activity = Update(activities)

activity_listing = Listing(
    base=sa.select(activities).where(within_reach(activities)),
    id_column=activities.c.id,
    sorts={"created_at": activities.c.created_at, "updated_at": activities.c.updated_at},
    filters={
        "kind": any_of(activities.c.kind),
        "status": any_of(activities.c.status),
        "lead_id": equals(activities.c.lead_id),
        "opportunity_id": equals(activities.c.opportunity_id),
        "account_id": equals(activities.c.account_id),
        "contact_id": equals(activities.c.contact_id),
        "owner_id": equals(activities.c.owner_id),
        "team_id": equals(activities.c.team_id),
        "external_id": equals(activities.c.external_id),
        "held_at_gte": at_least(activities.c.held_at),
        "held_at_lte": at_most(activities.c.held_at),
        "planned_at_gte": at_least(activities.c.planned_at),
        "planned_at_lte": at_most(activities.c.planned_at),
    },
)
