"""What a deal refuses in the state it is in."""

from app.core.problems import Conflict


class DealClosed(Conflict):
    """Amount, currency and close date of a won or lost deal are corrected by operations only."""

    remedy = "Ask a specialist or the manager of operations, or reopen a lost deal."


class DealCompleted(Conflict):
    """A completed deal does not change any more."""

    remedy = "Open another deal of the account."


class ObjectionResolved(Conflict):
    """This objection is resolved already."""
