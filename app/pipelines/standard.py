"""The pipelines that every organization starts with."""

from app.core.database import Transaction, new_id
from app.outbox.record import start
from app.pipelines.queries import PinnedPipeline, insert_pipeline
from app.workflow.pipeline import Subject
from app.workflow.standard import standard_definition

_NAMES = {Subject.OPPORTUNITY: "Standard sales", Subject.LEAD: "Standard leads"}


async def install_standard_pipelines(tx: Transaction) -> None:
    """Write the standard pipelines of a new organization as its defaults; the first event is of a later version."""
    for subject, name in _NAMES.items():
        pipeline = PinnedPipeline(new_id(), 1, standard_definition(subject))
        await start(tx, "pipeline", pipeline.pipeline_id)
        await insert_pipeline(tx, pipeline, name=name, is_default=True, published_by=None)
