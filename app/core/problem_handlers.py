"""Every error that leaves the service, rendered as a problem document."""

from http import HTTPStatus

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from app.core import problems
from app.core.database import TRANSIENT
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
    413: problems.PayloadTooLarge,
    415: problems.UnsupportedMediaType,
}


def install(app: FastAPI) -> None:
    """Register the handlers for problems, the framework's errors, the database's and everything else."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(asyncpg.IntegrityConstraintViolationError, _refusal)
    app.add_exception_handler(asyncpg.DataError, _data)
    for unavailable in (*TRANSIENT, LostRace):
        app.add_exception_handler(unavailable, _unavailable)
    app.add_exception_handler(Exception, _unexpected)


def render(problem: Problem, instance: str) -> Response:
    """The answer for a problem at a path."""
    body = to_json(problem.document(instance=instance, request_id=current_request_id()))
    return Response(body, status_code=problem.status, headers=problem.headers, media_type=PROBLEM_JSON)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 # narrows the handler's type
    return render(error, request.url.path)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 # narrows the handler's type
    if isinstance(error.__cause__, Problem):  # FastAPI wraps what the body's parser raises
        return render(error.__cause__, request.url.path)
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = problems.InternalError if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else problems.BadRequest
    response = render(kind(), request.url.path)
    response.headers.update(error.headers or {})
    return response


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 # narrows the handler's type
    places = places_of(error.errors())
    if any(place.code == "json_invalid" for place in places):
        return render(problems.BadRequest("The body is not valid JSON.", errors=places), request.url.path)
    return render(problems.Invalid(errors=places), request.url.path)


async def _refusal(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is not None:
        return render(problem, request.url.path)
    if isinstance(error, asyncpg.CheckViolationError):  # no partition takes the row
        return await _unavailable(request, error)
    return await _unexpected(request, error)


async def _data(request: Request, error: Exception) -> Response:
    _log.warning("value refused by the database", error=type(error).__name__)
    return await _refusal(request, error)


async def _unavailable(request: Request, error: Exception) -> Response:
    _log.warning("database unavailable", error=type(error).__name__)
    return render(problems.Unavailable(), request.url.path)


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("unexpected error", exc_info=error)
    return render(problems.InternalError(), request.url.path)
