"""The shapes of requests and answers that every resource shares, and how records become bytes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Depends, Header, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator

from app.core.problems import Invalid, PreconditionFailed

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
    item = model.model_validate(dict(record))
    headers = {"ETag": etag(record["version"])} if "version" in record else {}
    if status == HTTPStatus.CREATED:
        headers["Location"] = location or str(record["id"])
    return Response(item.model_dump_json(), status_code=status, headers=headers, media_type="application/json")


def page_response(model: type[BaseModel], records: Sequence[Mapping[str, Any]], next_cursor: str | None) -> Response:
    """A page as JSON: `{"items": […], "next_cursor": …}`; `model` is the page's."""
    page = model.model_validate({"items": [dict(record) for record in records], "next_cursor": next_cursor})
    return Response(page.model_dump_json(), media_type="application/json")


def json_response(value: BaseModel | list[Any], *, status: int = 200) -> Response:
    """Anything else as JSON."""
    return Response(TypeAdapter(type(value)).dump_json(value), status_code=status, media_type="application/json")


def etag(version: int) -> str:
    """The strong entity tag of a version (RFC 9110 §8.8.3)."""
    return f'"{version}"'


async def _expected_version(
    if_match: Annotated[
        str | None, Header(alias="If-Match", description="The `ETag` of the version you changed.")
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
