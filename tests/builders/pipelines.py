"""Builders: pipelines and changed definitions."""

from tests.department import Department, Json


async def standard_pipeline(department: Department, subject: str = "opportunity") -> Json:
    """The default pipeline with its definition."""
    page = await department.operations.get("/pipelines", subject=subject, is_default="true")
    return await department.operations.get(f"/pipelines/{page['items'][0]['id']}")


async def create_pipeline(department: Department, name: str) -> Json:
    """A further pipeline for deals, with the standard stages."""
    standard = await standard_pipeline(department)
    body = {"name": name, "subject": "opportunity", "definition": standard["definition"]}
    return await department.operations.post("/pipelines", body)


def definition_with(pipeline: Json, *, label: str) -> Json:
    """The pipeline's definition with another label for its first stage."""
    first, *rest = pipeline["definition"]["stages"]
    return {**pipeline["definition"], "stages": [{**first, "label": label}, *rest]}
