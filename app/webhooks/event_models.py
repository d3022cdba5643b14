"""A model of its own for each type of event, for the document and for the SDKs that are generated from it."""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from app.outbox.catalogue import DESCRIPTIONS, EventType
from app.outbox.schemas import EventEnvelope, EventSubject
from app.transitions.schemas import EventTransition
from app.webhooks.payloads import PAYLOADS, WITH_TRANSITION


@cache
def model_of(event_type: EventType) -> type[EventEnvelope]:
    """The model of a type of event, as `OpportunityStageChangedEvent` of `opportunity.stage_changed`."""
    payload = PAYLOADS[event_type]
    return create_model(
        f"{_camel(event_type)}Event",
        __base__=EventEnvelope,
        __doc__=DESCRIPTIONS[event_type],
        type=(_constant(event_type), ...),
        subject=(_subject(payload.subjects), ...),
        data=(_data(payload.model, has_transition=event_type in WITH_TRANSITION), ...),
    )


class _Partial(BaseModel):
    """Any of the fields may be absent."""

    @staticmethod
    def _require_nothing(schema: dict[str, Any]) -> None:
        schema.pop("required", None)

    model_config = ConfigDict(json_schema_extra=_require_nothing)


@cache
def _data(model: type[BaseModel], *, has_transition: bool) -> type[BaseModel]:
    fields: dict[str, Any] = {
        "object": (model, Field(description="The record after the event.")),
        "before": (_before(model), ...),
        "changed": (list[str], Field(description="The names of the changed fields, sorted: those in `before`.")),
    }
    if has_transition:
        fields["transition"] = (EventTransition, ...)
    name = f"{model.__name__}{'Transition' if has_transition else ''}EventData"
    return create_model(name, __doc__="The record after the event, and what changed.", **fields)


@cache
def _before(model: type[BaseModel]) -> type[BaseModel]:
    return create_model(
        f"{model.__name__}Before", __base__=(_Partial, model), __doc__="The old values of the changed fields, only."
    )


@cache
def _subject(types: tuple[str, ...]) -> type[EventSubject]:
    kind: Any = Literal[types] if len(types) > 1 else _constant(types[0])
    name = "Activity" if len(types) > 1 else _camel(types[0])
    return create_model(f"{name}EventSubject", __base__=EventSubject, __doc__=EventSubject.__doc__, type=(kind, ...))


def _constant(value: str) -> Any:
    return Annotated[str, WithJsonSchema({"type": "string", "const": str(value)})]


def _camel(name: str) -> str:
    return "".join(word.title() for word in name.replace(".", "_").split("_"))
