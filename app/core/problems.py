"""Errors as RFC 9457 problem documents: every 4xx and 5xx, the framework's own included.

A slice raises a subclass of `Problem`; its docstring is the default detail. Input is never echoed, inner details are
never shown.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

PROBLEM_JSON = "application/problem+json"
SCHEMAS = "#/components/schemas/"


class FieldError(BaseModel):
    """One place in the request that is wrong."""

    pointer: str = Field(description="JSON pointer into the body, or `/query/…`, `/path/…`, `/header/…`.")
    code: str = Field(description="A stable word for the kind of error; values may be added.")
    detail: str


class ProblemDocument(BaseModel):
    """What every error answers (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A path of this service that explains the problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(
        description="The path that was asked, with `-` for parts that are neither words of this service nor ids."
    )
    code: str = Field(description="A stable word for the problem; values may be added.")
    request_id: str
    errors: list[FieldError] = []


class Problem(Exception):
    """The request was refused.

    Its kinds explain themselves at `/problems/<code>`: the docstring says what happened, `remedy` what to do about it.
    A kind that says more than every problem does names the `shape` of its document.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    remedy: ClassVar[str]
    shape: ClassVar[type[ProblemDocument]] = ProblemDocument

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
    def kinds(cls) -> Iterator[type["Problem"]]:
        """Every kind of problem that has been imported."""
        for kind in cls.__subclasses__():
            yield kind
            yield from kind.kinds()

    @classmethod
    def path(cls) -> str:
        """The path of this service that explains the problem."""
        return f"/problems/{cls.code()}"

    @classmethod
    def default_detail(cls) -> str:
        return " ".join((cls.__doc__ or "").split())

    def document(self, *, instance: str, request_id: str) -> dict[str, Any]:
        """The problem as JSON-ready data."""
        return {
            "type": self.path(),
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

    remedy = "Mend what `detail` names; the same bytes will be refused again."


class Unauthenticated(Problem):
    """A valid credential is needed: `Authorization: Bearer <API key or token>`."""

    status = 401
    title = "Unauthorized"
    remedy = (
        "Send a key that has neither expired nor been revoked (`POST /v1/api-keys` makes one), or a token of the "
        "OpenID provider that the operator of the service has chosen."
    )

    def __init__(self, detail: str | None = None, *, is_invalid: bool = False) -> None:
        challenge = 'Bearer error="invalid_token"' if is_invalid else "Bearer"
        super().__init__(detail, headers={"WWW-Authenticate": challenge})


class Forbidden(Problem):
    """Your position may see this record, or this kind of record, but may not do this."""

    status = 403
    title = "Forbidden"
    remedy = (
        "Ask somebody whose position may: `GET /v1/access-explanations` says why you may not, and who may; "
        "`GET /v1/me` lists what your position may do, `GET /v1/positions` what each may."
    )


class InsufficientScope(Forbidden):
    """This credential was not given the scope that this needs; `scope` names it."""

    remedy = "Use a key with this scope, if your position may do this; `GET /v1/me` lists the scopes of yours."

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'  # RFC 6750 §3.1
        super().__init__(extra={"scope": scope}, headers={"WWW-Authenticate": challenge})


class NotFound(Problem):
    """There is no such record, or it is out of your reach."""

    status = 404
    title = "Not found"
    remedy = "Check path and id: `/openapi.json` names the paths, the lists hold the records within your reach."


class MethodNotAllowed(Problem):
    """This path does not know the method."""

    status = 405
    title = "Method not allowed"
    remedy = "Use one of the methods in the header `Allow`."


class RequestTimeout(Problem):
    """The body did not arrive in time."""

    status = 408
    title = "Request timeout"
    remedy = "Send it again, all of it at once; a POST under the same `Idempotency-Key`."

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Connection": "close"})


class Conflict(Problem):
    """The request conflicts with the current state."""

    status = 409
    title = "Conflict"
    remedy = "Read the record again: what it is now decides whether the request still makes sense."


class AlreadyExists(Conflict):
    """A record with this value exists already."""

    remedy = "Change the record that is there, or choose another value for the field in `errors`."


class StillReferenced(Conflict):
    """Other records refer to this one."""

    remedy = "Change or delete the records that refer to it first."


class Gone(Problem):
    """It was here, and is kept no longer."""

    status = 410
    title = "Gone"
    remedy = "Do not ask again."


class PreconditionFailed(Problem):
    """The record has changed: `If-Match` names an older version."""

    status = 412
    title = "Precondition failed"
    remedy = "Read the record again, see what has changed, and send its new `ETag` as `If-Match`."


class PayloadTooLarge(Problem):
    """The body is larger than this service reads."""

    status = 413
    title = "Payload too large"
    remedy = "Send less at once."


class UnsupportedMediaType(Problem):
    """Bodies are read as application/json."""

    status = 415
    title = "Unsupported media type"
    remedy = "Send JSON in UTF-8, not compressed, with `Content-Type: application/json`."


class Invalid(Problem):
    """The request is well formed but not valid; `errors` names each place."""

    status = 422
    title = "Unprocessable content"
    remedy = "Mend every place that `errors` names by its JSON pointer."

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> Self:
        """A problem with one wrong place."""
        return cls(errors=[FieldError(pointer=pointer, code=code, detail=detail)])


class HeadersTooLarge(Problem):
    """The request's line and headers are larger than this service reads."""

    status = 431
    title = "Request header fields too large"
    remedy = "Send fewer or shorter headers, and what is long in the body."


class InternalError(Problem):
    """Something went wrong on our side; the request id helps us find it."""

    status = 500
    title = "Internal server error"
    remedy = "Try again later under the same `Idempotency-Key`; if it stays, tell the operator the `request_id`."


class Unavailable(Problem):
    """The service cannot answer right now; try again."""

    status = 503
    title = "Service unavailable"
    remedy = "Wait as many seconds as `Retry-After` says, then send it again; a POST under the same `Idempotency-Key`."

    def __init__(self, detail: str | None = None, *, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, extra=extra, headers={"Retry-After": "1"})


def documented(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: the problems it may answer, with those every route may answer."""
    always = (Unauthenticated, Forbidden, InsufficientScope, Invalid, HeadersTooLarge, InternalError, Unavailable)
    return only(*problems, *always)


def only(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers no other problem."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        if problem not in by_status.setdefault(problem.status, []):
            by_status[problem.status].append(problem)
    return {status: _response(classes) for status, classes in sorted(by_status.items())}


def _response(classes: list[type[Problem]]) -> dict[str, Any]:
    # by reference: of a model FastAPI would build a validator for each of a thousand responses
    schema = {"$ref": SCHEMAS + _shape(classes).__name__}
    return {
        "description": " / ".join(f"`{each.code()}`: {each.default_detail()}" for each in classes),
        "content": {PROBLEM_JSON: {"schema": schema, "examples": references_to_examples(classes)}},
    }


def _shape(classes: list[type[Problem]]) -> type[ProblemDocument]:
    """The one shape that all documents of a status have: generators make a mess of choices between shapes."""
    shapes = {each.shape for each in classes} - {ProblemDocument}
    if len(shapes) > 1:
        raise TypeError(f"one status, two shapes of problem: {sorted(each.__name__ for each in shapes)}")
    return shapes.pop() if shapes else ProblemDocument


def references_to_examples(classes: Iterable[type[Problem]]) -> dict[str, Any]:
    """Where the document keeps an example of each kind, once for all operations."""
    return {each.code(): {"$ref": f"#/components/examples/{each.code()}"} for each in classes}
