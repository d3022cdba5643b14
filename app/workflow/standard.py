"""The pipelines that ship with the service."""

from functools import cache
from importlib.resources import files

from app.workflow.pipeline import PipelineDefinition, Subject

_FILES = {Subject.OPPORTUNITY: "standard_pipeline.json", Subject.LEAD: "standard_lead_pipeline.json"}


@cache
def standard_definition(subject: Subject) -> PipelineDefinition:
    """Read and check the standard pipeline for deals or for leads; later calls get the same object."""
    text = files("app.workflow").joinpath(_FILES[subject]).read_text(encoding="utf-8")
    return PipelineDefinition.model_validate_json(text)
