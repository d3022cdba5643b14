"""Why a proposal may be refused."""

from app.core.problems import Conflict


class ProposalNotDraft(Conflict):
    """This proposal is not a draft any more."""

    remedy = "Draft another proposal."


class ProposalNotSent(Conflict):
    """Only a proposal that is sent and not decided can be accepted, rejected or expire."""

    remedy = "Send a draft with `POST /v1/proposals/{id}/sending` first; for a decided one draft another."


class ProposalIncomplete(Conflict):
    """A proposal is sent with pricing, terms and delivery timeline; `errors` names what is missing."""

    remedy = "Fill in each field that `errors` names with `PATCH /v1/proposals/{id}`, then send it."


class DiscountNotApproved(Conflict):
    """The discount is above the organization's limit and not approved at this height."""

    remedy = "Have a sales manager approve it with `POST /v1/proposals/{id}/discount-approval`, or lower the discount."
