"""The eight positions in words (domain.md §1): what each does, and what its targets usually count."""

from dataclasses import dataclass

from app.people.permissions import MATRIX, Position


@dataclass(frozen=True, slots=True)
class Job:
    """A position as people read it."""

    title: str
    does: str
    typical_target_metric: str


JOBS = {
    Position.SALES_REPRESENTATIVE: Job(
        "Sales representative",
        "Prospects, qualifies, presents and closes own deals; first point of contact.",
        "Revenue won, activities held",
    ),
    Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE: Job(
        "Business development representative",
        "Generates leads by outbound calls, e-mail and networking; qualifies them and hands them over.",
        "Leads qualified, meetings held, opportunities accepted",
    ),
    Position.ACCOUNT_EXECUTIVE: Job(
        "Account executive",
        "Owns key clients and their deals through closing.",
        "New-business revenue",
    ),
    Position.ACCOUNT_MANAGER: Job(
        "Account manager",
        "Owns existing accounts: follow-up, satisfaction, renewals, upsell and cross-sell.",
        "Renewals, expansion revenue",
    ),
    Position.SALES_MANAGER: Job(
        "Sales manager",
        "Leads a team: sets targets, reassigns, overrides with a reason, approves discounts, coaches.",
        "Team quota",
    ),
    Position.SALES_OPERATIONS_SPECIALIST: Job(
        "Sales operations specialist",
        "Keeps the data: imports, exports, corrections, reports, forecasting.",
        "Data quality",
    ),
    Position.SALES_OPERATIONS_MANAGER: Job(
        "Sales operations manager",
        "Keeps the process: all of the specialist's, and pipelines, targets, people, keys, webhooks.",
        "Forecast accuracy, conversion",
    ),
    Position.SALES_SUPPORT_SPECIALIST: Job(
        "Sales support specialist",
        "Prepares proposals and contracts and the logistics of events; never closes or discounts.",
        "Response time, satisfaction",
    ),
}


def permissions_of(position: Position) -> dict[str, str]:
    """Each action with the reach that the position has in it, as a word."""
    return {action: cells[position].word for action, cells in MATRIX.items()}
