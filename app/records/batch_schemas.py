"""Batches as they are sent and answered."""

from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from app.core.problems import Invalid, ProblemDocument
from app.core.refusals import places_of
from app.core.resource import Body

MOST_ITEMS = 200


class BatchMode(StrEnum):
    """Whether items stand alone; values may be added."""

    ALL_OR_NOTHING = "all_or_nothing"
    PER_ITEM = "per_item"


class BatchOperation(StrEnum):
    """What is done with each item; values may be added."""

    CREATE = "create"
    UPSERT = "upsert"


def _readable_or_refused(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """The item, or the problem that it is: one bad item says nothing about the others."""
    try:
        return read(value)
    except ValidationError as error:
        return Invalid(errors=places_of(error.errors()))


_Item = TypeVar("_Item", bound=Body)
Items = Annotated[
    list[Annotated[_Item, WrapValidator(_readable_or_refused)]], Field(min_length=1, max_length=MOST_ITEMS)
]


class BatchCreate(Body):
    """Many records of one kind; subclasses say which. An item that cannot be read is the problem that it is."""

    mode: BatchMode = Field(
        default=BatchMode.ALL_OR_NOTHING,
        description="`all_or_nothing`: the first refusal refuses the batch. `per_item`: each item stands alone.",
    )
    operation: BatchOperation = Field(
        default=BatchOperation.CREATE,
        description="`create` as by POST, or `upsert` by the item's `external_id` as by PUT.",
    )
    items: list[Any]


class BatchItem(BaseModel):
    """What became of one item."""

    status: int = Field(description="201 created, 200 changed or unchanged, or the status of the problem.")
    problem: ProblemDocument | None
