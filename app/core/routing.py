"""How every route runs: a strict body, once per key, and once more when its transaction lost a race."""

import re
from http import HTTPStatus
from typing import Any

import asyncpg
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.routing import APIRoute

from app.core import json_body, parameters, query_text
from app.core.fields import shows_secret
from app.core.idempotency import Handler, once_per_key
from app.core.known_paths import is_fixed
from app.core.problems import UnsupportedMediaType
from app.core.rate_limits import weigh
from app.core.request_metrics import count_retry

_ATTEMPTS = 3
_JSON = re.compile(r"\s*application/json\s*(;\s*charset=\"?utf-?8\"?\s*)?;?\s*", re.IGNORECASE)


class LostRace(Exception):
    """The record changed between reading and writing; the whole transaction must run again."""


class StrictRequest(Request):
    """A request whose JSON body is parsed strictly."""

    async def json(self) -> Any:
        value = json_body.parse(await self.body())
        weigh(self.scope, value)
        return value


class Route(APIRoute):
    """Runs the endpoint at most three times, as long as its transaction was rolled back by a race."""

    def get_route_handler(self) -> Handler:
        handler = parameters.handler_of(self) or super().get_route_handler()
        if self.status_code == HTTPStatus.CREATED:
            handler = _located(handler)
        if "POST" in (self.methods or ()):
            handler = once_per_key(handler, shows_secret=shows_secret(self.response_model))

        async def handle(request: Request) -> Response:
            if self.param_convertors and is_fixed(request.app, request.scope["path"]):
                raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)  # told as the route that spells it out would
            query_text.check(request.scope["query_string"])
            if self.body_field is not None:
                request = StrictRequest(request.scope, request.receive)
                await _require_json(request)
            for _ in range(_ATTEMPTS - 1):
                try:
                    return await handler(request)
                except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, LostRace):
                    count_retry(request.scope)
            return await handler(request)

        return handle


def router(tag: str) -> APIRouter:
    """A router of the versioned API with one tag."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=Route)


def _located(handler: Handler) -> Handler:
    """The handler, whose answers name what they created by a whole path."""

    async def handle(request: Request) -> Response:
        response = await handler(request)
        location = response.headers.get("Location", "/")
        if not location.startswith("/"):
            response.headers["Location"] = f"{request.scope['path']}/{location}"
        return response

    return handle


async def _require_json(request: Request) -> None:
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Bodies are not compressed.", headers={"Accept-Encoding": "identity"})
    if not _JSON.fullmatch(request.headers.get("content-type", "")) and await request.body():
        raise UnsupportedMediaType
