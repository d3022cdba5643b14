"""The ledger of transitions: how a row is written and read."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Statement
from app.core.pagination import Listing, any_of
from app.outbox.record import recorded
from app.people.scoping import in_organization
from app.transitions.tables import stage_transitions

_COLUMNS = [column for column in stage_transitions.c if column.name not in {"organization_id", "import_id"}]


class Moving:
    """A record's change, its event and its row of the ledger: one statement, compiled once per set of columns.

    Whichever of them cannot be written, the row is not given. One round trip instead of three.
    """

    def __init__(self, table: sa.Table) -> None:
        self._table = table
        self._compiled: dict[tuple[str, ...], Statement] = {}

    def of(self, changes: Mapping[str, Any]) -> Statement:
        """The statement for these columns; its parameters are those of an event's draft, and `parameters`."""
        names = tuple(sorted(changes))
        statement = self._compiled.get(names)
        if statement is None:
            statement = self._compiled[names] = self._compile(names)
        return statement

    def parameters(self, changes: Mapping[str, Any], ledger: Mapping[str, Any]) -> dict[str, object]:
        """The changed columns and the ledger's row, named apart from the event's columns."""
        return {f"new_{name}": value for name, value in changes.items()} | {
            f"transition_{column.name}": ledger[column.name] for column in _COLUMNS
        }

    def _compile(self, names: tuple[str, ...]) -> Statement:
        table = self._table
        changed = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        moved = (
            sa.update(table)
            .where(in_organization(table), table.c.id == bindparam("subject_id", type_=sa.Uuid))
            .values(changed | {"version": table.c.version + 1, "updated_at": sa.func.now()})
            .returning(table.c.organization_id)
            .cte("moved")
        )
        values = (bindparam(f"transition_{column.name}", type_=column.type) for column in _COLUMNS)
        row = sa.select(moved.c.organization_id, *values).select_from(moved.join(recorded, sa.true()))
        names_of_row = ["organization_id", *(column.name for column in _COLUMNS)]
        return Statement(insert(stage_transitions).from_select(names_of_row, row).returning(stage_transitions))


def _history(column: str) -> Listing:
    return Listing(
        base=sa.select(stage_transitions).where(
            in_organization(stage_transitions), stage_transitions.c[column] == bindparam("record_id", type_=sa.Uuid)
        ),
        id_column=stage_transitions.c.id,
        sorts={"occurred_at": stage_transitions.c.occurred_at},
        filters={"kind": any_of(stage_transitions.c.kind)},
    )


deal_history = _history("opportunity_id")
lead_history = _history("lead_id")


def as_read(row: Mapping[str, Any]) -> dict[str, Any]:
    """A ledger's row as transitions are answered."""
    actor_id = row["actor_id"]
    actor = {"type": "user" if actor_id is not None else "system", "id": actor_id}
    return {**row, "actor": actor, "version": row["record_version"]}
