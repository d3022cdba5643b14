"""Many records in one request and one transaction, each by the rules, and with the events, of a request of its own.

Items that stand alone are undone to a savepoint. A transaction each was rejected: the answer that an Idempotency-Key
keeps is committed with what it tells about.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from app.core.database import Transaction
from app.core.problems import FieldError, Invalid, Problem
from app.core.refusals import REFUSALS, problem_of
from app.core.request_log import current_request_id
from app.core.resource import Body, Precondition, json_response
from app.records.batch_schemas import BatchCreate, BatchMode, BatchOperation
from app.records.collection import Collection
from app.records.queueing import queue_for
from app.records.upsert import Written, upsert


async def write_batch(tx: Transaction, collection: Collection, asked: BatchCreate) -> list[Written | Problem]:
    """What became of each item, in their order; problems point into `/items/…`.

    All or nothing, it raises the first problem, or one `Invalid` with all that is wrong in items that cannot be read.
    """
    stands_alone = asked.mode is BatchMode.PER_ITEM
    entries: list[Body | Invalid] = [_readable(asked.operation, item) for item in asked.items]
    if not stands_alone:
        _refuse_unreadable(entries)
    await queue_for(tx, collection, asked.operation, [entry for entry in entries if isinstance(entry, Body)])
    outcomes: list[Written | Problem] = []
    for index, entry in enumerate(entries):
        outcome = await _outcome(tx, collection, asked, entry)
        if isinstance(outcome, Problem):
            outcome.errors = _in_item(index, outcome)
            if not stands_alone:
                raise outcome
        outcomes.append(outcome)
    return outcomes


def batch_response(model: type[BaseModel], collection: Collection, outcomes: Sequence[Written | Problem]) -> Response:
    """One result per item as JSON; `model` is the batch's."""
    instance = f"/v1/{collection.path}/batch"
    return json_response(model.model_validate({"items": [_result(outcome, instance) for outcome in outcomes]}))


async def _outcome(
    tx: Transaction, collection: Collection, asked: BatchCreate, entry: Body | Invalid
) -> Written | Problem:
    if isinstance(entry, Invalid):
        return entry
    try:
        async with tx.savepoint() if asked.mode is BatchMode.PER_ITEM else nullcontext():
            return await _write(tx, collection, asked.operation, entry)
    except REFUSALS as error:
        problem = problem_of(error)
        if problem is None:
            raise
        return problem


async def _write(tx: Transaction, collection: Collection, operation: BatchOperation, body: Body) -> Written:
    fields = body.model_dump()
    if operation is BatchOperation.UPSERT:
        return await upsert(tx, collection, fields["external_id"], body, Precondition())
    return Written(await collection.create(tx, fields), is_new=True)


def _readable(operation: BatchOperation, item: Any) -> Body | Invalid:
    if operation is BatchOperation.UPSERT and isinstance(item, Body) and item.model_dump()["external_id"] is None:
        return Invalid.at("/external_id", "missing", "An upsert needs the external id.")
    readable: Body | Invalid = item
    return readable


def _refuse_unreadable(entries: Sequence[Body | Invalid]) -> None:
    errors = [
        error for index, entry in enumerate(entries) if isinstance(entry, Invalid) for error in _in_item(index, entry)
    ]
    if errors:
        raise Invalid(errors=errors)


def _in_item(index: int, problem: Problem) -> list[FieldError]:
    places = problem.errors or [FieldError(pointer="", code=problem.code(), detail=str(problem))]
    return [place.model_copy(update={"pointer": f"/items/{index}{place.pointer}"}) for place in places]


def _result(outcome: Written | Problem, instance: str) -> dict[str, Any]:
    if isinstance(outcome, Problem):
        document = outcome.document(instance=instance, request_id=current_request_id())
        return {"status": outcome.status, "record": None, "problem": document}
    return {"status": 201 if outcome.is_new else 200, "record": dict(outcome.row), "problem": None}
