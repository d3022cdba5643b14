"""Who may approve a discount: what the matrix says, but never the deal's own owner."""

from app.people.duties import Duty, is_own

APPROVE = "discounts.approve"
APPROVAL_DUTIES = (
    Duty(
        "no_own_discount",
        "Nobody approves the discount of an own deal; another manager above the deal does.",
        is_own,
    ),
)
