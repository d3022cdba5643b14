"""Won deals added up by day: what a period's whole days hold, and the deals themselves at its two ends.

Days are UTC's and periods the organization's, so a period begins and ends within a day; those two are read deal by
deal. Writers only add rows to `won_totals`, so they never wait for one another; a worker folds them, one row for what
many said.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ColumnElement

from app.core.database import Database, Statement
from app.core.schema import TimestampTz
from app.opportunities.tables import opportunities
from app.people.scoping import in_organization
from app.team_targets.tables import won_totals
from app.workflow.pipeline import Outcome

_FOLDING = 7264190155004
"""The advisory lock of the worker that folds."""
_TEAM_DAYS_AT_ONCE = 500

# literal, so that a prepared plan may use the index on won deals
IS_WON = opportunities.c.outcome == sa.literal_column(f"'{Outcome.WON.value}'")
AMOUNT: ColumnElement[Any] = sa.func.coalesce(opportunities.c.amount, sa.literal_column("0"))
ONE: ColumnElement[Any] = sa.cast(sa.literal_column("1"), sa.Numeric)
NO_CURRENCY: ColumnElement[Any] = sa.cast(sa.null(), sa.CHAR(3))

_since: ColumnElement[Any] = bindparam("since", type_=TimestampTz)
_until: ColumnElement[Any] = bindparam("until", type_=TimestampTz)
_first_whole_day: ColumnElement[Any] = sa.func.date_trunc(
    sa.text("'day'"), _since + sa.text("interval '1 day' - interval '1 microsecond'"), sa.text("'UTC'")
)
_last_midnight: ColumnElement[Any] = sa.func.date_trunc(sa.text("'day'"), _until, sa.text("'UTC'"))

_take_turn = Statement(sa.text(f"SELECT pg_try_advisory_xact_lock({_FOLDING})"))
_fold = Statement(
    sa.text(f"""
WITH changed AS MATERIALIZED (
    SELECT DISTINCT organization_id, team_id, day FROM won_totals WHERE NOT is_folded LIMIT {_TEAM_DAYS_AT_ONCE}
), gone AS (
    DELETE FROM won_totals
    USING changed
    WHERE won_totals.organization_id = changed.organization_id AND won_totals.team_id = changed.team_id
        AND won_totals.day = changed.day
    RETURNING won_totals.*
), folded AS (
    INSERT INTO won_totals (organization_id, team_id, owner_id, currency, day, deals, amount, is_folded)
    SELECT organization_id, team_id, owner_id, currency, day, sum(deals), sum(amount), true
    FROM gone
    GROUP BY organization_id, team_id, owner_id, currency, day
    HAVING sum(deals) <> 0 OR sum(amount) <> 0
)
SELECT count(*) FROM changed
    """)  # noqa: S608 # a constant of this module
)


def _totals(of_days: sa.Select[Any], of_deals: sa.Select[Any]) -> Statement:
    """Value and number of a period's won deals, for each currency; parameters as those of all totals."""
    closed_at = opportunities.c.closed_at
    counted = sa.union_all(
        of_days.where(won_totals.c.day >= _first_whole_day, won_totals.c.day < _last_midnight),
        of_deals.where(closed_at >= _since, closed_at < sa.func.least(_first_whole_day, _until)),
        of_deals.where(closed_at >= sa.func.greatest(_first_whole_day, _last_midnight), closed_at < _until),
    ).subquery()
    n: ColumnElement[Any] = sa.cast(sa.func.sum(counted.c.n), sa.BigInteger)
    return Statement(
        sa.select(counted.c.currency, sa.func.sum(counted.c.value).label("value"), n.label("n"))
        .group_by(counted.c.currency)
        .having(n > 0)
        .order_by(counted.c.currency)
    )


def _days(currency: ColumnElement[Any], value: ColumnElement[Any]) -> sa.Select[Any]:
    return _of(won_totals, currency, value, won_totals.c.deals)


def _deals(currency: ColumnElement[Any], value: ColumnElement[Any]) -> sa.Select[Any]:
    return _of(opportunities, currency, value, sa.literal_column("1")).where(IS_WON)


def _of(
    table: sa.Table, currency: ColumnElement[Any], value: ColumnElement[Any], n: ColumnElement[Any]
) -> sa.Select[Any]:
    user_id: ColumnElement[Any] = bindparam("user_id", type_=sa.Uuid)
    return sa.select(currency.label("currency"), value.label("value"), n.label("n")).where(
        in_organization(table),
        table.c.team_id == sa.any_(bindparam("team_ids", type_=sa.ARRAY(sa.Uuid))),
        sa.or_(user_id.is_(None), table.c.owner_id == user_id),
    )


revenue = _totals(_days(won_totals.c.currency, won_totals.c.amount), _deals(opportunities.c.currency, AMOUNT))
number = _totals(_days(NO_CURRENCY, won_totals.c.deals), _deals(NO_CURRENCY, ONE))


async def fold(worker: Database) -> bool:
    """Put one row for many of a team's day; tells whether there may be more to do. In the worker's role."""
    async with worker.begin_for_all() as tx:
        if not await tx.fetch_value(_take_turn):
            return False
        return bool(await tx.fetch_value(_fold))
