"""Why a record may or may not move: every edge from here, every criterion, who can fix it and how."""

from uuid import UUID

from app.core.caller import Caller
from app.core.database import Transaction
from app.people.permissions import who_may
from app.transitions.schemas import AvailableTransition, AvailableTransitions, describe_criterion
from app.transitions.workflows import Walker, Workflow, read_walker
from app.workflow.decision import Option, options


async def available_transitions(tx: Transaction, workflow: Workflow, record_id: UUID) -> AvailableTransitions:
    """Explain every edge from where the record stands; raises `NotFound` beyond the caller's reach."""
    walker = await read_walker(tx, workflow, record_id)
    found = options(walker.definition, walker.standing, walker.evidence)
    return AvailableTransitions(
        stage=walker.row["stage"],
        outcome=walker.row["outcome"],
        version=walker.row["version"],
        items=[_explain(tx.caller, walker, option) for option in found],
    )


def explain_way(caller: Caller, walker: Walker, to_stage: str) -> AvailableTransition | None:
    """Explain the edge to one stage; nothing when there is none that a transition may take."""
    found = options(walker.definition, walker.standing, walker.evidence)
    ways = (option for option in found if option.target.name == to_stage and option.edge.only_by is None)
    return next((_explain(caller, walker, way) for way in ways), None)


def _explain(caller: Caller, walker: Walker, option: Option) -> AvailableTransition:
    action = walker.workflow.action_of(option.edge, walker.definition)
    may_override = option.edge.may_override and walker.may(caller, "transitions.override")
    return AvailableTransition(
        to_stage=option.target.name,
        step=option.target.step,
        kind=option.edge.kind,
        allowed=option.is_satisfied and walker.may(caller, action),
        required=list(option.required),
        may_override=may_override,
        who_may=who_may(action),
        criteria=[describe_criterion(result, walker.id) for result in option.criteria],
    )
