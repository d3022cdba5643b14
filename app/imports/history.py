"""The stages a deal went through, as far as the source dates them, and nothing more.

A deal is known to have started (`opened_on`, or the first date there is), to have entered the stages of the mapping's
history on their dates, and to have been won or lost on `closed_on`. No move is made up between those: a won deal of a
source that dates two moves has two moves. What is not known counts as no time at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.core.database import new_id
from app.imports.rows import BadRow, Values, history_field
from app.pipelines.queries import PinnedPipeline
from app.workflow.pipeline import Outcome, PipelineDefinition, Stage, TransitionKind, UnknownStage


@dataclass(frozen=True, slots=True)
class DealRules:
    """What deals are read under: the pipeline, the organization's time zone, the moment of the import."""

    pipeline: PinnedPipeline
    zone: ZoneInfo
    now: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """One dated transition."""

    source: Stage
    target: Stage
    kind: TransitionKind
    on: date


def with_history(row: Values, dated_stages: Sequence[str], rules: DealRules) -> Values:
    """The row with everything that follows from stage, outcome and dates; raises `BadRow` when they disagree."""
    outcome = Outcome(row["outcome"])
    stage = _stage(row["stage"], outcome, rules)
    values = _settled(row, outcome)
    moves = _moves(values, dated_stages, stage, rules.pipeline.definition)
    if outcome is not Outcome.OPEN:
        current = moves[-1].target if moves else rules.pipeline.definition.first_stage
        moves.append(Move(current, stage, TransitionKind(outcome), values["closed_on"]))
    opened_on = values["opened_on"] or next((move.on for move in moves), None)
    _check_order([opened_on, *(move.on for move in moves)], rules)
    opened_at = rules.now if opened_on is None else midnight(opened_on, rules.zone)
    moments = [opened_at, *(midnight(move.on, rules.zone) for move in moves)]
    closed_at = moments[-1] if outcome is not Outcome.OPEN else None
    return values | {
        "pipeline_id": rules.pipeline.pipeline_id,
        "pipeline_version": rules.pipeline.version,
        "step": stage.step,
        "left_stage": moves[-1].source.name if outcome is Outcome.LOST else None,
        "probability": {Outcome.WON: 100, Outcome.LOST: 0}.get(outcome, stage.probability),
        "forecast_category": stage.forecast_category,
        "stage_entered_at": moments[-1] if moves and moves[-1].target is stage else opened_at,
        "opened_at": opened_at,
        "closed_at": closed_at,
        "completed_at": closed_at if stage.terminal else None,
        "line_item_id": new_id() if values["product"] is not None else None,
        "move_ids": [new_id() for _ in moves],
        "move_from": [move.source.name for move in moves],
        "move_to": [move.target.name for move in moves],
        "move_steps": [move.target.step for move in moves],
        "move_kinds": [move.kind for move in moves],
        "moved_at": moments[1:],
        "move_seconds": [int((later - earlier).total_seconds()) for earlier, later in pairwise(moments)],
    }


@lru_cache(maxsize=20_000)
def midnight(on: date, zone: ZoneInfo) -> datetime:
    """When a day begins in the organization's time zone."""
    return datetime.combine(on, time(), zone)


def _stage(name: str, outcome: Outcome, rules: DealRules) -> Stage:
    definition = rules.pipeline.definition
    try:
        stage = definition.stage(name)
    except UnknownStage as error:
        raise BadRow(f"stage: {error}") from None
    is_over = stage.terminal and outcome is not Outcome.OPEN
    if not is_over and not any(outcome in edge.outcomes for edge in definition.edges if edge.from_stage == name):
        raise BadRow(f"stage {name} is no place for a deal that is {outcome}")
    return stage


def _settled(row: Values, outcome: Outcome) -> Values:
    """Open deals have no close yet, and only lost ones have a reason, whatever their columns or constants say."""
    values = row.copy()
    if outcome is Outcome.OPEN:
        values["closed_on"] = None
    elif values["closed_on"] is None:
        raise BadRow(f"closed_on is missing for a deal that is {outcome}")
    if outcome is not Outcome.LOST:
        values["loss_reason"] = values["loss_note"] = None
    elif values["loss_reason"] is None:
        raise BadRow("loss_reason is missing for a deal that is lost")
    return values


def _moves(values: Values, dated_stages: Sequence[str], stage: Stage, definition: PipelineDefinition) -> list[Move]:
    """The dated moves before the close, which has a date of its own."""
    moves, current = [], definition.first_stage
    for number, name in enumerate(dated_stages):
        on = values[history_field(number)]
        if on is None or name == current.name or (name == stage.name and values["closed_on"] is not None):
            continue
        target = definition.stage(name)
        earlier = next(each for each in definition.stages if each is current or each is target)
        moves.append(Move(current, target, TransitionKind.FORWARD if earlier is current else TransitionKind.BACK, on))
        current = target
    return moves


def _check_order(days: list[date | None], rules: DealRules) -> None:
    known = [each for each in days if each is not None]
    for earlier, later in pairwise(known):
        if later < earlier:
            raise BadRow(f"the dates run backwards: {later} comes after {earlier}")
    if known and known[-1] > rules.now.astimezone(rules.zone).date():
        raise BadRow(f"{known[-1]} lies in the future")
