"""Why a proposal may be refused."""

from app.core.problems import Conflict


class ProposalNotDraft(Conflict):
    """This proposal is not a draft any more."""


class ProposalNotSent(Conflict):
    """Only a proposal that is sent and not decided can be accepted, rejected or expire."""


class ProposalIncomplete(Conflict):
    """A proposal is sent with pricing, terms and delivery timeline; `errors` names what is missing."""


class DiscountNotApproved(Conflict):
    """The discount is above the organization's limit and not approved at this height."""
