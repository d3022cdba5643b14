"""Answers that are made without their models are, to the byte, those that the models make."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from app.core.rendering import plain_of
from app.core.settings import Settings
from app.opportunities.schemas import Opportunity
from app.outbox.schemas import EventPage
from app.team_targets.schemas import TeamTarget
from app.timelines.schemas import AccountTimelinePage
from app.transitions.schemas import OpportunityTransition
from tests.builders.everything import create_everything, ids_in
from tests.department import Department

NAMES = ("external_id", "event_id", "delivery_id", "number")
READING = b"limit=200"


@pytest.fixture
async def answers(app: FastAPI, department: Department, settings: Settings, tmp_path: Path) -> list[httpx.Response]:
    """What a department is answered while it makes one of everything, and when it reads all of it."""
    heard = list[httpx.Response]()

    async def note(response: httpx.Response) -> None:
        await response.aread()
        heard.append(response)

    department.http.event_hooks["response"].append(note)
    created = await create_everything(department, settings, tmp_path)
    templates = list(app.openapi()["paths"])
    ids = ids_in(list(created.values()), templates)
    reader = await department.manager()
    for path in templates:
        for person in (reader, department.operations):
            if "stream" not in path and path.startswith("/v1/"):
                named = path.removeprefix("/v1").format_map({**dict.fromkeys(NAMES, "1"), **ids})
                await person.request("GET", named, limit=200)
    return [each for each in heard if each.is_success and each.headers.get("content-type") == "application/json"]


async def test_every_answer_is_the_one_that_its_model_makes(app: FastAPI, answers: list[httpx.Response]) -> None:
    models = [(answer, model) for answer in answers if (model := model_of(app, answer)) is not None]
    different = {model for answer, model in models if made_by(model, answer) != answer.content}

    assert len({model for _, model in models}) > 40
    assert different == {AccountTimelinePage, EventPage}  # the bytes that were recorded, and webhooks carry


async def test_a_list_shows_each_record_as_it_is_read_alone(answers: list[httpx.Response]) -> None:
    read = {each.url.path: each.content for each in answers if each.url.query == READING}
    both = [
        (path, read[path.rpartition("/")[0]])
        for path in read
        if (page := read.get(path.rpartition("/")[0])) is not None and b'"next_cursor":' in page
    ]
    different = [path for path, page in both if read[path] not in page and b'"definition":' not in read[path]]

    assert len(both) > 12
    assert different == []


def test_models_that_nest_or_change_what_they_are_given_are_made() -> None:
    assert plain_of(Opportunity) is not None
    assert plain_of(OpportunityTransition) is None
    assert plain_of(TeamTarget) is None  # counts are shown as whole numbers


def model_of(app: FastAPI, answer: httpx.Response) -> type[BaseModel] | None:
    for route in routes(app):
        if answer.request.method in (route.methods or ()) and route.path_regex.match(answer.url.path):
            model = route.response_model
            return model if isinstance(model, type) and issubclass(model, BaseModel) else None
    return None


def routes(app: FastAPI) -> Iterator[APIRoute]:
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield context.original_route


def made_by(model: type[BaseModel], answer: httpx.Response) -> bytes:
    return model.model_validate_json(answer.content).model_dump_json().encode()
