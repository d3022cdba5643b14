"""The ledger of transitions: how a row is written and read."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Statement
from app.core.pagination import Listing, any_of
from app.people.scoping import in_organization
from app.transitions.tables import stage_transitions

insert_transition = Statement(
    insert(stage_transitions)
    .values({name: bindparam(name) for name in stage_transitions.c.keys() if name != "import_id"})  # noqa: SIM118 # columns
    .returning(stage_transitions)
)


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
