"""Qualification: need, budget, timeline and decision process (BANT), each with a note, and a score 0–100."""

import sqlalchemy as sa

from app.core.schema import Money

QUALIFICATION_COLUMNS = (
    "need",
    "need_note",
    "budget_amount",
    "budget_currency",
    "budget_note",
    "timeline_on",
    "timeline_note",
    "decision_process",
    "decision_process_note",
    "qualification_score",
)


def qualification_columns() -> list[sa.schema.SchemaItem]:
    """The columns of a qualified record: leads and opportunities share them."""
    return [
        sa.Column("need", sa.Text),
        sa.Column("need_note", sa.Text),
        sa.Column("budget_amount", Money),
        sa.Column("budget_currency", sa.CHAR(3)),
        sa.Column("budget_note", sa.Text),
        sa.Column("timeline_on", sa.Date),
        sa.Column("timeline_note", sa.Text),
        sa.Column("decision_process", sa.Text),
        sa.Column("decision_process_note", sa.Text),
        sa.Column("qualification_score", sa.SmallInteger),
        sa.CheckConstraint("qualification_score BETWEEN 0 AND 100", name="qualification_score"),
        sa.CheckConstraint("(budget_amount IS NULL) = (budget_currency IS NULL)", name="budget_currency"),
    ]
