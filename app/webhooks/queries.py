"""Statements on endpoints and deliveries, for the people who look after them."""

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Statement
from app.core.pagination import Listing, any_of, equals
from app.core.writes import Update, delete_row, find_row
from app.outbox.tables import events
from app.people.scoping import in_organization
from app.webhooks.tables import (
    NEVER,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_lanes,
    webhook_replays,
)

_GIVEN = (
    "id",
    "url",
    "description",
    "event_types",
    "pipeline_ids",
    "steps",
    "team_ids",
    "owner_ids",
    "max_concurrency",
    "secret",
)

find_endpoint = find_row(webhook_endpoints)
insert_endpoint = Statement(
    insert(webhook_endpoints)
    .values({"organization_id": bindparam("organization_id")} | {name: bindparam(name) for name in _GIVEN})
    .returning(webhook_endpoints)
)
update_endpoint = Update(webhook_endpoints)
delete_endpoint = delete_row(webhook_endpoints)

endpoint_listing = Listing(
    base=sa.select(webhook_endpoints).where(in_organization(webhook_endpoints)),
    id_column=webhook_endpoints.c.id,
    sorts={"created_at": webhook_endpoints.c.created_at, "url": webhook_endpoints.c.url},
    filters={"state": equals(webhook_endpoints.c.state)},
)

_of_endpoint = (in_organization(webhook_deliveries), webhook_deliveries.c.endpoint_id == bindparam("endpoint_id"))

delivery_listing = Listing(
    base=sa.select(webhook_deliveries).where(*_of_endpoint, sa.text(f"created_at > '{NEVER}'")),
    id_column=webhook_deliveries.c.event_id,
    sorts={"created_at": webhook_deliveries.c.created_at},
    filters={"status": equals(webhook_deliveries.c.status), "event_type": any_of(webhook_deliveries.c.event_type)},
)

find_delivery = find_row(webhook_deliveries)

find_attempts = Statement(
    sa.select(webhook_attempts)
    .where(in_organization(webhook_attempts), webhook_attempts.c.delivery_id == bindparam("delivery_id"))
    .order_by(webhook_attempts.c.id)
)

_lanes_of_endpoint = (
    sa.select(webhook_lanes.c.subject_id)
    .where(in_organization(webhook_lanes), webhook_lanes.c.endpoint_id == bindparam("endpoint_id"))
    .order_by(webhook_lanes.c.subject_id)
    .with_for_update()
)

lock_lanes = Statement(_lanes_of_endpoint)

lock_replay = Statement(
    sa.select(webhook_replays.c.endpoint_id)
    .where(in_organization(webhook_replays), webhook_replays.c.endpoint_id == bindparam("endpoint_id"))
    .with_for_update()
)

make_lanes_due = Statement(
    sa.update(webhook_lanes)
    .where(in_organization(webhook_lanes), webhook_lanes.c.endpoint_id == bindparam("endpoint_id"))
    .values(due_at=sa.func.now())
)

_new_lane = insert(webhook_lanes).values(
    organization_id=bindparam("organization_id"),
    endpoint_id=bindparam("endpoint_id"),
    subject_id=bindparam("subject_id"),
)

put_lane = Statement(
    _new_lane.on_conflict_do_update(
        index_elements=["organization_id", "endpoint_id", "subject_id"], set_={"due_at": sa.func.now()}
    )
)

redeliver = Statement(
    sa.update(webhook_deliveries)
    .where(
        in_organization(webhook_deliveries),
        webhook_deliveries.c.id == bindparam("id"),
        webhook_deliveries.c.status != "pending",
        # also keeps the event's partition from being dropped until this transaction has ended
        sa.exists().where(in_organization(events), events.c.id == webhook_deliveries.c.event_id),
    )
    .values(status="pending", attempts=0, next_attempt_at=None, settled_at=None, is_redelivery=True)
    .returning(webhook_deliveries)
)

find_newest_event = Statement(
    sa.select(events.c.id, events.c.body)
    .where(in_organization(events), events.c.type == bindparam("type"))
    .order_by(events.c.xid.desc(), events.c.id.desc())
    .limit(1)
)
