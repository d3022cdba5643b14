"""A pipeline without exit criteria, on which a deal can walk for ever, and where it may go from each stage."""

from typing import Any


def _stage(name: str, step: str, *, terminal: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.title(),
        "step": step,
        "probability": 0 if terminal else 50,
        "forecast_category": "closed" if terminal else "pipeline",
        "expected_days": 1,
        "terminal": terminal,
    }


def _edge(from_stage: str, to_stage: str, kind: str, **rest: Any) -> dict[str, Any]:
    return {"from_stage": from_stage, "to_stage": to_stage, "kind": kind, "outcomes": ["open"], **rest}


PIPELINE: dict[str, Any] = {
    "name": "A walk without end",
    "subject": "opportunity",
    "definition": {
        "subject": "opportunity",
        "stages": [
            _stage("first", "prospecting"),
            _stage("second", "qualification"),
            _stage("third", "presentation"),
            _stage("last", "analysis", terminal=True),
        ],
        "edges": [
            _edge("first", "second", "forward"),
            _edge("second", "third", "forward"),
            _edge("second", "first", "back", required=["reason"]),
            _edge("third", "second", "back", required=["reason"]),
            _edge("third", "last", "lost", sets_outcome="lost", required=["loss_reason"]),
            _edge("last", "$left_stage", "reopen", outcomes=["lost"], sets_outcome="open", required=["reason"]),
        ],
    },
}

STEPS = {"first": ("second",), "second": ("first", "third"), "third": ("second", "last"), "last": ("third",)}


def body_of(key: str, to_stage: str) -> dict[str, Any]:
    """The request for a transition; its key is also its reason."""
    body = {"to_stage": to_stage, "reason": key}
    return body | {"loss_reason": "price"} if to_stage == "last" else body
