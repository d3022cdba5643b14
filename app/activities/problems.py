"""Why an activity may be refused."""

from app.core.problems import Conflict


class ActivityCompleted(Conflict):
    """This activity is not planned any more: what became of it is recorded already."""

    remedy = "Record another activity."


class LeadDisqualified(Conflict):
    """This lead is disqualified: recycle it before something new is planned or held for it."""
