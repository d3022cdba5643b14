"""Moving many deals: what each of them could do, then those that are still as they were, each by the rules of one.

A plan is not stored: it names the version of each deal, and whoever executes it sends these back. What stands in a
deal's way is found before anything of it is written, so that one deal never undoes another.
"""

from dataclasses import dataclass
from uuid import UUID

from app.core.database import Transaction
from app.core.problems import NotFound, PreconditionFailed, Problem, ProblemDocument
from app.core.request_log import current_request_id
from app.transitions.available import explain_way
from app.transitions.ledger import as_read
from app.transitions.plan_schemas import (
    ExecutedTransition,
    PlannedTransition,
    TransitionPlan,
    TransitionPlanCreate,
    TransitionPlanExecution,
    TransitionPlanExecutionCreate,
    TransitionPlanItem,
)
from app.transitions.schemas import OpportunityTransition
from app.transitions.transition import Move, decide, take
from app.transitions.workflows import Walker, lock_deals, read_deals
from app.workflow.decision import Decision

PLANS = "/opportunities/transition-plans"
EXECUTION = f"{PLANS}/execution"


@dataclass(frozen=True, slots=True)
class _Ready:
    """A deal that may move."""

    walker: Walker
    decided: Decision


async def plan_transitions(tx: Transaction, asked: TransitionPlanCreate) -> TransitionPlan:
    """Tell for each deal whether it could make the move, without locking it."""
    walkers, wanted = await read_deals(tx, asked.opportunity_ids), Move(asked.to_stage, asked.inputs)
    items = [_planned(tx, each, walkers.get(each), wanted) for each in asked.opportunity_ids]
    return TransitionPlan(to_stage=asked.to_stage, items=items)


async def execute_plan(tx: Transaction, asked: TransitionPlanExecutionCreate) -> TransitionPlanExecution:
    """Move each deal that is still as it was planned, under the locks of all of them."""
    walkers = await lock_deals(tx, [item.opportunity_id for item in asked.items])
    wanted = Move(asked.to_stage, asked.inputs)
    items = [await _executed(tx, item, walkers.get(item.opportunity_id), wanted) for item in asked.items]
    return TransitionPlanExecution(items=items)


def _planned(tx: Transaction, opportunity_id: UUID, walker: Walker | None, wanted: Move) -> PlannedTransition:
    judged = _judge(tx, walker, wanted)
    return PlannedTransition(
        opportunity_id=opportunity_id,
        version=walker.row["version"] if walker else None,
        allowed=isinstance(judged, _Ready),
        overridden=isinstance(judged, _Ready) and judged.decided.overridden,
        transition=explain_way(tx.caller, walker, wanted.to_stage) if walker else None,
        problem=_document(judged, PLANS) if isinstance(judged, Problem) else None,
    )


async def _executed(
    tx: Transaction, item: TransitionPlanItem, walker: Walker | None, wanted: Move
) -> ExecutedTransition:
    judged = _judge(tx, walker, wanted, item.version)
    made, problem, status = None, None, 201
    if isinstance(judged, Problem):
        problem, status = _document(judged, EXECUTION), judged.status
    else:
        row = await take(tx, judged.walker, judged.decided, wanted.inputs)
        made = OpportunityTransition.model_validate(as_read(row))
    return ExecutedTransition(opportunity_id=item.opportunity_id, status=status, transition=made, problem=problem)


def _judge(tx: Transaction, walker: Walker | None, wanted: Move, version: int | None = None) -> _Ready | Problem:
    if walker is None:
        return NotFound()
    if version not in {None, walker.row["version"]}:
        return PreconditionFailed("The deal has changed since it was planned.")
    try:
        return _Ready(walker, decide(tx, walker, wanted))
    except Problem as problem:
        return problem


def _document(problem: Problem, path: str) -> ProblemDocument:
    document = problem.document(instance=f"/v1{path}", request_id=current_request_id())
    return ProblemDocument.model_validate(document)
