"""Qualification as it is sent: need, budget, timeline and decision process, each with a note, and a score."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from app.core.fields import Amount, Currency, Text
from app.core.resource import Body

Score = Annotated[int, Field(ge=0, le=100)]


class QualificationReplace(Body):
    """The whole qualification: what is not sent is cleared."""

    need: Text | None = None
    need_note: Text | None = None
    budget_amount: Amount | None = None
    budget_currency: Currency | None = None
    budget_note: Text | None = None
    timeline_on: date | None = Field(default=None, description="When the customer wants to have it.")
    timeline_note: Text | None = None
    decision_process: Text | None = None
    decision_process_note: Text | None = None
    qualification_score: Score | None = None

    @model_validator(mode="after")
    def _budget_has_a_currency(self) -> Self:
        if (self.budget_amount is None) != (self.budget_currency is None):
            raise ValueError("budget_amount and budget_currency go together")
        return self


class Qualified(BaseModel):
    """The qualification in a lead or a deal, as it is read."""

    need: str | None
    need_note: str | None
    budget_amount: Amount | None
    budget_currency: str | None
    budget_note: str | None
    timeline_on: date | None
    timeline_note: str | None
    decision_process: str | None
    decision_process_note: str | None
    qualification_score: int | None
