"""Every error that leaves the service, rendered as a problem document."""

import re
from collections.abc import MutableMapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core import problems
from app.core.database import TRANSIENT
from app.core.json_pointers import pointer_to
from app.core.known_paths import known_path, methods_of
from app.core.problems import PROBLEM_JSON, FieldError, Problem
from app.core.request_log import current_request_id
from app.core.routing import LostRace

_log = structlog.get_logger()

_CONSTRAINT = re.compile(r"^(?P<kind>fk|uq|ck)_(?P<table>.+?)__(?P<column>.+)$")
_BY_STATUS: dict[int, type[Problem]] = {
    400: problems.BadRequest,
    401: problems.Unauthenticated,
    403: problems.Forbidden,
    404: problems.NotFound,
    405: problems.MethodNotAllowed,
    408: problems.RequestTimeout,
    413: problems.PayloadTooLarge,
    415: problems.UnsupportedMediaType,
}


def install(app: FastAPI) -> None:
    """Register the handlers for problems, the framework's errors, the database's and everything else."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(asyncpg.IntegrityConstraintViolationError, _constraint)
    app.add_exception_handler(asyncpg.DataError, _data)
    for unavailable in (*TRANSIENT, LostRace):
        app.add_exception_handler(unavailable, _unavailable)
    app.add_exception_handler(ClientDisconnect, _left)


class UnexpectedErrors:
    """Pure ASGI: answers 500 where the layers around it still add their headers, and never tells the server why."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_started = False

        async def noted(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            if scope["type"] != "http":
                raise
            response = _unexpected(scope, error)
            if not is_started:  # otherwise the server breaks off what was begun
                await response(scope, receive, send)


def render(problem: Problem, scope: MutableMapping[str, Any] | None = None) -> Response:
    """The answer for a problem of a request, or of what never became one."""
    instance = known_path(scope) if scope is not None else ""
    body = to_json(problem.document(instance=instance, request_id=current_request_id()))
    return Response(body, status_code=problem.status, headers=problem.headers, media_type=PROBLEM_JSON)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 # narrows the handler's type
    return render(error, request.scope)


async def _left(request: Request, _error: Exception) -> Response:
    return render(problems.BadRequest("The body ended too early."), request.scope)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 # narrows the handler's type
    if isinstance(error.__cause__, Problem):  # FastAPI wraps what the body's parser raises
        return render(error.__cause__, request.scope)
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = problems.InternalError if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else problems.BadRequest
    response = render(kind(), request.scope)
    if kind is problems.MethodNotAllowed:
        response.headers["Allow"] = ", ".join(sorted(methods_of(request.app, request.scope["path"])))
    return response


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 # narrows the handler's type
    places = [_place(each) for each in error.errors()]
    if any(place.code == "json_invalid" for place in places):
        return render(problems.BadRequest("The body is not valid JSON.", errors=places), request.scope)
    return render(problems.Invalid(errors=places), request.scope)


def _place(error: dict[str, Any]) -> FieldError:
    return FieldError(pointer=_pointer(error["loc"]), code=error["type"], detail=error["msg"])


def _pointer(location: Sequence[str | int]) -> str:
    """The place that pydantic names, without the body's own prefix."""
    if location[:1] == ("header",):
        return f"/header/{location[1]}"  # a declared one: unknown headers are no error
    return pointer_to(location[1:] if location[:1] == ("body",) else location)


async def _constraint(request: Request, error: Exception) -> Response:
    name = getattr(error, "constraint_name", None) or ""
    if isinstance(error, asyncpg.CheckViolationError) and not name:  # no partition takes the row
        return await _unavailable(request, error)
    match = _CONSTRAINT.match(name)
    column = match["column"] if match else ""
    if isinstance(error, asyncpg.UniqueViolationError):
        problem: Problem = problems.AlreadyExists(errors=_at(column, "not_unique", "Another record has this value."))
    elif isinstance(error, asyncpg.ForeignKeyViolationError) and "still referenced" in (error.detail or ""):
        problem = problems.StillReferenced()
    elif isinstance(error, asyncpg.ForeignKeyViolationError):
        problem = problems.Invalid(errors=_at(column, "unknown_reference", "There is no such record."))
    elif isinstance(error, asyncpg.CheckViolationError | asyncpg.NotNullViolationError):
        problem = problems.Invalid(errors=_at(column, "not_allowed", "This value breaks a rule of the record."))
    else:
        return _unexpected(request.scope, error)
    return render(problem, request.scope)


def _at(column: str, code: str, detail: str) -> list[FieldError]:
    return [FieldError(pointer=f"/{column}" if column else "", code=code, detail=detail)]


async def _data(request: Request, error: Exception) -> Response:
    _log.warning("value refused by the database", error=type(error).__name__)
    return render(problems.Invalid("A value is outside the range that can be stored."), request.scope)


async def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("database unavailable", error=type(error).__name__)
    return render(problems.Unavailable(), request.scope)


def _unexpected(scope: MutableMapping[str, Any], error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error)
    return render(problems.InternalError(), scope)
