"""Which records count towards each metric, when, and with how much.

Every record counts once for the team that it belongs to and for all teams above it, and for its owner. `revenue_won`
takes won deals by `closed_at`; `opportunities_accepted` takes the moment at which a deal left the step of prospecting
for the first time; `meetings_held` takes held meetings, `activities_held` whatever was held but tasks and notes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.sql.elements import ColumnElement

from app.activities.kinds import ActivityKind
from app.activities.tables import activities
from app.core.database import Statement
from app.core.pagination import Listing
from app.core.schema import TimestampTz
from app.leads.tables import leads
from app.opportunities.tables import opportunities
from app.people.scoping import in_organization, within_reach
from app.pipelines.tables import pipeline_versions
from app.team_targets import won_totals
from app.team_targets.tables import Metric
from app.team_targets.won_totals import AMOUNT, IS_WON, NO_CURRENCY, ONE
from app.transitions.tables import stage_transitions
from app.workflow.pipeline import Step, TransitionKind


@dataclass(frozen=True, slots=True)
class Source:
    """The records of one metric: `table` holds them, `origin` joins what else decides."""

    record_type: str
    read: str
    table: sa.Table
    origin: sa.FromClause
    name: ColumnElement[Any]
    occurred_at: ColumnElement[Any]
    conditions: tuple[ColumnElement[bool], ...]
    value: ColumnElement[Any] = ONE
    currency: ColumnElement[Any] = NO_CURRENCY


@dataclass(frozen=True, slots=True)
class Credits:
    """What is asked of one metric's records; `read` is the permission to see the records themselves."""

    read: str
    totals: Statement
    listing: Listing


def _credits(source: Source, totals: Statement | None = None) -> Credits:
    return Credits(source.read, totals or Statement(_totals(source)), _listing(source))


def _totals(source: Source) -> sa.Select[Any]:
    """Value and number of the records, for each currency; index columns only."""
    credited = _select(source, source.currency.label("currency"), source.value.label("value")).subquery()
    return (
        sa.select(credited.c.currency, sa.func.sum(credited.c.value).label("value"), sa.func.count().label("n"))
        .group_by(credited.c.currency)
        .order_by(credited.c.currency)
    )


def _listing(source: Source) -> Listing:
    currency: ColumnElement[Any] = bindparam("currency", type_=sa.CHAR(3))
    return Listing(
        base=_select(
            source,
            sa.literal_column(f"'{source.record_type}'", sa.Text).label("record_type"),
            source.table.c.id.label("record_id"),
            sa.case((within_reach(source.table), source.name)).label("name"),
            source.table.c.owner_id,
            source.table.c.team_id,
            source.occurred_at.label("occurred_at"),
            source.value.label("credited_value"),
            source.currency.label("currency"),
        ).where(sa.or_(currency.is_(None), source.currency == currency)),
        id_column=source.table.c.id,
        sorts={"occurred_at": source.occurred_at},
    )


def _select(source: Source, *columns: ColumnElement[Any]) -> sa.Select[Any]:
    user_id: ColumnElement[Any] = bindparam("user_id", type_=sa.Uuid)
    return (
        sa.select(*columns)
        .select_from(source.origin)
        .where(
            in_organization(source.table),
            source.table.c.team_id == sa.any_(bindparam("team_ids", type_=sa.ARRAY(sa.Uuid))),
            sa.or_(user_id.is_(None), source.table.c.owner_id == user_id),
            source.occurred_at >= bindparam("since", type_=TimestampTz),
            source.occurred_at < bindparam("until", type_=TimestampTz),
            *source.conditions,
        )
    )


def _won(value: ColumnElement[Any], currency: ColumnElement[Any]) -> Source:
    return Source(
        record_type="opportunity",
        read="opportunities.read",
        table=opportunities,
        origin=opportunities,
        name=opportunities.c.name,
        occurred_at=opportunities.c.closed_at,
        conditions=(IS_WON,),
        value=value,
        currency=currency,
    )


def _held(*conditions: ColumnElement[bool]) -> Source:
    return Source(
        record_type="activity",
        read="activities.read",
        table=activities,
        origin=activities,
        name=activities.c.summary,
        occurred_at=activities.c.held_at,
        conditions=conditions,
    )


def _accepted() -> Source:
    versions = _versions()
    earlier = stage_transitions.alias("earlier")
    when = sa.tuple_(stage_transitions.c.occurred_at, stage_transitions.c.id)
    is_not_first = (
        sa.exists()
        .where(_left_prospecting(earlier, versions), sa.tuple_(earlier.c.occurred_at, earlier.c.id) < when)
        .correlate(opportunities, stage_transitions, versions)
    )
    pinned = sa.and_(
        versions.c.pipeline_id == opportunities.c.pipeline_id, versions.c.number == opportunities.c.pipeline_version
    )
    return Source(
        record_type="opportunity",
        read="opportunities.read",
        table=opportunities,
        origin=opportunities.join(versions, pinned).join(
            stage_transitions, _left_prospecting(stage_transitions, versions)
        ),
        name=opportunities.c.name,
        occurred_at=stage_transitions.c.occurred_at,
        conditions=(~is_not_first,),
    )


def _versions() -> sa.CTE:
    """The names of each pipeline version's prospecting stages, taken out once and not per transition."""
    path = f"'$.stages[*] ? (@.step == \"{Step.PROSPECTING.value}\").name'"
    names = sa.func.jsonb_path_query_array(
        pipeline_versions.c.definition, sa.literal_column(path, JSONPATH), type_=JSONB
    )
    return (
        sa.select(pipeline_versions.c.pipeline_id, pipeline_versions.c.number, names.label("prospecting_stages"))
        .where(in_organization(pipeline_versions))
        .cte("versions")
        .prefix_with("MATERIALIZED")
    )


def _left_prospecting(transition: sa.FromClause, versions: sa.CTE) -> ColumnElement[bool]:
    return sa.and_(
        transition.c.organization_id == opportunities.c.organization_id,
        transition.c.opportunity_id == opportunities.c.id,
        transition.c.kind == sa.literal_column(f"'{TransitionKind.FORWARD.value}'"),
        transition.c.step != Step.PROSPECTING.value,
        versions.c.prospecting_stages.has_key(transition.c.from_stage),
    )


CREDITS: Mapping[Metric, Credits] = {
    Metric.REVENUE_WON: _credits(_won(AMOUNT, opportunities.c.currency), won_totals.revenue),
    Metric.DEALS_WON: _credits(_won(ONE, NO_CURRENCY), won_totals.number),
    Metric.LEADS_QUALIFIED: _credits(
        Source(
            record_type="lead",
            read="leads.read",
            table=leads,
            origin=leads,
            name=leads.c.name,
            occurred_at=leads.c.qualified_at,
            conditions=(),
        )
    ),
    Metric.MEETINGS_HELD: _credits(_held(activities.c.kind == ActivityKind.MEETING)),
    Metric.OPPORTUNITIES_ACCEPTED: _credits(_accepted()),
    Metric.ACTIVITIES_HELD: _credits(
        _held(activities.c.kind != ActivityKind.TASK, activities.c.kind != ActivityKind.NOTE)
    ),
}
