"""Qualification as it is sent: need, budget, timeline and decision process, each with a note, and a score."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from app.core.fields import Amount, Currency, Text
from app.core.json_kinds import JSON_NUMBER, Day
from app.core.resource import Body

Score = Annotated[int, Field(ge=0, le=100), JSON_NUMBER]


class QualificationReplace(Body):
    """The whole qualification: what is not sent is cleared."""

    need: Text | None = None
    need_note: Text | None = None
    budget_amount: Amount | None = None
    budget_currency: Currency | None = Field(
        default=None, validate_default=True, description="Sent with an amount, and only then."
    )
    budget_note: Text | None = None
    timeline_on: Day | None = Field(default=None, description="When the customer wants to have it.")
    timeline_note: Text | None = None
    decision_process: Text | None = None
    decision_process_note: Text | None = None
    qualification_score: Score | None = None

    @field_validator("budget_currency")
    @classmethod
    def _goes_with_the_amount(cls, currency: str | None, fields: ValidationInfo) -> str | None:
        # an amount that is wrong itself is not in `data`: one error at its own place is enough
        if "budget_amount" in fields.data and (fields.data["budget_amount"] is None) != (currency is None):
            raise ValueError("budget_amount and budget_currency go together")
        return currency


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
