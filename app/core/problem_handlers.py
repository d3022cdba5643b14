"""Every error that leaves the service, rendered as a problem document."""

from collections.abc import MutableMapping
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
from app.core.caller import told_of_caller
from app.core.database import TRANSIENT
from app.core.known_paths import known_path, methods_of
from app.core.origin import current_origin
from app.core.problems import PROBLEM_JSON, Problem
from app.core.refusals import places_of, problem_of
from app.core.request_log import current_request_id
from app.core.routing import LostRace

_log = structlog.get_logger()

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
_ACCESS_REFUSED = {problems.Unauthenticated.status, problems.Forbidden.status}


def install(app: FastAPI) -> None:
    """Register the handlers for problems, the framework's errors, the database's and everything else."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(asyncpg.IntegrityConstraintViolationError, _refusal)
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
    if error.status in _ACCESS_REFUSED:
        _log.warning(
            "access refused",
            id=current_request_id(),
            method=request.method,
            route=request.scope["route"].path,
            code=error.code(),
            client_address=current_origin().client_address,
            **told_of_caller(request.scope),
        )
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
    places = places_of(error.errors())
    if any(place.code == "json_invalid" for place in places):
        return render(problems.BadRequest("The body is not valid JSON.", errors=places), request.scope)
    return render(problems.Invalid(errors=places), request.scope)


async def _refusal(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is not None:
        return render(problem, request.scope)
    if isinstance(error, asyncpg.CheckViolationError):  # no partition takes the row
        return await _unavailable(request, error)
    return _unexpected(request.scope, error)


async def _data(request: Request, error: Exception) -> Response:
    _log.warning("value refused by the database", error=type(error).__name__)
    return await _refusal(request, error)


async def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("database unavailable", error=type(error).__name__)
    return render(problems.Unavailable(), request.scope)


def _unexpected(scope: MutableMapping[str, Any], error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error)
    return render(problems.InternalError(), scope)
