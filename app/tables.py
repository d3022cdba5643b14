"""Every table of the service in one metadata: what migrations are compared with."""

from app.accounts import tables as accounts
from app.activities import tables as activities
from app.audit import tables as audit
from app.contracts import tables as contracts
from app.core import kept_answers
from app.core.schema import metadata
from app.follow_up import tables as follow_up
from app.imports import tables as imports
from app.leads import tables as leads
from app.opportunities import tables as opportunities
from app.outbox import tables as outbox
from app.people import tables as people
from app.personal_data import tables as personal_data
from app.pipelines import tables as pipelines
from app.products import tables as products
from app.proposals import tables as proposals
from app.team_targets import tables as team_targets
from app.transitions import tables as transitions
from app.webhooks import tables as webhooks

__all__ = [
    "accounts",
    "activities",
    "audit",
    "contracts",
    "follow_up",
    "imports",
    "kept_answers",
    "leads",
    "metadata",
    "opportunities",
    "outbox",
    "people",
    "personal_data",
    "pipelines",
    "products",
    "proposals",
    "team_targets",
    "transitions",
    "webhooks",
]
