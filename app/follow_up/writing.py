"""Recording what follows a deal: surveys, issues and reviews, each under the deal's lock and with its event."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.problems import Conflict, Invalid
from app.core.resource import check_version
from app.follow_up import queries
from app.follow_up.schemas import Issue, IssueStatus, Review, SatisfactionSurvey, SurveyStatus
from app.opportunities.aggregate import lock_deal, lock_running_deal, publish
from app.people.permissions import demand_found, demand_record
from app.workflow.pipeline import Outcome

READ = "opportunities.read"


class DealStillOpen(Conflict):
    """A review is filed when the deal is won or lost."""

    remedy = "File it once the deal is decided."


class IssueAlreadyResolved(Conflict):
    """The issue is resolved already."""


async def record_satisfaction(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write an answer or an attempt; raises `Invalid` unless an answer, and nothing else, has a score."""
    if (fields["status"] == SurveyStatus.ANSWERED) != (fields["score"] is not None):
        raise Invalid.at("/score", "answered_score", "An answered survey has a score, an attempt has none.")
    deal = await lock_running_deal(tx, fields["opportunity_id"], write="satisfaction.write")
    values = fields | {"asked_at": fields["asked_at"] or tx.now()}
    row = await tx.fetch_row(queries.insert_survey, id=new_id(), **values)
    await publish(tx, deal, "satisfaction.recorded", payload(SatisfactionSurvey, row))
    return row


async def open_issue(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write a customer's problem."""
    deal = await lock_running_deal(tx, fields["opportunity_id"], write="issues.write")
    row = await tx.fetch_row(queries.insert_issue, id=new_id(), **fields)
    await publish(tx, deal, "issue.opened", payload(Issue, row))
    return row


async def resolve_issue(tx: Transaction, issue_id: UUID, resolution: str, expected: int | None = None) -> Row:
    """Close an issue, also after its deal's completion.

    Raises `NotFound`, `Forbidden`, `IssueAlreadyResolved` and `PreconditionFailed`.
    """
    found = demand_record(tx.caller, READ, None, await tx.fetch_one(queries.find_issue, id=issue_id))
    deal = await lock_deal(tx, found["opportunity_id"], read=READ, write="issues.write")
    old = demand_found(await tx.fetch_one(queries.find_issue, id=issue_id))
    check_version(old, expected)
    if old["status"] != IssueStatus.OPEN:
        raise IssueAlreadyResolved
    values = {"status": IssueStatus.RESOLVED, "resolution": resolution, "resolved_at": tx.now()}
    new = await tx.fetch_row(queries.update_issue.of(values), id=issue_id, **values)
    await publish(tx, deal, "issue.resolved", payload(Issue, new), before(old, new))
    return new


async def file_review(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write what was learned from a closed deal; raises `DealStillOpen`."""
    deal = await lock_running_deal(tx, fields["opportunity_id"], write="reviews.write")
    if deal.row["outcome"] == Outcome.OPEN:
        raise DealStillOpen
    row = await tx.fetch_row(queries.insert_review, id=new_id(), filed_by=tx.caller.user_id, **fields)
    await publish(tx, deal, "review.filed", payload(Review, row))
    return row


def payload(model: type[BaseModel], row: Row) -> dict[str, Any]:
    """A row as events carry it."""
    return model.model_validate(dict(row)).model_dump(mode="json")
