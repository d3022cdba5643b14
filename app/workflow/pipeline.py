"""A pipeline's definition: data that is checked as a whole before anybody can move along it."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.workflow.soundness import check_edges, check_paths, check_stages, stages_to_lose_from
from app.workflow.stages import (
    LEFT_STAGE,
    Edge,
    ForecastCategory,
    Outcome,
    RequiredInput,
    Stage,
    Step,
    Subject,
    TransitionKind,
)

__all__ = [
    "LEFT_STAGE",
    "Edge",
    "ForecastCategory",
    "Outcome",
    "PipelineDefinition",
    "RequiredInput",
    "Stage",
    "Step",
    "Subject",
    "TransitionKind",
    "UnknownStage",
]


class UnknownStage(LookupError):
    """The pipeline has no stage of this name."""


class PipelineDefinition(BaseModel):
    """Stages in their order, the first one being where a subject starts, and every edge between them.

    Raises `ValueError` (pydantic's `ValidationError`) naming the place when the definition is not sound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Subject
    stages: Annotated[tuple[Stage, ...], Field(max_length=50)]
    edges: Annotated[tuple[Edge, ...], Field(max_length=500)]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        check_stages(self.stages)
        check_edges(self.subject, self.stages, self.edges)
        check_paths(self.stages, self.edges)
        return self

    @property
    def first_stage(self) -> Stage:
        return self.stages[0]

    def stage(self, name: str) -> Stage:
        """Find the stage of this name; raises `UnknownStage`."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise UnknownStage(f"this pipeline has no stage {name!r}")

    def edges_from(self, stage: str, outcome: Outcome, left_stage: str | None = None) -> tuple[Edge, ...]:
        """List every edge that leaves here, reopening resolved to `left_stage`; raises `UnknownStage`.

        A reopening is left out when `left_stage` is not a stage of this pipeline that a deal can be lost from:
        the deal would come back open to a place that open deals cannot leave.
        """
        name = self.stage(stage).name
        leaving = [edge for edge in self.edges if edge.from_stage == name and outcome in edge.outcomes]
        resolved = (self._resolve(edge, left_stage) for edge in leaving)
        return tuple(edge for edge in resolved if edge is not None)

    def _resolve(self, edge: Edge, left_stage: str | None) -> Edge | None:
        if edge.to_stage != LEFT_STAGE:
            return edge
        if left_stage not in stages_to_lose_from(self.edges):
            return None
        return edge.model_copy(update={"to_stage": left_stage})
