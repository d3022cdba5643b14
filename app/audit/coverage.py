"""What the audit log covers: records by their words in it, and the tables that it leaves out, with the reason.

Triggers decide it; a test holds this, the triggers and the tables of the code against each other.
"""

from collections.abc import Mapping
from enum import StrEnum


class RecordType(StrEnum):
    """A kind of record whose writes are noted; values may be added."""

    ORGANIZATION = "organization"
    TEAM = "team"
    USER = "user"
    API_KEY = "api_key"
    PIPELINE = "pipeline"
    PIPELINE_VERSION = "pipeline_version"
    ACCOUNT = "account"
    CONTACT = "contact"
    PRODUCT = "product"
    OPPORTUNITY = "opportunity"
    CONTACT_ROLE = "contact_role"
    LINE_ITEM = "line_item"
    OBJECTION = "objection"
    LEAD = "lead"
    ACTIVITY = "activity"
    PROPOSAL = "proposal"
    CONTRACT = "contract"
    HANDOFF = "handoff"
    SATISFACTION_SURVEY = "satisfaction_survey"
    ISSUE = "issue"
    REVIEW = "review"
    IMPORT = "import"
    TEAM_TARGET = "team_target"
    TEAM_TARGET_ALLOCATION = "team_target_allocation"
    WEBHOOK_ENDPOINT = "webhook_endpoint"
    WEBHOOK_REPLAY = "webhook_replay"
    ERASURE = "erasure"
    EVENT = "event"
    AUDIT_ENTRY = "audit_entry"


ONLY_ERASED = frozenset({RecordType.EVENT, RecordType.AUDIT_ENTRY})
"""Records of ledgers: of them, it is only noted that a person was erased from them."""

SECRET: Mapping[RecordType, frozenset[str]] = {
    RecordType.API_KEY: frozenset({"secret_sha256", "old_secret_sha256"}),
    RecordType.WEBHOOK_ENDPOINT: frozenset({"secret", "old_secret"}),
}
"""Columns of which the log says that they changed, and never what they hold."""

NOT_AUDITED: Mapping[str, str] = {
    "audit_log": "the log itself, which is never changed",
    "audit_links": "the chain over the log, which is never changed",
    "audit_anchors": "where retention cut the chain off",
    "events": "a ledger that is never changed, and names its actor",
    "stage_transitions": "a ledger that is never changed, and names its actor",
    "subjects": "counters of the ledger of events",
    "last_dropped_events": "where retention cut the ledger of events off",
    "won_totals": "sums of won deals, which a trigger keeps",
    "search_words": "words of the records, which triggers keep",
    "search_vocabulary": "each of those words once",
    "idempotency_keys": "answers kept for a day; what they tell about is noted",
    "webhook_deliveries": "a log of its own: what each endpoint is owed, for each event",
    "webhook_lanes": "the queue of the deliveries",
    "webhook_attempts": "a log of its own: what endpoints answered",
}
