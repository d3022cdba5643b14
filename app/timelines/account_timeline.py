"""An account's timeline: its own events, and those of its contacts, its deals and the leads that became them.

An event shows when its record may be read: proposals, contracts and activities have reaches of their own, besides that
of the deal they belong to. What counts is whose record it is now, not whose it was when the event happened.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from app.accounts.queries import find_account
from app.accounts.tables import accounts, contacts
from app.activities.tables import activities
from app.core.cursors import Place, read_place
from app.core.database import Row, Statement, Transaction
from app.core.schema import TimestampTz
from app.leads.tables import leads
from app.opportunities.tables import opportunities
from app.outbox.filters import is_of_type, patterns_of
from app.outbox.tables import events
from app.people.permissions import demand_record, scope
from app.people.scoping import in_organization, within_reach
from app.timelines.schemas import TimelineQuery

READ = "accounts.read"
_KEY = "occurred_at"
_ACTIONS = (READ, "opportunities.read", "leads.read", "proposals.read", "contracts.read", "activities.read")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Events with their bytes, newest first, and where to go on."""

    rows: list[Row]
    next_cursor: str | None

    def render(self) -> bytes:
        """The page as JSON, around the bytes as they were stored."""
        bodies = b",".join(row["body"] for row in self.rows)
        cursor = b"null" if self.next_cursor is None else b'"%s"' % self.next_cursor.encode()
        return b'{"items":[%s],"next_cursor":%s}' % (bodies, cursor)


async def read_account_timeline(tx: Transaction, account_id: UUID, query: TimelineQuery) -> Timeline:
    """A page of what happened; raises `NotFound`, and `Invalid` for a cursor that is not of this timeline."""
    demand_record(tx.caller, READ, None, await tx.fetch_one(find_account, id=account_id))
    asked = [str(account_id), query.type]
    if query.cursor is None:
        statement, after = _first_page, {}
    else:
        place = read_place(query.cursor, asked, {_KEY: datetime}, UUID)
        statement, after = _next_page, {"after_at": place.value, "after_id": place.id}
    rows = await tx.fetch_all(
        statement,
        account_id=account_id,
        patterns=patterns_of(query.type),
        page_limit=query.limit + 1,
        **after,
        **_reaches(tx),
    )
    if len(rows) <= query.limit:
        return Timeline(rows, None)
    last = rows[query.limit - 1]
    return Timeline(rows[: query.limit], Place(_KEY, last["occurred_at"], last["id"]).cursor(asked))


def _reaches(tx: Transaction) -> dict[str, object]:
    scopes = {action: scope(tx.caller, action) for action in _ACTIONS}
    return {
        f"{action.partition('.')[0]}_{name}": value
        for action, given in scopes.items()
        for name, value in given.items()
        if name.startswith("reach_")
    }


def _may_read(table: sa.Table, noun: str) -> ColumnElement[bool]:
    return within_reach(table, of=f"{noun}_")


def _subjects() -> sa.CTE:
    """Whose events they are, and whether the reader sees a deal's proposals and contracts."""
    is_account: sa.BindParameter[UUID] = bindparam("account_id", type_=sa.Uuid)
    yes = sa.true()
    of_deal = (opportunities.c.account_id == is_account, in_organization(opportunities))
    became_deal = sa.and_(
        leads.c.organization_id == opportunities.c.organization_id,
        leads.c.converted_opportunity_id == opportunities.c.id,
    )
    return sa.union_all(
        sa.select(accounts.c.id, yes.label("shows_proposals"), yes.label("shows_contracts")).where(
            in_organization(accounts), accounts.c.id == is_account
        ),
        sa.select(contacts.c.id, yes, yes).where(contacts.c.account_id == is_account, _may_read(contacts, "accounts")),
        sa.select(
            opportunities.c.id, _may_read(opportunities, "proposals"), _may_read(opportunities, "contracts")
        ).where(*of_deal, _may_read(opportunities, "opportunities")),
        sa.select(leads.c.id, yes, yes)
        .join_from(opportunities, leads, became_deal)
        .where(*of_deal, _may_read(leads, "leads")),
    ).cte("subjects")


def _shows(subjects: sa.CTE) -> ColumnElement[bool]:
    noun = sa.func.split_part(events.c.type, ".", 1)
    said = sa.cast(sa.func.convert_from(events.c.body, sa.literal_column("'UTF8'")), JSONB)
    its_activity = activities.c.id == sa.cast(said["data"]["object"]["id"].astext, sa.Uuid)
    return sa.case(
        (noun == sa.literal_column("'proposal'"), subjects.c.shows_proposals),
        (noun == sa.literal_column("'contract'"), subjects.c.shows_contracts),
        (
            noun == sa.literal_column("'activity'"),
            sa.exists().where(its_activity, _may_read(activities, "activities")).correlate(events),
        ),
        else_=sa.true(),
    )


def _page(*, is_first: bool) -> sa.Select[Any]:
    subjects = _subjects()
    newest_first = (events.c.occurred_at.desc(), events.c.id.desc())
    is_before = sa.tuple_(events.c.occurred_at, events.c.id) < sa.tuple_(
        bindparam("after_at", type_=TimestampTz), bindparam("after_id", type_=sa.Uuid)
    )
    of_one = (
        sa.select(events.c.occurred_at, events.c.id, events.c.body)
        .where(
            events.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
            events.c.subject_id == subjects.c.id,
            is_of_type,
            _shows(subjects),
            *([] if is_first else [is_before]),
        )
        .order_by(*newest_first)
        .limit(bindparam("page_limit", type_=sa.Integer))
        .correlate(subjects)
        .lateral("of_one")
    )
    return (
        sa.select(of_one)
        .select_from(subjects.join(of_one, sa.true()))
        .order_by(of_one.c.occurred_at.desc(), of_one.c.id.desc())
        .limit(bindparam("page_limit", type_=sa.Integer))
    )


_first_page = Statement(_page(is_first=True))
_next_page = Statement(_page(is_first=False))
