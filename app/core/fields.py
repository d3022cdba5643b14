"""Types of fields that many resources share: money, texts, currencies."""

from decimal import Decimal
from typing import Annotated

from fastapi import Path
from iso4217 import Currency as Iso4217
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)


def _refuse_number(value: object) -> object:
    if isinstance(value, float | int):
        raise ValueError('a decimal is sent as a string, such as "125000.00"')  # noqa: TRY004 # pydantic reports these
    return value


DECIMAL_AS_STRING = BeforeValidator(_refuse_number)
_MONEY_SCHEMA = {"type": "string", "format": "decimal", "pattern": r"^\d{1,16}(\.\d{1,2})?$", "examples": ["125000.00"]}
_PERCENT_SCHEMA = {"type": "string", "format": "decimal", "pattern": r"^\d{1,3}(\.\d{1,2})?$", "examples": ["7.50"]}
_AS_STRING = PlainSerializer(str, return_type=str, when_used="json")


def _known_currency(code: str) -> str:
    if code not in _CURRENCIES:
        raise ValueError("not an ISO 4217 currency code")
    return code


_CURRENCIES = frozenset(currency.code for currency in Iso4217)

Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=18, decimal_places=2, allow_inf_nan=False),
    _AS_STRING,
    WithJsonSchema(_MONEY_SCHEMA),
    DECIMAL_AS_STRING,
]
Percent = Annotated[
    Decimal,
    Field(ge=0, le=100, max_digits=5, decimal_places=2),
    _AS_STRING,
    WithJsonSchema(_PERCENT_SCHEMA),
    DECIMAL_AS_STRING,
]
Currency = Annotated[
    str,
    StringConstraints(min_length=3, max_length=3),
    AfterValidator(_known_currency),
    WithJsonSchema(
        {
            "type": "string",
            "format": "iso-4217",
            "pattern": "^[A-Z]{3}$",
            "examples": ["USD"],
            "description": "ISO 4217",
        }
    ),
]
_SPACE = r"\s\x1c-\x1f\x85\ufeff"  # whitespace in the sense of every language: they do not agree on `\s`
# spaces around a text are taken off before it is measured; what is left of them to some says nothing either
_SAYS_SOMETHING = f"[^{_SPACE}]"
_SAYS_A_LITTLE = rf"[^{_SPACE}][\s\S]+[^{_SPACE}]"
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_SAYS_SOMETHING)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000, pattern=_SAYS_SOMETHING)
]
_EMAIL = rf"^[^@{_SPACE}]{{1,64}}@[^@{_SPACE}]+\.[^@{_SPACE}.]+$"
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=_EMAIL),
]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=40, pattern=_SAYS_A_LITTLE)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
PathExternalId = Annotated[ExternalId, Path(description="The id that another system knows the record by.")]
SHOWN_ONCE = "x-shown-once"
Secret = Annotated[str, Field(json_schema_extra={SHOWN_ONCE: True})]


def shows_secret(model: object) -> bool:
    """Whether a route's answer has a field that is shown once, and never stored as it is."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return False
    extras = [field.json_schema_extra for field in model.model_fields.values()]
    return any(isinstance(extra, dict) and SHOWN_ONCE in extra for extra in extras)
