"""What code generators make names from: whatever has no name in the document gets an ugly one in an SDK."""

from typing import Any

import pytest
from fastapi import FastAPI


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def by_name(document: dict[str, Any]) -> dict[str, Any]:
    """The operations under their ids."""
    return {each["operationId"]: each for path in document["paths"].values() for each in path.values()}


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("create_opportunity_transition", {"available", "criteria"}),
        ("create_lead_transition", {"available", "criteria"}),
        ("create_lead_conversion", {"available", "criteria", "converted_opportunity_id"}),
        ("create_lead", {"candidates", "contact_candidates", "hidden_candidates"}),
        ("send_proposal", {"discount_limit_percent", "discount_approved_percent"}),
    ],
)
def test_what_a_refusal_says_beyond_a_problem_is_described(
    document: dict[str, Any], operation: str, fields: set[str]
) -> None:
    conflict = by_name(document)[operation]["responses"]["409"]["content"]["application/problem+json"]
    reference = conflict["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]

    assert fields <= set(schema["properties"])
    assert set(document["components"]["schemas"]["ProblemDocument"]["properties"]) < set(schema["properties"])
