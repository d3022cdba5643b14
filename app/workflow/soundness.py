"""What makes a pipeline sound. Every check raises a `ValueError` that names the stage or edge at fault."""

from collections.abc import Sequence

from app.workflow.criteria import CRITERIA
from app.workflow.kinds import RULES
from app.workflow.stages import LEFT_STAGE, Edge, Outcome, Stage, Subject, TransitionKind

State = tuple[str, Outcome]

_OUTCOMES = {
    Subject.OPPORTUNITY: {Outcome.OPEN, Outcome.WON, Outcome.LOST},
    Subject.LEAD: {Outcome.OPEN, Outcome.CONVERTED, Outcome.DISQUALIFIED},
}


def check_stages(stages: Sequence[Stage]) -> None:
    """Check that there is a first stage, that it is not the end, and that names are unique."""
    if not stages:
        raise ValueError("stages: there is no first stage")
    if stages[0].terminal:
        raise ValueError(f"stages[0] ({stages[0].name}): the first stage is terminal")
    names = [stage.name for stage in stages]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ValueError(f"stages[{index}]: duplicate stage {name!r}")


def check_edges(subject: Subject, stages: Sequence[Stage], edges: Sequence[Edge]) -> None:
    """Check that each edge joins known stages, asks for known criteria and keeps the rules of its kind."""
    by_name = {stage.name: stage for stage in stages}
    for index, edge in enumerate(edges):
        place = f"edges[{index}] ({edge.from_stage} → {edge.to_stage})"
        _check_names(place, edge, by_name)
        _check_outcomes(place, edge, subject)
        _check_kind(place, edge)
        _check_terminal(place, edge, by_name)
        _check_distance(place, edge, list(by_name))
    _check_unambiguous(edges)


def check_paths(stages: Sequence[Stage], edges: Sequence[Edge]) -> None:
    """Check that every stage can be reached, every edge taken, and nothing gets stuck before the end."""
    states = _reachable_states(stages[0].name, edges)
    for stage in stages:
        if stage.name not in {name for name, _ in states}:
            raise ValueError(f"stage {stage.name!r} is unreachable")
    terminal = {stage.name for stage in stages if stage.terminal}
    for name, outcome in sorted(states):
        if name not in terminal and not _leaving(edges, (name, outcome)):
            raise ValueError(f"stage {name!r} leads nowhere when the outcome is {outcome.value!r}")
        if name in terminal and outcome is Outcome.OPEN:
            raise ValueError(f"terminal stage {name!r} is reached while the outcome is still open")
    for index, edge in enumerate(edges):
        if not any((edge.from_stage, outcome) in states for outcome in edge.outcomes):
            raise ValueError(f"edges[{index}] ({edge.from_stage} → {edge.to_stage}): no subject can ever take it")


def stages_to_lose_from(edges: Sequence[Edge]) -> frozenset[str]:
    """List the stages a deal can be lost from, hence the ones it can be reopened to."""
    return frozenset(edge.from_stage for edge in edges if edge.kind is TransitionKind.LOST)


def _check_names(place: str, edge: Edge, by_name: dict[str, Stage]) -> None:
    for name in (edge.from_stage, edge.to_stage):
        if name not in by_name and name != LEFT_STAGE:
            raise ValueError(f"{place}: unknown stage {name!r}")
    if (edge.to_stage == LEFT_STAGE) != (edge.kind is TransitionKind.REOPEN):
        raise ValueError(f"{place}: a reopening, and nothing else, leads to {LEFT_STAGE!r}")
    for criterion in edge.criteria:
        if criterion not in CRITERIA:
            raise ValueError(f"{place}: unknown criterion {criterion!r}")


def _check_outcomes(place: str, edge: Edge, subject: Subject) -> None:
    for outcome in edge.outcomes:
        if outcome not in _OUTCOMES[subject]:
            raise ValueError(f"{place}: {outcome.value!r} is not an outcome of subject {subject.value!r}")
    if subject not in RULES[edge.kind].subjects:
        raise ValueError(f"{place}: {edge.kind.value!r} is not a kind of transition for subject {subject.value!r}")


def _check_kind(place: str, edge: Edge) -> None:
    rule = RULES[edge.kind]
    wanted = rule.sets_outcome.value if rule.sets_outcome else None
    if edge.sets_outcome is not rule.sets_outcome:
        raise ValueError(f"{place}: sets_outcome of a {edge.kind.value!r} edge must be {wanted!r}")
    if not rule.outcomes.issuperset(edge.outcomes):
        allowed = ", ".join(sorted(rule.outcomes))
        raise ValueError(f"{place}: a {edge.kind.value!r} edge is for the outcomes {allowed}")
    for name in rule.required:
        if name not in edge.required:
            raise ValueError(f"{place}: a {edge.kind.value!r} edge must require {name.value!r}")
    if edge.may_override and not rule.is_overridable:
        raise ValueError(f"{place}: a {edge.kind.value!r} edge cannot be overridden")
    if edge.only_by != rule.only_by:
        raise ValueError(f"{place}: only_by of a {edge.kind.value!r} edge must be {rule.only_by!r}")


def _check_terminal(place: str, edge: Edge, by_name: dict[str, Stage]) -> None:
    rule = RULES[edge.kind]
    if by_name[edge.from_stage].terminal and not rule.leaves_terminal:
        raise ValueError(f"{place}: a terminal stage has no {edge.kind.value!r} edge")
    if rule.ends and not by_name[edge.to_stage].terminal:
        raise ValueError(f"{place}: a {edge.kind.value!r} edge must lead to a terminal stage")


def _check_distance(place: str, edge: Edge, names: list[str]) -> None:
    distance = RULES[edge.kind].distance
    if distance is not None and names.index(edge.to_stage) - names.index(edge.from_stage) != distance:
        direction = "next" if distance > 0 else "previous"
        raise ValueError(f"{place}: a {edge.kind.value!r} edge leads to the {direction} stage, without skipping")


def _check_unambiguous(edges: Sequence[Edge]) -> None:
    seen = set[tuple[str, str, Outcome]]()
    for index, edge in enumerate(edges):
        for move in [(edge.from_stage, to, outcome) for to in _targets(edges, edge) for outcome in edge.outcomes]:
            if move in seen:
                raise ValueError(f"edges[{index}] ({move[0]} → {move[1]}): a second edge for {move[2].value!r}")
            seen.add(move)


def _targets(edges: Sequence[Edge], edge: Edge) -> frozenset[str]:
    return stages_to_lose_from(edges) if edge.to_stage == LEFT_STAGE else frozenset({edge.to_stage})


def _leaving(edges: Sequence[Edge], state: State) -> set[State]:
    stage, outcome = state
    leaving = [edge for edge in edges if edge.from_stage == stage and outcome in edge.outcomes]
    return {(target, edge.sets_outcome or outcome) for edge in leaving for target in _targets(edges, edge)}


def _reachable_states(first: str, edges: Sequence[Edge]) -> set[State]:
    waiting: set[State] = {(first, Outcome.OPEN)}
    reached = set[State]()
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting |= _leaving(edges, state) - reached
    return reached
