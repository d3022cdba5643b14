"""The one way a stage changes: decide on the evidence, then write the record, the ledger and the events together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.caller import SYSTEM
from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.resource import check_version
from app.outbox.event import Event, Routing
from app.outbox.record import draft, record, record_with
from app.transitions import problems
from app.transitions.schemas import EventTransition
from app.transitions.workflows import Walker, Workflow, read_walker
from app.workflow import decision
from app.workflow.decision import Decision, TransitionInputs
from app.workflow.pipeline import Outcome, TransitionKind

_FURTHER_EVENTS = {
    TransitionKind.WON: "won",
    TransitionKind.LOST: "lost",
    TransitionKind.REOPEN: "reopened",
    TransitionKind.COMPLETE: "completed",
    TransitionKind.DISQUALIFY: "disqualified",
    TransitionKind.RECYCLE: "recycled",
    TransitionKind.CONVERT: "converted",
}


@dataclass(frozen=True, slots=True)
class Move:
    """What a caller asks for; `expected_version` comes from If-Match."""

    to_stage: str
    inputs: TransitionInputs = field(default_factory=TransitionInputs)
    expected_version: int | None = None
    dry_run: bool = False


async def move(tx: Transaction, workflow: Workflow, record_id: UUID, asked: Move) -> Row | dict[str, Any]:
    """Move a lead or a deal that is locked; gives the ledger's row, or what it would be in a dry run.

    Raises `NotFound`, `PreconditionFailed`, `Forbidden`, `TransitionNotAllowed`, `Invalid` for missing inputs, and
    `ExitCriteriaNotMet`.
    """
    walker = await read_walker(tx, workflow, record_id)
    check_version(walker.row, asked.expected_version)
    decided = decide(tx, walker, asked)
    if asked.dry_run:
        return _ledger_row(tx, walker, decided, asked.inputs) | {"id": None, "sequence": None}
    return await take(tx, walker, decided, asked.inputs)


def decide(tx: Transaction, walker: Walker, asked: Move) -> Decision:
    """Decide whether the caller may make the move; raises as `move` does."""
    edge = next((edge for edge in walker.edges if edge.to_stage == asked.to_stage and edge.only_by is None), None)
    if edge is not None:
        walker.demand(tx.caller, walker.workflow.action_of(edge, walker.definition))
    try:
        decided = decision.decide(walker.definition, walker.standing, asked.to_stage, asked.inputs, walker.evidence)
    except decision.TransitionNotAllowed as error:
        raise problems.not_allowed(error) from None
    except decision.InputRequired as error:
        raise problems.input_required(error) from None
    except decision.ExitCriteriaNotMet as error:
        raise problems.not_met(error, walker.id) from None
    if decided.overridden:
        walker.demand(tx.caller, "transitions.override")
    return decided


async def take(
    tx: Transaction,
    walker: Walker,
    decided: Decision,
    inputs: TransitionInputs,
    further_fields: dict[str, Any] | None = None,
) -> Row:
    """Write a decided move: the record, its ledger row and its events; the walker's row is stale afterwards."""
    ledger = _ledger_row(tx, walker, decided, inputs)
    changes = _changes(walker, decided, ledger) | (further_fields or {})
    tell = _telling(walker, changes, ledger)
    drafted = draft(tx, walker.subject, tell("stage_changed"))
    ledger |= {"event_id": drafted.event_id, "sequence": drafted.subject.last_sequence}
    moving = walker.workflow.moving
    row = await record_with(tx, moving.of(changes), drafted, **moving.parameters(changes, ledger))
    walker.subject = drafted.subject
    verbs = [_FURTHER_EVENTS.get(decided.edge.kind), "guard_overridden" if decided.overridden else None]
    for verb in filter(None, verbs):
        walker.subject, _ = await record(tx, walker.subject, tell(verb))
    return row


def _telling(walker: Walker, changes: dict[str, Any], ledger: dict[str, Any]) -> Callable[[str], Event]:
    """The move's events by their verbs: the record as the statement that moves it will leave it."""
    old, noun = walker.row, walker.workflow.noun
    new = {**old, **changes, "version": old["version"] + 1, "updated_at": old["transaction_at"]}
    facts = {name: ledger[name] for name in EventTransition.model_fields}
    payload = walker.workflow.payload_of(new)
    changed = before(old, {name: new[name] for name in payload})  # a row has more columns than its readers see

    def tell(verb: str) -> Event:
        return Event(f"{noun}.{verb}", payload, changed, facts, Routing.of(new), ledger["occurred_at"])

    return tell


def _ledger_row(tx: Transaction, walker: Walker, decided: Decision, inputs: TransitionInputs) -> dict[str, Any]:
    entered_at: datetime = walker.row["stage_entered_at"]
    now = max(tx.now(), entered_at)  # clocks of two machines may differ; a stay is never negative
    unmet = [result.id for result in decided.criteria if not result.satisfied]
    is_deal = walker.workflow.noun == "opportunity"
    return {
        "id": new_id(),
        "opportunity_id": walker.id if is_deal else None,
        "lead_id": None if is_deal else walker.id,
        "from_stage": walker.row["stage"],
        "to_stage": decided.target.name,
        "step": decided.target.step,
        "kind": decided.edge.kind,
        "outcome": decided.standing.outcome,
        "overridden": decided.overridden,
        "reason": inputs.reason,
        "override_reason": inputs.override_reason if decided.overridden else None,
        "loss_reason": inputs.loss_reason if decided.edge.kind is TransitionKind.LOST else None,
        "unmet_criteria": unmet,
        "record_version": walker.row["version"] + 1,
        "sequence": None,
        "event_id": None,
        "actor_id": None if tx.caller.position == SYSTEM else tx.caller.user_id,
        "occurred_at": now,
        "seconds_in_from_stage": int((now - entered_at).total_seconds()),
    }


def _changes(walker: Walker, decided: Decision, ledger: dict[str, Any]) -> dict[str, Any]:
    shared = {
        "stage": decided.target.name,
        "step": decided.target.step,
        "outcome": decided.standing.outcome,
        "left_stage": decided.standing.left_stage,
        "stage_entered_at": ledger["occurred_at"],
    }
    extra = _deal_changes if walker.workflow.noun == "opportunity" else _lead_changes
    return shared | extra(decided, ledger)


def _deal_changes(decided: Decision, ledger: dict[str, Any]) -> dict[str, Any]:
    fixed = {Outcome.WON: 100, Outcome.LOST: 0}
    changes: dict[str, Any] = {
        "probability": fixed.get(decided.standing.outcome, decided.target.probability),
        "forecast_category": decided.target.forecast_category,
    }
    kind, now = decided.edge.kind, ledger["occurred_at"]
    if kind in {TransitionKind.WON, TransitionKind.LOST}:
        changes["closed_at"] = now
    if kind is TransitionKind.LOST:
        changes |= {"loss_reason": ledger["loss_reason"], "loss_note": ledger["reason"]}
    if kind is TransitionKind.REOPEN:
        changes |= {"closed_at": None, "completed_at": None, "loss_reason": None, "loss_note": None}
    if kind is TransitionKind.COMPLETE:
        changes["completed_at"] = now
    return changes


def _lead_changes(decided: Decision, ledger: dict[str, Any]) -> dict[str, Any]:
    match decided.edge.kind:
        case TransitionKind.FORWARD:
            return {"qualified_at": ledger["occurred_at"]}
        case TransitionKind.DISQUALIFY:
            return {"disqualified_reason": ledger["reason"]}
        case TransitionKind.RECYCLE:
            return {"disqualified_reason": None}
        case TransitionKind.CONVERT:
            return {"converted_at": ledger["occurred_at"]}
        case _:
            return {}
