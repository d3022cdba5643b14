from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from app.people.permissions import MATRIX, Position, who_may
from app.people.scopes import Scope, scope_of
from tests.builders.keys import narrowed, try_operation
from tests.builders.operations import Operation, operations_of
from tests.builders.routes import permissions_by_route
from tests.department import Actor, Department

OPENS_NOTHING = Scope.READ_ANALYTICS  # no route gives figures yet
STAYS_OPEN = "stream_events"


async def test_a_key_does_what_it_was_given_and_says_so(department: Department) -> None:
    rep = await narrowed(department, await department.representative(), "leads:read")

    me = await rep.get("/me")
    await rep.get("/leads")
    refused = await rep.request("POST", "/leads", json={"name": "Ann", "company_name": "Fields"})

    assert me["scopes"] == ["leads:read"]
    assert (me["permissions"]["leads.read"], me["permissions"]["leads.write"]) == ("team", "none")
    assert refused.status_code == 403
    assert (refused.json()["code"], refused.json()["scope"]) == ("insufficient_scope", "leads:write")
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="leads:write"'


async def test_writing_does_not_include_reading(department: Department) -> None:
    form = await narrowed(department, await department.representative(), "leads:write")

    await form.post("/leads", {"name": "Ann", "company_name": "Fields"})

    await form.get("/leads", expect=403)


async def test_a_scope_never_adds_to_a_position(department: Department) -> None:
    rep = await narrowed(department, await department.representative(), "*", "people:write")

    problem = await rep.post("/teams", {"name": "mine"}, expect=403)

    assert problem["code"] == "forbidden"


async def test_everything_can_be_read_with_one_scope(department: Department) -> None:
    reader = await narrowed(department, department.operations, "*:read")

    await reader.get("/api-keys")
    problem = await reader.post("/teams", {"name": "north-east"}, expect=403)

    assert problem["code"] == "insufficient_scope"


async def test_every_operation_refuses_a_key_without_the_scope_that_it_tells(
    app: FastAPI, department: Department
) -> None:
    document = app.openapi()
    narrow = await keys_of_all_positions(department, OPENS_NOTHING)

    answers = {
        operation.name: (await try_operation(narrow[who], operation, document)).json()
        for operation, who, _ in guarded_operations(app)
    }

    told = {operation.name: scope for operation, _, scope in guarded_operations(app)}
    assert len(told) > 100
    assert {name: (answer["code"], answer.get("scope")) for name, answer in answers.items()} == {
        name: ("insufficient_scope", scope) for name, scope in told.items()
    }


@pytest.mark.parametrize("scope", [each for each in Scope if each is not Scope.EVERYTHING])
async def test_a_scope_opens_the_operations_that_tell_it(app: FastAPI, department: Department, scope: Scope) -> None:
    document = app.openapi()
    narrow = await keys_of_all_positions(department, scope)

    codes = [
        (await try_operation(narrow[who], operation, document)).text
        for operation, who, needed in guarded_operations(app)
        if needed == scope and operation.name != STAYS_OPEN
    ]

    assert [code for code in codes if "insufficient_scope" in code] == []


def test_there_is_a_scope_for_every_action_and_no_other() -> None:
    assert {scope_of(action) for action in MATRIX} == set(Scope) - {Scope.EVERYTHING, Scope.READ_EVERYTHING}


async def test_an_unknown_scope_is_refused_with_the_list_of_those_there_are(department: Department) -> None:
    body = {"user_id": str(department.operations.user_id), "name": "a key", "scopes": ["leads:read", "leads:own"]}

    problem = await department.operations.post("/api-keys", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == ["/scopes/1"]
    assert all(f"'{scope}'" in problem["errors"][0]["detail"] for scope in Scope)
    assert "leads:own" not in str(problem)


async def test_a_key_without_any_scope_is_refused(department: Department) -> None:
    body = {"user_id": str(department.operations.user_id), "name": "a key", "scopes": []}

    problem = await department.operations.post("/api-keys", body, expect=422)

    assert problem["errors"][0]["pointer"] == "/scopes"


async def test_a_key_makes_no_key_that_may_do_more(department: Department) -> None:
    keeper = await narrowed(department, department.operations, "api_keys:write", "leads:read")
    body = {"user_id": str(department.operations.user_id), "name": "more"}

    for scopes in (["*"], ["*:read"], ["leads:write"], ["leads:read", "people:write"]):
        problem = await keeper.post("/api-keys", {**body, "scopes": scopes}, expect=403)

        assert problem["code"] == "insufficient_scope"
    assert (await keeper.post("/api-keys", {**body, "scopes": ["leads:read", "leads:read"]}))["scopes"] == [
        "leads:read"
    ]


async def test_a_key_that_is_given_no_scopes_may_do_what_its_maker_may(department: Department) -> None:
    keeper = await narrowed(department, department.operations, "leads:read", "api_keys:write")
    body = {"user_id": str(department.operations.user_id), "name": "the same"}

    assert (await keeper.post("/api-keys", body))["scopes"] == ["api_keys:write", "leads:read"]
    assert (await department.operations.post("/api-keys", body))["scopes"] == ["*"]


async def keys_of_all_positions(department: Department, scope: Scope) -> dict[Position, Actor]:
    return {position: await narrowed(department, await department.hire(position), scope) for position in Position}


def guarded_operations(app: FastAPI) -> Iterator[tuple[Operation, Position, str]]:
    """The operations that ask for a permission, somebody whose position has it, and the scope that is told."""
    permissions = {name.replace(":path", ""): actions for name, actions in permissions_by_route(app).items()}
    for operation in operations_of(app.openapi()):
        action = next(iter(permissions[f"{operation.method} {operation.path}"]), None)
        if action is not None:
            security = app.openapi()["paths"][operation.path][operation.method.lower()]["security"]
            assert security == [{"api_key": security[0]["api_key"]}, {"openid_token": security[0]["api_key"]}]
            yield operation, who_may(action)[0], security[0]["api_key"][0]
