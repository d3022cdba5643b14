"""What a route asks of a request, found out once: FastAPI finds out anew, for every request, what kinds there are.

Values are still taken, checked and refused by FastAPI and by the models. Routes that ask for what is not known here
(generators, the response, cookies, forms) are left to it altogether.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import iscoroutinefunction, signature
from typing import Any, TypeAlias, get_origin

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from starlette.datastructures import QueryParams

from app.core.idempotency import Handler

Found: TypeAlias = tuple[dict[str, Any], list[Any]]
Reading: TypeAlias = Callable[[Any], Found]
_UNKNOWN = (
    *("cookie_params", "websocket_param_name", "response_param_name", "background_tasks_param_name"),
    *("security_scopes_param_name", "concurrency"),
)


def handler_of(route: APIRoute) -> Handler | None:
    """What runs the route's endpoint with the values of its parameters; nothing where FastAPI has to."""
    endpoint: Any = route.endpoint
    if not _is_known(route) or signature(endpoint, eval_str=True).return_annotation is not Response:
        return None
    parameters, takes_body = Parameters(route.dependant), route.body_field is not None

    async def handle(request: Request) -> Response:
        body = await request.json() if takes_body and await request.body() else PydanticUndefined
        values, errors = await parameters.values(request, body, {})
        if errors:
            raise RequestValidationError(errors)
        response: Response = await endpoint(**values)
        return response

    return handle


class Parameters:
    """The parameters of an endpoint, or of something that it depends on, in the order in which FastAPI takes them."""

    def __init__(self, dependant: Dependant) -> None:
        self._needs: list[tuple[str | None, Any, Parameters]] = [
            (each.name, each.call, Parameters(each)) for each in dependant.dependencies
        ]
        self._path = _reading(dependant.path_params)
        self._query = _reading(dependant.query_params)
        self._headers = _reading(dependant.header_params)
        self._body = dependant.body_params
        self._requests = [name for name in (dependant.request_param_name, dependant.http_connection_param_name) if name]
        self._takes_request_only = not (self._needs or self._path or self._query or self._headers or self._body)

    async def values(self, request: Request, body: Any, known: dict[Any, Any]) -> Found:
        """The values by name, and what is wrong with those that are not there; `known` is what was depended on."""
        if self._takes_request_only:
            return dict.fromkeys(self._requests, request), []
        values, errors = await self._needed(request, body, known)
        found = [self._path(request.path_params)] if self._path else []
        if self._query:
            found.append(self._query(request.query_params))
        if self._headers:
            found.append(self._headers(request.headers))
        if self._body:
            found.append(await request_body_to_args(self._body, body, embed_body_fields=False))
        for more, wrong in found:
            values |= more
            errors += wrong
        return values | dict.fromkeys(self._requests, request), errors

    async def _needed(self, request: Request, body: Any, known: dict[Any, Any]) -> Found:
        values, errors = dict[str, Any](), list[Any]()
        for name, call, parameters in self._needs:
            found, wrong = await parameters.values(request, body, known)
            errors += wrong
            if wrong:
                continue
            if call not in known:
                known[call] = await call(**found)
            if name is not None:
                values[name] = known[call]
        return values, errors


def _reading(fields: Sequence[Any]) -> Reading | None:
    """What reads parameters of one place; FastAPI would ask each of them, for each request, whether it is a list."""
    if not fields:
        return None
    kinds = [field.field_info.annotation for field in fields]
    are_models = [isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds]
    if are_models == [True]:
        return _reading_model(fields[0], kinds[0])
    if any(are_models) or any(get_origin(kind) is list for kind in kinds):
        return partial(request_params_to_args, fields)
    return _reading_texts(fields)


def _reading_texts(fields: Sequence[Any]) -> Reading:
    places = [(field, field.alias, (field.field_info.in_.value, field.alias)) for field in fields]
    missing = {field.name: field.get_default() for field in fields if not field.field_info.is_required()}

    def read(given: Mapping[str, Any]) -> Found:
        values, errors = missing.copy(), list[Any]()
        for field, name, place in places:
            text = given.get(name)
            if text is not None:
                values[field.name], wrong = field.validate(text, values, loc=place)
                errors += wrong
            elif field.name not in missing:
                return request_params_to_args(fields, given)  # it says what is missing
        return values, errors

    return read


def _reading_model(field: Any, model: type[BaseModel]) -> Reading:
    takes_many = {name: get_origin(each.annotation) is list for name, each in model.model_fields.items()}

    def read(query: Any) -> Found:
        value, errors = field.validate(_given(query, takes_many), {}, loc=("query",))
        return {field.name: value}, errors

    return read


def _given(query: QueryParams, takes_many: Mapping[str, bool]) -> dict[str, Any]:
    given: dict[str, Any] = {
        name: query.getlist(name) if is_many else query[name] for name, is_many in takes_many.items() if name in query
    }
    for name in query:
        if name not in takes_many:
            values = query.getlist(name)
            given[name] = values if len(values) > 1 else values[0]
    return given


def _is_known(route: APIRoute) -> bool:
    needs = route.dependant.dependencies
    is_one_body = len(route.dependant.body_params) <= 1 and not any(each.body_params for each in needs)  # or in parts
    return is_one_body and _is_awaited(route.dependant)


def _is_awaited(dependant: Dependant) -> bool:
    call = dependant.call
    is_awaited = iscoroutinefunction(call) or iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004 # an instance's
    is_alone = dependant.use_cache and not any(getattr(dependant, name) for name in _UNKNOWN)
    return is_awaited and is_alone and all(map(_is_awaited, dependant.dependencies))
