"""Errors as RFC 9457 problem documents: every 4xx and 5xx, the framework's own included.

A slice raises a subclass of `Problem`; its docstring is the default detail. Input is never echoed, inner details are
never shown.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

PROBLEM_JSON = "application/problem+json"


class FieldError(BaseModel):
    """One place in the request that is wrong."""

    pointer: str = Field(description="JSON pointer into the body, or `/query/…`, `/path/…`, `/header/…`.")
    code: str = Field(description="A stable word for the kind of error; values may be added.")
    detail: str


class ProblemDocument(BaseModel):
    """What every error answers (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="Problem")

    type: str = Field(description="A path of this service that explains the problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked.")
    code: str = Field(description="A stable word for the problem; values may be added.")
    request_id: str
    errors: list[FieldError] = []


class Problem(Exception):
    """The request was refused."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: list[FieldError] | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.default_detail())
        self.errors = errors or []
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    @classmethod
    def code(cls) -> str:
        """The class's name in snake_case: stable, what clients switch on."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def default_detail(cls) -> str:
        return " ".join((cls.__doc__ or "").split())

    def document(self, *, instance: str, request_id: str) -> dict[str, Any]:
        """The problem as JSON-ready data."""
        return {
            "type": f"/problems/{self.code()}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
            "instance": instance,
            "code": self.code(),
            "request_id": request_id,
            "errors": [error.model_dump() for error in self.errors],
            **self.extra,
        }


class BadRequest(Problem):
    """The request cannot be read."""


class Unauthenticated(Problem):
    """A valid credential is needed: `Authorization: Bearer <API key>`."""

    status = 401
    title = "Unauthorized"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    """Your position may see this record, or this kind of record, but may not do this."""

    status = 403
    title = "Forbidden"


class NotFound(Problem):
    """There is no such record, or it is out of your reach."""

    status = 404
    title = "Not found"


class MethodNotAllowed(Problem):
    """This path does not know the method."""

    status = 405
    title = "Method not allowed"


class Conflict(Problem):
    """The request conflicts with the current state."""

    status = 409
    title = "Conflict"


class AlreadyExists(Conflict):
    """A record with this value exists already."""


class StillReferenced(Conflict):
    """Other records refer to this one."""


class Gone(Problem):
    """It was here, and is kept no longer."""

    status = 410
    title = "Gone"


class PreconditionFailed(Problem):
    """The record has changed: `If-Match` names an older version."""

    status = 412
    title = "Precondition failed"


class PayloadTooLarge(Problem):
    """The body is larger than this service reads."""

    status = 413
    title = "Payload too large"


class UnsupportedMediaType(Problem):
    """Bodies are read as application/json."""

    status = 415
    title = "Unsupported media type"


class Invalid(Problem):
    """The request is well formed but not valid; `errors` names each place."""

    status = 422
    title = "Unprocessable content"

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> Self:
        """A problem with one wrong place."""
        return cls(errors=[FieldError(pointer=pointer, code=code, detail=detail)])


class InternalError(Problem):
    """Something went wrong on our side; the request id helps us find it."""

    status = 500
    title = "Internal server error"


class Unavailable(Problem):
    """The service cannot answer right now; try again."""

    status = 503
    title = "Service unavailable"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


def documented(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: the problems it may answer, with those every route may answer."""
    by_status: dict[int, list[type[Problem]]] = {}
    every_route: tuple[type[Problem], ...] = (Unauthenticated, Forbidden, Invalid, InternalError, Unavailable)
    for problem in (*problems, *every_route):
        if problem not in by_status.setdefault(problem.status, []):
            by_status[problem.status].append(problem)
    return {status: _response(classes) for status, classes in sorted(by_status.items())}


def _response(classes: list[type[Problem]]) -> dict[str, Any]:
    return {
        "model": ProblemDocument,
        "description": " / ".join(f"`{each.code()}`: {each.default_detail()}" for each in classes),
    }
