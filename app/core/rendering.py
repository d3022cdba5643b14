"""Records as JSON: where a row holds what is answered, as it is answered, no model is made of it in between."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import itemgetter
from types import NoneType, UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_json

Record: TypeAlias = Mapping[str, Any]

_ANSWERED_AS_READ = {str, int, bool, UUID, date, datetime, NoneType}


def item_json(model: type[BaseModel], record: Record) -> str | bytes:
    """One record as JSON."""
    if (plain := plain_of(model)) is not None:
        return to_json(plain(record))
    return model.model_validate(dict(record)).model_dump_json()


def page_json(page: type[BaseModel], records: Sequence[Record], next_cursor: str | None) -> str | bytes:
    """A page as JSON: `{"items": […], "next_cursor": …}`; `page` is the model of the whole."""
    (item,) = get_args(page.model_fields["items"].annotation)
    if (plain := plain_of(item)) is not None:
        return to_json({"items": [plain(record) for record in records], "next_cursor": next_cursor})
    values = {"items": [dict(record) for record in records], "next_cursor": next_cursor}
    return page.model_validate(values).model_dump_json()


@cache
def plain_of(model: type[BaseModel]) -> Callable[[Record], dict[str, Any]] | None:
    """What takes the fields of a model out of a record; nothing for a model that changes or nests what it is given."""
    rules = model.__pydantic_decorators__
    changing = (rules.field_validators, rules.model_validators, rules.field_serializers, rules.model_serializers)
    if any(changing) or not all(_is_plain(field) for field in model.model_fields.values()):
        return None
    names = tuple(model.model_fields)
    take = itemgetter(*names)
    return lambda record: dict(zip(names, take(record), strict=True))


def _is_plain(field: FieldInfo) -> bool:
    return field.alias is None and field.is_required() and _is_answered_as_read(_whole(field))


def _whole(field: FieldInfo) -> Any:
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _is_answered_as_read(kind: Any) -> bool:
    if get_origin(kind) in {Union, UnionType}:
        return all(_is_answered_as_read(each) for each in get_args(kind))
    if get_origin(kind) is Annotated:
        return get_args(kind)[0] is Decimal  # those are answered as texts, with or without the bounds of amounts
    return kind in _ANSWERED_AS_READ or kind is Decimal or (isinstance(kind, type) and issubclass(kind, Enum))
