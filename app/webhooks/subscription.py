"""Which events an endpoint is subscribed to, and whether what its filters name exists."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from app.core.database import Statement, Transaction
from app.core.problems import FieldError, Invalid

# Of an `event` and an `endpoint` of the same organization. An event without a team is in no filter by teams.
MATCHES = """
        endpoint.event_types && ARRAY['*', split_part(event.type, '.', 1) || '.*', event.type]
        AND (endpoint.pipeline_ids IS NULL OR event.pipeline_id = ANY (endpoint.pipeline_ids))
        AND (endpoint.steps IS NULL OR event.step = ANY (endpoint.steps))
        AND (endpoint.team_ids IS NULL OR event.team_id = ANY (endpoint.team_ids))
        AND (endpoint.owner_ids IS NULL OR event.owner_id = ANY (endpoint.owner_ids))"""

_TABLES = {"pipeline_ids": "pipelines", "team_ids": "teams", "owner_ids": "users"}

_find_unknown = Statement(
    sa.text(
        " UNION ALL ".join(
            f"""
SELECT '{name}' AS filter, number FROM unnest(CAST(:{name} AS uuid[])) WITH ORDINALITY AS given (id, number)
WHERE NOT EXISTS (
    SELECT FROM {table} record
    WHERE record.organization_id = CAST(:organization_id AS uuid) AND record.id = given.id
)"""  # noqa: S608 # the names are constants of this module
            for name, table in _TABLES.items()
        )
        + " ORDER BY 1, 2"
    )
)


async def check_filters(tx: Transaction, fields: Mapping[str, Any]) -> None:
    """Raise `Invalid` where a filter names a pipeline, a team or a user that the organization does not have."""
    given = {name: fields.get(name) or [] for name in _TABLES}
    if not any(given.values()):
        return
    unknown = await tx.fetch_all(_find_unknown, **given)
    if unknown:
        raise Invalid(
            errors=[
                FieldError(
                    pointer=f"/{row['filter']}/{row['number'] - 1}",
                    code="unknown_reference",
                    detail="There is no such record.",
                )
                for row in unknown
            ]
        )
