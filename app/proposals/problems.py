"""Why a proposal may be refused."""

from pydantic import Field

from app.core.fields import Percent
from app.core.problems import Conflict, ProblemDocument


class SendingProblem(ProblemDocument):
    """Why a proposal may not be sent; the percentages come with `discount_not_approved` only."""

    discount_limit_percent: Percent | None = Field(default=None, description="Up to here nobody has to approve.")
    discount_approved_percent: Percent | None = Field(default=None, description="What was approved; null: nothing.")


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

    shape = SendingProblem
    remedy = "Have a sales manager approve it with `POST /v1/proposals/{id}/discount-approval`, or lower the discount."
