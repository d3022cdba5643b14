"""Explanations of access, as they are asked for and read."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.access.decision import RefusedBy
from app.access.resources import ResourceType
from app.people.permissions import MATRIX, Position, Relation
from app.people.schemas import Person

_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


PermissionAction = StrEnum(  # type: ignore[misc] # mypy knows the members of literals only
    "PermissionAction", {action.replace(".", "_").upper(): action for action in MATRIX}
)
PermissionAction.__doc__ = "An action of the matrix: `GET /v1/me` names all of them; values may be added."
Reference = Annotated[
    str,
    StringConstraints(pattern=f"^({'|'.join(ResourceType)}):{_UUID}$"),
    Field(
        description="The record as `<type>:<id>`; absent for what is about the organization as a whole.",
        examples=["opportunity:01a21371-cc74-7295-ac0c-d663458601f7"],
    ),
]


class AccessQuery(BaseModel):
    """A question: may this person do this to that record."""

    model_config = ConfigDict(extra="forbid")

    action: PermissionAction
    resource: Reference | None = None
    user_id: Annotated[UUID | None, Field(description="Whose access; absent: yours. Others need `people.read`.")] = None

    def reference(self) -> tuple[ResourceType, UUID] | None:
        """The record's type and id."""
        if self.resource is None:
            return None
        kind, _, record_id = self.resource.partition(":")
        return ResourceType(kind), UUID(record_id)


class AccessPerson(Person):
    """Somebody by name and position."""

    position: Position


class AccessPosition(BaseModel):
    """A position that may do it, and how far."""

    position: Position
    title: str
    reach: str = Field(description="`own`, `team` (own and all below) or `organization`.")


class AccessExplanation(BaseModel):
    """Whether somebody may do something, and why."""

    action: PermissionAction
    resource: str | None
    user: AccessPerson
    allowed: bool
    reach: str = Field(description="How far the position carries it: `none`, `own`, `team` or `organization`.")
    relation: Relation | None = Field(description="How the record relates to the person.")
    refused_by: RefusedBy | None = Field(description="Absent when it is allowed; values may be added.")
    duty: str | None = Field(description="The rule, where separation of duty refuses; values may be added.")
    reasons: list[str] = Field(description="The same in sentences, for people.")
    positions_that_may: list[AccessPosition]
    people_who_may: list[AccessPerson] | None = Field(
        description="At most 20 active people who may do it to this record, by name; only for those who may see users."
    )
