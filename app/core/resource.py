"""The shapes of requests and answers that every resource shares, and how records become bytes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Depends, Header, Response
from pydantic import BaseModel, ConfigDict, model_validator

from app.core.problems import Invalid, PreconditionFailed
from app.core.rendering import item_json, page_json

_POINTER_IF_NONE_MATCH = "/header/If-None-Match"
_STRONG_ETAG = re.compile(r'^"(\d{1,9})"$')


class Body(BaseModel):
    """A request body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Patch(Body):
    """A partial change: only what is sent changes, and what a record cannot lack cannot be sent as null."""

    @model_validator(mode="after")
    def _refuse_empty(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """The fields that were sent."""
        return self.model_dump(exclude_unset=True)


class Item(BaseModel):
    """A record as it is read."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


def item_response(
    model: type[BaseModel], record: Mapping[str, Any], *, status: int = 200, location: str | None = None
) -> Response:
    """One record as JSON, with its version as a strong ETag; a new one with its `location`.

    That is a path, or the last part of one below the path that was asked: the record's id unless given.
    """
    headers = {"ETag": etag(record["version"])} if "version" in record else {}
    if status == HTTPStatus.CREATED:
        headers["Location"] = location or str(record["id"])
    body = item_json(model, record)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def page_response(model: type[BaseModel], records: Sequence[Mapping[str, Any]], next_cursor: str | None) -> Response:
    """A page as JSON: `{"items": […], "next_cursor": …}`; `model` is the page's."""
    return Response(page_json(model, records, next_cursor), media_type="application/json")


def json_response(value: BaseModel, *, status: int = 200) -> Response:
    """Anything else as JSON."""
    return Response(value.model_dump_json(), status_code=status, media_type="application/json")


def etag(version: int) -> str:
    """The strong entity tag of a version (RFC 9110 §8.8.3)."""
    return f'"{version}"'


async def _expected_version(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="The `ETag` of the version you changed.",
            json_schema_extra={"pattern": r'^(\*|"[0-9]{1,9}")$', "examples": ['"3"']},
        ),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    match = _STRONG_ETAG.match(if_match.strip())
    if match is None:
        raise Invalid.at("/header/If-Match", "etag", "Send one strong entity tag, as the ETag header gave it.")
    return int(match[1])


ExpectedVersion = Annotated[int | None, Depends(_expected_version)]


def check_version(record: Mapping[str, Any], expected: int | None) -> None:
    """Raise `PreconditionFailed` when the caller changed another version than the current one."""
    if expected is not None and record["version"] != expected:
        raise PreconditionFailed(headers={"ETag": etag(record["version"])})


@dataclass(frozen=True, slots=True)
class Precondition:
    """What a PUT asks of a record that may or may not be there (RFC 9110 §13.1); `version` is that of `If-Match`."""

    version: int | None = None
    must_exist: bool = False
    must_be_new: bool = False

    def check(self, record: Mapping[str, Any] | None) -> None:
        """Raise `PreconditionFailed` when the record, or its absence, is not what was asked for."""
        if record is None:
            if self.must_exist:
                raise PreconditionFailed("There is no such record that `If-Match` could be about.")
            return
        if self.must_be_new:
            detail = "There is such a record already: `If-None-Match` asked for a new one."
            raise PreconditionFailed(detail, headers={"ETag": etag(record["version"])})
        check_version(record, self.version)


async def _precondition(
    version: ExpectedVersion,
    if_match: Annotated[str | None, Header(alias="If-Match", include_in_schema=False)] = None,
    if_none_match: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            description="`*` only creates: a record that is there is refused.",
            json_schema_extra={"pattern": r"^\*$", "examples": ["*"]},
        ),
    ] = None,
) -> Precondition:
    if if_none_match is not None and if_none_match.strip() != "*":
        raise Invalid.at(_POINTER_IF_NONE_MATCH, "etag", "Only `*` is understood here.")
    return Precondition(version, must_exist=if_match is not None, must_be_new=if_none_match is not None)


AskedPrecondition = Annotated[Precondition, Depends(_precondition)]
