"""Which events are wanted: by type, pipeline, step, team, owner and subject; the same in SQL and in memory."""

from collections.abc import Container, Mapping
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ColumnElement

from app.outbox.catalogue import EVERYTHING, EventPattern, matches
from app.outbox.tables import events
from app.workflow.stages import Step

_Ids = Annotated[list[UUID], Field(max_length=100)]


class EventFilter(BaseModel):
    """Which events are wanted; a filter that is not given lets all of them through."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[list[EventPattern], Field(max_length=100, description="Types of events, `noun.*`, or `*`.")] = []
    subject_id: Annotated[UUID | None, Field(description="The record that the events are about.")] = None
    pipeline_id: _Ids = []
    step: Annotated[list[Step], Field(max_length=100)] = []
    team_id: _Ids = []
    owner_id: _Ids = []

    @property
    def is_open(self) -> bool:
        """Whether every event is wanted."""
        return not any(self.parameters().values())

    def parameters(self) -> dict[str, Any]:
        """The parameters of `is_wanted`."""
        return {
            "patterns": patterns_of(self.type),
            "subject_id": self.subject_id,
            "pipeline_ids": self.pipeline_id,
            "steps": self.step,
            "team_ids": self.team_id,
            "owner_ids": self.owner_id,
        }

    def wants(self, event: Mapping[str, Any]) -> bool:
        """Whether a row of the log is wanted."""
        return (
            (not self.type or matches(self.type, event["type"]))
            and self.subject_id in {None, event["subject_id"]}
            and _allows(self.pipeline_id, event["pipeline_id"])
            and _allows(self.step, event["step"])
            and _allows(self.team_id, event["team_id"])
            and _allows(self.owner_id, event["owner_id"])
        )


def patterns_of(types: list[str]) -> list[str]:
    """The parameter of `is_of_type`: nothing where every type is wanted."""
    return [] if EVERYTHING in types else types


def _allows(values: Container[Any], value: object) -> bool:
    return not values or value in values


def _one_of(column: ColumnElement[Any], values: str) -> ColumnElement[bool]:
    given: sa.BindParameter[Any] = bindparam(values, type_=sa.ARRAY(column.type))
    return sa.or_(sa.func.cardinality(given) == 0, column == sa.any_(given))


_patterns: sa.BindParameter[Any] = bindparam("patterns", type_=sa.ARRAY(sa.Text))
_subject_id: sa.BindParameter[Any] = bindparam("subject_id", type_=sa.Uuid)

is_of_type: ColumnElement[bool] = sa.or_(
    sa.func.cardinality(_patterns) == 0,
    events.c.type == sa.any_(_patterns),
    sa.func.split_part(events.c.type, ".", 1).concat(".*") == sa.any_(_patterns),
)
is_wanted: ColumnElement[bool] = sa.and_(
    is_of_type,
    sa.or_(_subject_id.is_(None), events.c.subject_id == _subject_id),
    _one_of(events.c.pipeline_id, "pipeline_ids"),
    _one_of(events.c.step, "steps"),
    _one_of(events.c.team_id, "team_ids"),
    _one_of(events.c.owner_id, "owner_ids"),
)
