"""Writing a record by the id that another system knows it by: created when there is none, else changed."""

from dataclasses import dataclass
from typing import Any

import asyncpg
from fastapi import Response

from app.core.database import Row, Transaction
from app.core.problems import AlreadyExists, Conflict, Invalid, NotFound, PreconditionFailed, Problem, documented
from app.core.refusals import taken
from app.core.resource import Body, Item, Precondition, item_response
from app.core.routing import LostRace
from app.people.permissions import is_within
from app.records.collection import Collection

_CREATED = "There was none: it was created, and `Location` names it."
_DEFAULTED = frozenset({"owner_id", "currency"})
"""Fields whose null asks for the default of a new record; a record that is there has a value already."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record as it is now, and whether it is new."""

    row: Row
    is_new: bool


async def upsert(
    tx: Transaction, collection: Collection, external_id: str, body: Body, precondition: Precondition
) -> Written:
    """Create the record as POST would, or change those of the sent fields that PATCH knows, as PATCH would.

    Raises what these raise, `PreconditionFailed`, `Invalid` for another external id in the body, `AlreadyExists` when
    the record is out of the caller's sight, and `LostRace` when somebody else was faster: run again, it finds theirs.
    """
    fields = body.model_dump()
    if fields["external_id"] not in {None, external_id}:
        raise Invalid.at("/external_id", "other_external_id", "The path names another external id.")
    found = await tx.fetch_one(collection.find, external_id=external_id)
    if found is not None and not is_within(tx.caller, collection.read, found):
        raise taken("external_id")
    precondition.check(found)
    if found is None:
        return Written(await _create(tx, collection, fields | {"external_id": external_id}), is_new=True)
    row = await collection.change(tx, found["id"], _changes(collection, body), precondition.version)
    if row["external_id"] != external_id:  # somebody gave the record another one before we had its lock
        raise LostRace
    return Written(row, is_new=False)


def upsert_answers(model: type[Item], *problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that upserts, besides its 200."""
    created = {"model": model, "description": _CREATED}
    return {201: created, **documented(*problems, NotFound, AlreadyExists, PreconditionFailed)}


def upsert_response(model: type[Item], collection: Collection, written: Written) -> Response:
    """The record as JSON with its ETag: 201 and its `Location` when it is new, else 200."""
    if not written.is_new:
        return item_response(model, written.row)
    response = item_response(model, written.row, status=201)
    response.headers["Location"] = f"/v1/{collection.path}/{written.row['id']}"
    return response


async def _create(tx: Transaction, collection: Collection, fields: dict[str, Any]) -> Row:
    try:
        return await collection.create(tx, fields)
    except asyncpg.UniqueViolationError as error:
        if str(error.constraint_name).endswith("__external_id"):
            raise LostRace from None
        raise
    except Conflict:
        # what stands in the way may be the record itself, made since we looked
        if await tx.fetch_one(collection.find, external_id=fields["external_id"]) is not None:
            raise LostRace from None
        raise


def _changes(collection: Collection, body: Body) -> dict[str, Any]:
    known = body.model_fields_set & collection.patch.model_fields.keys() - {"external_id"}
    sent = body.model_dump(include=known)
    return {name: value for name, value in sent.items() if value is not None or name not in _DEFAULTED}
