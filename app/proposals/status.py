"""The words for where a proposal stands."""

from enum import StrEnum


class ProposalStatus(StrEnum):
    """Where a proposal stands: draft, then sent, then one of the others."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
