"""The mapping file (TOML): which file gives which entity, which column gives which field, and how it is written."""

import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.core.fields import Name
from app.core.schema import Money
from app.imports.entities import ACCOUNTS, OPPORTUNITIES, PRODUCTS, TEAMS, USERS, Entity
from app.imports.values import Format
from app.workflow.stages import StageName

_A_DAY = date(2001, 12, 31)


class MappingInvalid(Exception):
    """The mapping cannot be used; `errors` name each place and what is wrong there."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Part):
    """Where a field's value comes from: a column, or a template of columns; then what becomes of it.

    The steps are taken in this order: `map` replaces a value, `default` stands in for an empty one, `required` refuses
    an empty one, `times` multiplies an amount.
    """

    column: str | None = None
    template: Annotated[str | None, Field(description="Text with `{column}` in it; empty when a column is.")] = None
    map: dict[str, str] = {}
    default: str | None = None
    required: bool = False
    times: Annotated[int | None, Field(ge=1, le=1_000_000_000)] = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.column is None) == (self.template is None):
            raise ValueError("give either column or template")
        return self


ColumnOrRule = Annotated[Rule, BeforeValidator(lambda value: {"column": value} if isinstance(value, str) else value)]


class Source(_Part):
    """One file read as one entity."""

    entity: ClassVar[Entity]

    file: Annotated[str, Field(pattern=r"^[^/\\]+$", description="A file in the imported folder.")]
    encoding: str = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    date_format: str = "%Y-%m-%d"
    decimal_separator: Annotated[str, Field(pattern=r"^[.,]$")] = "."
    distinct: Annotated[bool, Field(description="Rows that say the same are one record.")] = False
    columns: dict[str, ColumnOrRule]
    constants: dict[str, str] = {}

    @property
    def format(self) -> Format:
        """How this file writes dates and amounts."""
        return Format(self.date_format, self.decimal_separator)

    @field_validator("encoding")
    @classmethod
    def _is_text_encoding(cls, name: str) -> str:
        try:
            "a".encode(name)
        except (LookupError, UnicodeError):
            raise ValueError("is no known encoding of text") from None
        return name

    @field_validator("delimiter")
    @classmethod
    def _is_no_structure(cls, character: str) -> str:
        if character in '"\r\n':
            raise ValueError("cannot be a quote or a line break")
        return character

    @field_validator("date_format")
    @classmethod
    def _gives_a_date(cls, form: str) -> str:
        try:
            is_whole = datetime.strptime(_A_DAY.strftime(form), form).date() == _A_DAY  # noqa: DTZ007 # a date
        except ValueError:
            is_whole = False
        if not is_whole:
            raise ValueError("does not give day, month and year")
        return form

    @model_validator(mode="after")
    def _names_fields(self) -> Self:
        fields = self.entity.fields
        given = [*self.columns, *self.constants]
        if unknown := sorted(set(given) - fields.keys()):
            raise ValueError(f"{self.entity.name} have no {', '.join(unknown)}; they have {', '.join(fields)}")
        if twice := sorted(self.columns.keys() & self.constants.keys()):
            raise ValueError(f"{', '.join(twice)}: given as a column and as a constant")
        if missing := [name for name, field in fields.items() if field.is_required and name not in given]:
            raise ValueError(f"{', '.join(missing)}: needed for {self.entity.name}")
        if amiss := [name for name, rule in self.columns.items() if rule.times and fields[name].sql_type is not Money]:
            raise ValueError(f"{', '.join(amiss)}: times is for amounts only")
        return self


class TeamSource(Source):
    """Teams, known by their name."""

    entity = TEAMS


class UserSource(Source):
    """People; without an e-mail column the address is made from the name at `email_domain`."""

    entity = USERS

    email_domain: Annotated[str | None, Field(pattern=r"^[^@\s]+\.[^@\s.]+$")] = None

    @model_validator(mode="after")
    def _gives_addresses(self) -> Self:
        if "email" not in self.columns and self.email_domain is None:
            raise ValueError("give a column for email, or an email_domain")
        return self


class ProductSource(Source):
    """Products."""

    entity = PRODUCTS


class AccountSource(Source):
    """Accounts."""

    entity = ACCOUNTS


class HistoryEntry(_Part):
    """The column that dates the entry into a stage."""

    stage: StageName
    on: ColumnOrRule


class OpportunitySource(Source):
    """Deals, with the dates on which they entered stages, oldest first."""

    entity = OPPORTUNITIES

    history: tuple[HistoryEntry, ...] = ()


class Mapping(_Part):
    """A whole mapping."""

    name: Name
    teams: tuple[TeamSource, ...] = ()
    users: tuple[UserSource, ...] = ()
    products: tuple[ProductSource, ...] = ()
    accounts: tuple[AccountSource, ...] = ()
    opportunities: tuple[OpportunitySource, ...] = ()

    def sources(self) -> Iterator[Source]:
        """Every file as an entity, in the order of writing."""
        yield from (*self.teams, *self.users, *self.products, *self.accounts, *self.opportunities)

    @model_validator(mode="after")
    def _imports_something(self) -> Self:
        if not list(self.sources()):
            raise ValueError("name at least one file")
        return self


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file; raises `MappingInvalid`."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingInvalid([f"{path.name}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise MappingInvalid([f"{path.name}: is not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise MappingInvalid([f"{path.name}: {error}"]) from None
    return check_mapping(data)


def check_mapping(data: object) -> Mapping:
    """A mapping from data as TOML gives it; raises `MappingInvalid`."""
    try:
        return Mapping.model_validate(data)
    except ValidationError as error:
        raise MappingInvalid([_explained(each["loc"], each["msg"]) for each in error.errors()]) from None


def _explained(place: tuple[int | str, ...], message: str) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{path or 'mapping'}: {message.removeprefix('Value error, ')}"
