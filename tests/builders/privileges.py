"""What each role of the service may do to each table, and why: nothing else is granted.

`UPDATE (a, b)` is a privilege on these columns alone. Partitions are reached through their tables only.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

APP = {
    "accounts": ("SELECT, INSERT, UPDATE", "kept for ever"),
    "activities": ("SELECT, INSERT, UPDATE", "planned ones are cancelled, not deleted"),
    "alembic_version": ("SELECT", "readiness compares it with the code"),
    "api_keys": ("SELECT, INSERT, UPDATE", "revoked ones stay, so that nobody gets their id"),
    "audit_anchors": ("SELECT", "written by the worker"),
    "audit_links": ("SELECT", "written by the worker"),
    "audit_log": ("SELECT", "written by a function of the owner"),
    "contacts": ("SELECT, INSERT, UPDATE", "erased by a function of the owner"),
    "erasures": ("SELECT", "written by a function of the owner"),
    "contracts": ("SELECT, INSERT, UPDATE", "terminated ones stay"),
    "events": ("SELECT, INSERT", "a ledger"),
    "handoffs": ("SELECT, INSERT, UPDATE", "accepted or declined, and kept"),
    "idempotency_keys": ("SELECT, INSERT, UPDATE", "an expired answer is written over"),
    "imports": ("SELECT, INSERT", "what was imported is not said anew"),
    "issues": ("SELECT, INSERT, UPDATE", "resolved ones stay"),
    "last_dropped_events": ("SELECT", "tells readers of the feed that events are gone"),
    "leads": ("SELECT, INSERT, UPDATE", "disqualified ones stay"),
    "objections": ("SELECT, INSERT, UPDATE", "answered ones stay"),
    "opportunities": ("SELECT, INSERT, UPDATE", "lost ones stay"),
    "opportunity_contact_roles": ("SELECT, INSERT, DELETE", "a contact has a role or has it not"),
    "opportunity_line_items": ("SELECT, INSERT, UPDATE, DELETE", "what a deal is made of"),
    "organizations": ("SELECT, INSERT, UPDATE", "founded by the command line, never dissolved"),
    "pipeline_versions": ("SELECT, INSERT", "a ledger"),
    "pipelines": ("SELECT, INSERT, UPDATE", "deals refer to them for ever"),
    "products": ("SELECT, INSERT, UPDATE", "inactive ones stay"),
    "proposals": ("SELECT, INSERT, UPDATE", "decided ones stay"),
    "reviews": ("SELECT, INSERT", "filed once"),
    "satisfaction_surveys": ("SELECT, INSERT", "an answer is not changed"),
    "search_vocabulary": ("SELECT, INSERT", "words stay known"),
    "search_words": ("SELECT, INSERT, DELETE", "a record has a word or has it not"),
    "stage_transitions": ("SELECT, INSERT", "a ledger"),
    "subjects": ("SELECT, INSERT, UPDATE", "numbers events"),
    "team_target_allocations": ("SELECT, INSERT, DELETE", "replaced as a whole"),
    "team_targets": ("SELECT, INSERT, UPDATE, DELETE", "a target set by mistake is deleted, with its event"),
    "teams": ("SELECT, INSERT, UPDATE", "records refer to them for ever"),
    "users": ("SELECT, INSERT, UPDATE", "whoever leaves becomes inactive"),
    "webhook_attempts": ("SELECT", "written by the worker"),
    "webhook_deliveries": ("SELECT, UPDATE", "made by the worker, owed again by people"),
    "webhook_endpoints": ("SELECT, INSERT, UPDATE, DELETE", "looked after by people"),
    "webhook_lanes": ("SELECT, INSERT, UPDATE", "a redelivery opens one"),
    "webhook_replays": ("SELECT, INSERT, UPDATE", "asked for once; locked before the endpoint is deleted"),
    "won_totals": ("SELECT, INSERT", "whoever changes a deal adds what it changes"),
}

WORKER = {
    "audit_anchors": ("SELECT, INSERT", "holds the chain fast"),
    "audit_links": ("SELECT, INSERT", "chains the log"),
    "audit_log": ("SELECT", "chains it"),
    "events": ("SELECT, INSERT", "sends them; tells that an endpoint was disabled"),
    "idempotency_keys": (
        "SELECT (organization_id, user_id, key, created_at), UPDATE (created_at), DELETE",
        "forgets expired answers without seeing them; a lock needs an UPDATE",
    ),
    "last_dropped_events": (
        "SELECT, INSERT, UPDATE (xid, event_id, kept_from_id)",
        "notes where a log was cut off",
    ),
    "organizations": ("SELECT (id, name, created_at)", "commands choose one by name"),
    "subjects": ("SELECT, UPDATE (last_sequence, last_event_id)", "numbers the event of a disabled endpoint"),
    "webhook_attempts": ("INSERT", "writes them down; people read them"),
    "webhook_deliveries": (
        (
            "SELECT, INSERT, DELETE, UPDATE (status, attempts, last_status_code, last_error_class, next_attempt_at, "
            "settled_at, is_redelivery)"
        ),
        "owes and settles, and deletes what is old; never moves one to another event or endpoint",
    ),
    "webhook_endpoints": (
        (
            "SELECT, UPDATE (secret, old_secret, old_secret_expires_at, state, disabled_reason, version, updated_at, "
            "failing_since, consecutive_failures, last_success_at, failing_subject_ids, failed_probes, "
            "breaker_open_until, is_replaying)"
        ),
        "keeps their health and reencrypts their secrets; where they are and what they are sent is for people to say",
    ),
    "webhook_fanout_position": ("SELECT, UPDATE (xid, event_id)", "how far the log has been read"),
    "webhook_lanes": ("SELECT, INSERT, DELETE, UPDATE (due_at, lease_until, token)", "leases them"),
    "webhook_replays": ("SELECT, DELETE, UPDATE (after_id)", "walks through what was asked for"),
    "won_totals": ("SELECT, INSERT, DELETE", "puts one row for many"),
}

ROLES = {"stageline_app": APP, "stageline_worker": WORKER}

GRANTED = """
SELECT grantee::regrole::text AS role, relname AS table, privilege_type AS privilege, NULL AS column
FROM pg_class, aclexplode(relacl)
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND grantee <> relowner
UNION ALL
SELECT grantee::regrole::text, relname, privilege_type, attname
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl)
WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner
"""
_PRIVILEGE = re.compile(r"(?P<word>[A-Z]+)(?: \((?P<columns>[^)]+)\))?")

Grant: TypeAlias = tuple[str, str, str, str | None]


def expected() -> set[Grant]:
    """Role, table, privilege and, where it is one on a column, the column: all that there are."""
    return set(_expected())


def _expected() -> Iterator[Grant]:
    for role, tables in ROLES.items():
        for table, (privileges, _reason) in tables.items():
            for each in _PRIVILEGE.finditer(privileges):
                for column in each["columns"].split(", ") if each["columns"] else [None]:
                    yield role, table, each["word"], column
