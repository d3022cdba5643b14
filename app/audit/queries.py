"""The list of the audit log."""

import sqlalchemy as sa

from app.audit.tables import audit_log
from app.core.pagination import Listing, any_of, at_least, equals, less_than
from app.people.scoping import in_organization

audit_listing = Listing(
    base=sa.select(*(column for column in audit_log.c if column.name not in {"organization_id", "xid"})).where(
        in_organization(audit_log)
    ),
    id_column=audit_log.c.id,
    sorts={"occurred_at": audit_log.c.id},  # which say the moment, and lie in the index
    filters={
        "actor_id": equals(audit_log.c.actor_id),
        "record_type": any_of(audit_log.c.record_type),
        "record_id": equals(audit_log.c.record_id),
        "action": any_of(audit_log.c.action),
        "source": any_of(audit_log.c.source),
        "request_id": equals(audit_log.c.request_id),
        "occurred_at_gte": at_least(audit_log.c.id),
        "occurred_at_lt": less_than(audit_log.c.id),
    },
)
