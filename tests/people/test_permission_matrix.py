import pytest
from fastapi import FastAPI

from app.people.permissions import MATRIX, Position, Reach, who_may
from tests.builders.matrix import LINES, NEEDED, NOT_YET, TEAMS, Relation, cells, expected_status, try_cell
from tests.builders.outcomes import open_deal_of
from tests.builders.routes import permissions_by_route
from tests.department import Department

PUBLIC = {"GET /livez", "GET /readyz", "GET /docs", "GET /problems", "GET /problems/{code}", "GET /metrics"}


@pytest.mark.parametrize(("action", "position", "relation"), cells())
async def test_a_cell_of_the_matrix_is_kept(
    department: Department, action: str, position: Position, relation: Relation
) -> None:
    response = await try_cell(department, action, position, relation)

    assert response.status_code == expected_status(action, position, relation), response.text


@pytest.mark.parametrize("position", Position)
async def test_a_list_holds_exactly_what_may_be_read(department: Department, position: Position) -> None:
    actor = await department.hire(position, "north")
    deals = {Relation.OWN: await open_deal_of(department, actor)}
    for relation, team in TEAMS.items():
        deals[relation] = await open_deal_of(department, await department.representative(team))

    page = await actor.get("/opportunities")

    reach = MATRIX["opportunities.read"][position]
    assert {deal["id"] for deal in page["items"]} == {deals[each] for each in Relation if reach >= NEEDED[each]}


def test_every_action_is_tried_or_listed_as_waiting() -> None:
    assert set(LINES) | NOT_YET == set(MATRIX)
    assert set(LINES) & NOT_YET == set()


def test_every_action_names_all_positions_and_never_changes_more_than_it_reads() -> None:
    for action, row in MATRIX.items():
        read = MATRIX.get(action.replace(".write", ".read"), row)

        assert set(row) == set(Position), action
        assert all(row[position] <= read[position] for position in Position), action
        assert any(reach is not Reach.NONE for reach in row.values()), action


def test_every_route_declares_one_permission_that_the_matrix_knows(app: FastAPI) -> None:
    declared = permissions_by_route(app)

    wrong = {name for name, actions in declared.items() if len(actions) != 1 or actions[0] not in {*MATRIX, None}}

    assert len(declared) > 40
    assert wrong == PUBLIC
    assert {name for name, actions in declared.items() if actions == [None]} == {"GET /v1/me"}


def test_nobody_but_a_sales_manager_overrides_or_approves_discounts() -> None:
    assert who_may("transitions.override") == who_may("discounts.approve") == [Position.SALES_MANAGER]


def test_support_and_operations_never_move_a_deal() -> None:
    for action in ("transitions.qualify", "transitions.advance"):
        assert not set(who_may(action)) & {
            Position.SALES_SUPPORT_SPECIALIST,
            Position.SALES_OPERATIONS_SPECIALIST,
            Position.SALES_OPERATIONS_MANAGER,
        }


def test_business_development_qualifies_and_leaves_closing_to_others() -> None:
    assert Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE in who_may("transitions.qualify")
    assert Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE not in who_may("transitions.advance")


@pytest.mark.parametrize("area", ["pipelines", "webhooks", "api_keys", "people"])
def test_the_process_is_changed_by_the_manager_of_operations_alone(area: str) -> None:
    assert who_may(f"{area}.write") == [Position.SALES_OPERATIONS_MANAGER]
    assert set(who_may(f"{area}.read")) == {
        Position.SALES_MANAGER,
        Position.SALES_OPERATIONS_SPECIALIST,
        Position.SALES_OPERATIONS_MANAGER,
    }


def test_whoever_sells_changes_at_most_own_records_and_only_operations_changes_all() -> None:
    sellers = who_may("transitions.qualify")
    for action, row in MATRIX.items():
        if action.endswith(".write"):
            everywhere = {position for position, reach in row.items() if reach is Reach.ORGANIZATION}

            assert all(row[each] <= Reach.OWN for each in sellers if each is not Position.SALES_MANAGER), action
            assert everywhere <= {Position.SALES_OPERATIONS_SPECIALIST, Position.SALES_OPERATIONS_MANAGER}, action


@pytest.mark.parametrize("area", ["leads", "opportunities", "team_targets", "analytics"])
def test_everybody_reads_the_own_teams_work_and_operations_all_of_it(area: str) -> None:
    operations = {Position.SALES_OPERATIONS_SPECIALIST, Position.SALES_OPERATIONS_MANAGER}

    assert MATRIX[f"{area}.read"] == {
        position: Reach.ORGANIZATION if position in operations else Reach.TEAM for position in Position
    }
