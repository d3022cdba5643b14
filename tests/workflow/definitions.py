"""The standard pipelines, and ways to alter one before it is parsed."""

import json
from collections.abc import Callable

from app.workflow.pipeline import Edge, PipelineDefinition, Subject
from app.workflow.standard import standard_definition

JsonObject = dict[str, object]
Change = Callable[[list[JsonObject], list[JsonObject]], None]

OPPORTUNITY = standard_definition(Subject.OPPORTUNITY)
LEAD = standard_definition(Subject.LEAD)


def build_definition(change: Change, subject: Subject = Subject.OPPORTUNITY) -> PipelineDefinition:
    """Parse the standard pipeline after `change` has altered its stages and edges."""
    data = json.loads(standard_definition(subject).model_dump_json())
    change(data["stages"], data["edges"])
    return PipelineDefinition.model_validate_json(json.dumps(data))


def find_edge(edges: list[JsonObject], from_stage: str, to_stage: str) -> JsonObject:
    return next(edge for edge in edges if (edge["from_stage"], edge["to_stage"]) == (from_stage, to_stage))


def edit_stage(index: int, **values: object) -> PipelineDefinition:
    return build_definition(lambda stages, _: stages[index].update(values))


def edit_edge(start: str, end: str, /, **values: object) -> PipelineDefinition:
    return build_definition(lambda _, edges: find_edge(edges, start, end).update(values))


def remove_edge(from_stage: str, to_stage: str) -> PipelineDefinition:
    return build_definition(lambda _, edges: edges.remove(find_edge(edges, from_stage, to_stage)))


def add_edge(**values: object) -> PipelineDefinition:
    return build_definition(lambda _, edges: edges.append(values))


def summarize(edge: Edge) -> tuple[str, str]:
    return edge.kind.value, edge.to_stage
