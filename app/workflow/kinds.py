"""What each kind of transition means in every pipeline, whatever its stages are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from app.workflow.stages import Outcome, RequiredInput, Subject, TransitionKind

_OPEN = frozenset({Outcome.OPEN})
_BOTH = frozenset({Subject.OPPORTUNITY, Subject.LEAD})
_DEAL = frozenset({Subject.OPPORTUNITY})
_LEAD = frozenset({Subject.LEAD})
_REASON = (RequiredInput.REASON,)


@dataclass(frozen=True, slots=True)
class KindRule:
    """`distance` counts stages in the pipeline's order; None means the kind may jump."""

    subjects: frozenset[Subject]
    outcomes: frozenset[Outcome] = _OPEN
    sets_outcome: Outcome | None = None
    required: tuple[RequiredInput, ...] = ()
    distance: int | None = None
    is_overridable: bool = False
    leaves_terminal: bool = False
    ends: bool = False
    only_by: Literal["conversion"] | None = None


RULES: Mapping[TransitionKind, KindRule] = MappingProxyType(
    {
        TransitionKind.FORWARD: KindRule(
            _BOTH, outcomes=frozenset({Outcome.OPEN, Outcome.WON}), distance=1, is_overridable=True
        ),
        TransitionKind.BACK: KindRule(
            _BOTH, outcomes=frozenset({Outcome.OPEN, Outcome.WON}), required=_REASON, distance=-1
        ),
        TransitionKind.WON: KindRule(_DEAL, sets_outcome=Outcome.WON, distance=1, is_overridable=True),
        TransitionKind.LOST: KindRule(_DEAL, sets_outcome=Outcome.LOST, required=(RequiredInput.LOSS_REASON,)),
        TransitionKind.REOPEN: KindRule(
            _DEAL,
            outcomes=frozenset({Outcome.LOST}),
            sets_outcome=Outcome.OPEN,
            required=_REASON,
            leaves_terminal=True,
        ),
        TransitionKind.COMPLETE: KindRule(
            _DEAL, outcomes=frozenset({Outcome.WON, Outcome.LOST}), distance=1, is_overridable=True, ends=True
        ),
        TransitionKind.DISQUALIFY: KindRule(_LEAD, sets_outcome=Outcome.DISQUALIFIED, required=_REASON, ends=True),
        TransitionKind.RECYCLE: KindRule(
            _LEAD,
            outcomes=frozenset({Outcome.DISQUALIFIED}),
            sets_outcome=Outcome.OPEN,
            required=_REASON,
            leaves_terminal=True,
        ),
        TransitionKind.CONVERT: KindRule(_LEAD, sets_outcome=Outcome.CONVERTED, ends=True, only_by="conversion"),
    }
)
