"""What is known of a query's parameters stands in its statement."""

from uuid import UUID

import sqlalchemy as sa

from app.core.database import Statement
from app.core.known import known_in, with_known
from app.leads.tables import leads
from app.people.scoping import within_reach


def test_neither_a_yes_nor_an_empty_list_is_left_to_a_kept_plan() -> None:
    reach = {"reach_all": False, "reach_user_id": UUID(int=1), "reach_team_ids": []}

    select = with_known(sa.select(leads.c.id).where(within_reach(leads)), known_in(reach))

    assert Statement(select).names == ("organization_id", "reach_user_id")


def test_a_list_with_something_in_it_is_a_parameter() -> None:
    reach = {"reach_all": False, "reach_user_id": UUID(int=1), "reach_team_ids": [UUID(int=2)]}

    select = with_known(sa.select(leads.c.id).where(within_reach(leads)), known_in(reach))

    assert Statement(select).names == ("organization_id", "reach_user_id", "reach_team_ids")
