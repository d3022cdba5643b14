"""The exit criteria a pipeline may ask for, and how they stand on given evidence."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from app.workflow.closing_criteria import FOLLOW_UP_CRITERIA, SELLING_CRITERIA
from app.workflow.criterion import Criterion, CriterionResult, How
from app.workflow.evidence import Evidence
from app.workflow.opening_criteria import PROSPECTING_CRITERIA, QUALIFICATION_CRITERIA
from app.workflow.stages import Subject

__all__ = ["CRITERIA", "Criterion", "CriterionResult", "Evidence", "How", "judge"]

CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {
        criterion.id: criterion
        for criterion in PROSPECTING_CRITERIA + QUALIFICATION_CRITERIA + SELLING_CRITERIA + FOLLOW_UP_CRITERIA
    }
)


def judge(
    criterion_ids: Iterable[str], evidence: Evidence, subject: Subject = Subject.OPPORTUNITY
) -> tuple[CriterionResult, ...]:
    """Say how each criterion stands, in the order asked for; raises `KeyError` for an id that is not in `CRITERIA`."""
    return tuple(_judge_one(CRITERIA[criterion_id], evidence, subject) for criterion_id in criterion_ids)


def _judge_one(criterion: Criterion, evidence: Evidence, subject: Subject) -> CriterionResult:
    how = criterion.lead_how if subject is Subject.LEAD and criterion.lead_how else criterion.how
    return CriterionResult(
        id=criterion.id,
        description=criterion.description,
        satisfied=criterion.check(evidence),
        expected=criterion.expected,
        actual=criterion.actual(evidence),
        action=how.action,
        method=how.method,
        path=how.path,
    )
