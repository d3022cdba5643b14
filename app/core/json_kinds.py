"""Types of fields that take the kind of JSON value that they are, and no other that could be read as one."""

import re
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Strict

_NUMBER = re.compile(r"\s*[+-]?[\d_]*\.?\d+\s*")


def _refuse_timestamp(value: object) -> object:
    """Pydantic would take numbers, and texts of digits, for seconds since 1970."""
    if isinstance(value, float | int) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("a number is neither a date nor a moment; send it as RFC 3339 has it")
    return value


def _refuse_other_kind(value: object) -> object:
    """Pydantic would take `true` and `"1"` for 1; strictly, it would refuse 1.0, which JSON Schema takes for whole."""
    if isinstance(value, bool | str):
        raise ValueError("a number is neither a text nor true or false")  # noqa: TRY004 # pydantic reports these
    return value


JSON_NUMBER = BeforeValidator(_refuse_other_kind)
"""Stands last in `Annotated[int, Field(ge=0), JSON_NUMBER]`: what stands behind it would be missing in the schema."""

Flag = Annotated[bool, Strict()]
Day = Annotated[date, BeforeValidator(_refuse_timestamp)]
Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_timestamp)]
