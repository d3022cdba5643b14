"""Privileges that no statement of the service uses are taken back; what is left stands in tests/security.

Grants change no row and rewrite no table. The release before this one used none of them either.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_NOTHING_IS_DELETED = (
    "accounts, activities, api_keys, contacts, contracts, handoffs, issues, leads, objections, opportunities, "
    "pipelines, products, proposals, reviews, satisfaction_surveys, teams, users"
)
_NOTHING_IS_CHANGED = "opportunity_contact_roles, reviews, satisfaction_surveys, team_target_allocations"

# The worker keeps time and health; what an endpoint is sent, and where, is for people to change.
_KEPT_BY_WORKER = {
    "webhook_endpoints": (
        "secret, old_secret, old_secret_expires_at, state, disabled_reason, version, updated_at, failing_since, "
        "consecutive_failures, last_success_at, failing_subject_ids, failed_probes, breaker_open_until, is_replaying"
    ),
    "webhook_deliveries": (
        "status, attempts, last_status_code, last_error_class, next_attempt_at, settled_at, is_redelivery"
    ),
    "webhook_lanes": "due_at, lease_until, token",
    "webhook_replays": "after_id",
    "webhook_fanout_position": "xid, event_id",
    "subjects": "last_sequence, last_event_id",
    "last_dropped_events": "xid, event_id, kept_from_id",
    "idempotency_keys": "created_at",  # changed never: to delete rows that nobody has locked, they are locked first
}
_SEEN_BY_WORKER = {
    "organizations": "id, name, created_at",
    "idempotency_keys": "organization_id, user_id, key, created_at",
}


def upgrade() -> None:
    op.execute(f"REVOKE DELETE ON {_NOTHING_IS_DELETED} FROM stageline_app")
    op.execute(f"REVOKE UPDATE ON {_NOTHING_IS_CHANGED} FROM stageline_app")
    op.execute("REVOKE INSERT ON subjects FROM stageline_worker")
    op.execute("REVOKE SELECT ON webhook_attempts, alembic_version FROM stageline_worker")
    for table, columns in _KEPT_BY_WORKER.items():
        op.execute(f"REVOKE UPDATE ON {table} FROM stageline_worker")
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO stageline_worker")
    for table, columns in _SEEN_BY_WORKER.items():
        op.execute(f"REVOKE SELECT ON {table} FROM stageline_worker")
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO stageline_worker")


def downgrade() -> None:
    for table, columns in _SEEN_BY_WORKER.items():
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM stageline_worker")
        op.execute(f"GRANT SELECT ON {table} TO stageline_worker")
    for table, columns in _KEPT_BY_WORKER.items():
        op.execute(f"REVOKE UPDATE ({columns}) ON {table} FROM stageline_worker")
        op.execute(f"GRANT UPDATE ON {table} TO stageline_worker")
    op.execute("GRANT SELECT ON webhook_attempts, alembic_version TO stageline_worker")
    op.execute("GRANT INSERT ON subjects TO stageline_worker")
    op.execute(f"GRANT UPDATE ON {_NOTHING_IS_CHANGED} TO stageline_app")
    op.execute(f"GRANT DELETE ON {_NOTHING_IS_DELETED} TO stageline_app")
