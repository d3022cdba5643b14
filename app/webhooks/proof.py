"""The promise, checked: transition ↔ event ↔ delivery, numbers without gaps, the order of all, and what was won.

Each check is one statement over one organization, and gives what it looked at, what is damaged, and one example.
Events that were dropped by retention are not missed.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.core.caller import Caller
from app.core.database import Database, Statement, Transaction

_KEPT_FROM = """
coalesce((SELECT kept_from_id FROM last_dropped_events WHERE organization_id = :organization_id),
    '00000000-0000-0000-0000-000000000000')"""
_STAGE_EVENTS = "('opportunity.stage_changed', 'lead.stage_changed')"
_OF_EVENTS = "FROM events event WHERE event.organization_id = :organization_id"
_OF_TRANSITIONS = f"""
FROM stage_transitions transition
WHERE transition.organization_id = :organization_id AND transition.event_id >= {_KEPT_FROM}"""


@dataclass(frozen=True, slots=True)
class Check:
    """A claim, and the statement that gives `looked_at`, `damaged` and an `example`'s id."""

    claim: str
    statement: Statement


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found in one organization."""

    organization_id: UUID
    claim: str
    looked_at: int
    damaged: int
    example: str | None


def _check(claim: str, id_column: str, is_damaged: str, rows: str) -> Check:
    return Check(
        claim,
        Statement(
            sa.text(f"""
SELECT count(*) AS looked_at, count(*) FILTER (WHERE is_damaged) AS damaged,
    min(id) FILTER (WHERE is_damaged) AS example
FROM (SELECT CAST({id_column} AS text) AS id, coalesce({is_damaged}, true) AS is_damaged {rows}) looked
            """).bindparams(sa.bindparam("organization_id", type_=sa.Uuid))  # noqa: S608 # all are constants below
        ),
    )


LEDGER_CHECKS = (
    _check(
        "every transition has its event",
        "transition.id",
        f"""NOT EXISTS (
            SELECT {_OF_EVENTS} AND event.id = transition.event_id AND event.type IN {_STAGE_EVENTS}
                AND event.subject_id = coalesce(transition.opportunity_id, transition.lead_id)
                AND event.sequence = transition.sequence
        )""",
        _OF_TRANSITIONS,
    ),
    _check(
        "every stage event has its transition",
        "event.id",
        """NOT EXISTS (
            SELECT FROM stage_transitions
            WHERE organization_id = :organization_id AND event_id = event.id
        )""",
        f"{_OF_EVENTS} AND event.type IN {_STAGE_EVENTS}",
    ),
    _check(
        "transitions follow one another, and the last one is where the record stands",
        "id",
        "from_stage <> previous_stage OR record_version <= previous_version OR next_stage <> to_stage",
        """FROM (
            SELECT transition.id, transition.from_stage, transition.to_stage, transition.record_version,
                coalesce(lag(to_stage) OVER history, from_stage) AS previous_stage,
                coalesce(lag(record_version) OVER history, 0) AS previous_version,
                coalesce(lead(from_stage) OVER history, opportunity.stage, lead.stage) AS next_stage
            FROM stage_transitions transition
            LEFT JOIN opportunities opportunity ON opportunity.organization_id = :organization_id
                AND opportunity.id = transition.opportunity_id
            LEFT JOIN leads lead ON lead.organization_id = :organization_id AND lead.id = transition.lead_id
            WHERE transition.organization_id = :organization_id
            WINDOW history AS (
                PARTITION BY coalesce(transition.opportunity_id, transition.lead_id) ORDER BY record_version
            )
        ) history""",
    ),
    _check(
        "what teams have won each day is the sum of their won deals",
        "team_id || ' on ' || day",
        "deals <> 0 OR amount <> 0",
        """FROM (
            SELECT team_id, day, sum(deals) AS deals, sum(amount) AS amount
            FROM (
                SELECT team_id, owner_id, currency, day, deals, amount
                FROM won_totals
                WHERE organization_id = :organization_id
                UNION ALL
                SELECT team_id, owner_id, currency, date_trunc('day', closed_at, 'UTC'), -1, -coalesce(amount, 0)
                FROM opportunities
                WHERE organization_id = :organization_id AND outcome = 'won' AND team_id IS NOT NULL
            ) difference
            GROUP BY team_id, owner_id, currency, day
        ) differences""",
    ),
    _check(
        "the events of a subject are numbered without gaps, up to its counter",
        "id",
        f"""CASE WHEN last_event_id < {_KEPT_FROM} THEN events <> 0
            WHEN {_KEPT_FROM} = '00000000-0000-0000-0000-000000000000'
            THEN events <> last_sequence OR newest IS DISTINCT FROM nullif(last_sequence, 0)
            ELSE newest IS DISTINCT FROM nullif(last_sequence, 0) OR events <> coalesce(newest - oldest + 1, 0) END""",
        """FROM (
            SELECT subject.id, subject.last_sequence, subject.last_event_id, numbered.*
            FROM subjects subject
            CROSS JOIN LATERAL (
                SELECT count(*) AS events, min(sequence) AS oldest, max(sequence) AS newest
                FROM events
                WHERE organization_id = :organization_id AND subject_id = subject.id
            ) numbered
            WHERE subject.organization_id = :organization_id
        ) numbered""",
    ),
    _check(
        "the log has the events of a subject in their order",
        "id",
        "xid < previous_xid OR (xid = previous_xid AND id < previous_id)",
        f"""FROM (
            SELECT event.id, event.xid, coalesce(lag(event.xid) OVER log, '0') AS previous_xid,
                coalesce(lag(event.id) OVER log, event.id) AS previous_id
            {_OF_EVENTS} WINDOW log AS (PARTITION BY event.subject_id ORDER BY event.sequence)
        ) log""",
    ),
    _check(
        "the bytes of an event say what its row says",
        "id",
        """envelope ->> 'id' <> id::text OR envelope ->> 'type' <> type
            OR envelope ->> 'organization_id' <> CAST(:organization_id AS text)
            OR envelope -> 'subject' ->> 'id' <> subject_id::text
            OR envelope -> 'subject' ->> 'sequence' <> sequence::text""",
        f"FROM (SELECT event.*, convert_from(event.body, 'UTF8')::jsonb AS envelope {_OF_EVENTS}) read",
    ),
)

# Endpoints as they are now: what was recorded before they were last changed may have met other filters.
_OWED = """
FROM webhook_fanout_position reached
JOIN events event ON event.organization_id = :organization_id
    AND (event.xid, event.id) <= (reached.xid, reached.event_id)
JOIN webhook_endpoints endpoint ON endpoint.organization_id = :organization_id
    AND event.occurred_at > greatest(endpoint.updated_at, now() - interval '1 month')
    AND endpoint.event_types && ARRAY['*', split_part(event.type, '.', 1) || '.*', event.type]
    AND (endpoint.pipeline_ids IS NULL OR event.pipeline_id = ANY (endpoint.pipeline_ids))
    AND (endpoint.steps IS NULL OR event.step = ANY (endpoint.steps))
    AND (endpoint.team_ids IS NULL OR event.team_id = ANY (endpoint.team_ids))
    AND (endpoint.owner_ids IS NULL OR event.owner_id = ANY (endpoint.owner_ids))"""

DELIVERY_CHECKS = (
    _check(
        "every event of the last month is owed to each endpoint that wants it",
        "event.id",
        """NOT EXISTS (
            SELECT FROM webhook_deliveries
            WHERE organization_id = :organization_id AND event_id = event.id AND endpoint_id = endpoint.id
        )""",
        _OWED,
    ),
    _check(
        "every delivery carries an event of its subject",
        "delivery.id",
        f"""NOT EXISTS (
            SELECT {_OF_EVENTS} AND event.id = delivery.event_id AND event.subject_id = delivery.subject_id
                AND event.sequence = delivery.sequence AND event.type = delivery.event_type
        )""",
        f"""FROM webhook_deliveries delivery
        WHERE delivery.organization_id = :organization_id AND delivery.event_id >= {_KEPT_FROM}""",
    ),
    _check(
        "whatever is pending has a lane to wait in",
        "delivery.id",
        """NOT EXISTS (
            SELECT FROM webhook_lanes lane
            WHERE lane.organization_id = :organization_id AND lane.endpoint_id = delivery.endpoint_id
                AND lane.subject_id = delivery.subject_id
        )""",
        """FROM webhook_deliveries delivery
        WHERE delivery.organization_id = :organization_id AND delivery.status = 'pending'""",
    ),
)

CHECKS_PER_ORGANIZATION = len(LEDGER_CHECKS) + len(DELIVERY_CHECKS)

_take_time = Statement(sa.text("SET LOCAL statement_timeout = 0"))


async def prove(database: Database, worker: Database, organization_id: UUID) -> AsyncIterator[Finding]:
    """Run the checks over one organization, each as it is reached; `database` is the app's, `worker` the worker's."""
    for check in LEDGER_CHECKS:
        async with database.begin(Caller.system(organization_id)) as tx:
            finding = await _find(tx, check, organization_id)
        yield finding
    for check in DELIVERY_CHECKS:
        async with worker.begin_for_all() as tx:
            finding = await _find(tx, check, organization_id)
        yield finding


async def _find(tx: Transaction, check: Check, organization_id: UUID) -> Finding:
    await tx.execute(_take_time)
    row = await tx.fetch_row(check.statement, organization_id=organization_id)
    return Finding(organization_id, check.claim, row["looked_at"], row["damaged"], row["example"])
