import asyncio
from uuid import UUID

import asyncpg
import pytest

from tests.builders.evidence import last_event
from tests.builders.targets import set_target
from tests.department import Department


@pytest.mark.parametrize(
    ("to_member", "to_child", "total", "over_assignment"),
    [("600", "475", "1075.00", "7.50"), ("600", "400", "1000.00", "0.00"), ("1", "332.33", "333.33", "-66.67")],
)
async def test_allocations_add_up_to_an_over_assignment(
    department: Department, to_member: str, to_child: str, total: str, over_assignment: str
) -> None:
    rep = await department.representative()
    target = await set_target(department)
    shares = [
        {"user_id": str(rep.user_id), "value": to_member},
        {"team_id": str(department.teams["north_west"]), "value": to_child},
    ]

    allocated = await department.operations.put(f"/team-targets/{target['id']}/allocations", shares)

    assert (allocated["allocated_total"], allocated["over_assignment_percent"]) == (total, over_assignment)
    assert [(each["user_id"], each["team_id"]) for each in allocated["allocations"]] == [
        (str(rep.user_id), None),
        (None, str(department.teams["north_west"])),
    ]
    assert (allocated["version"], allocated["target_value"], allocated["currency"]) == (2, "1000.00", "USD")
    assert await department.operations.get(f"/team-targets/{target['id']}/allocations") == allocated


async def test_a_target_without_allocations_is_wholly_under_assigned(department: Department) -> None:
    target = await set_target(department, metric="deals_won", target_value="9")

    found = await department.operations.get(f"/team-targets/{target['id']}/allocations")

    assert (found["allocations"], found["allocated_total"], found["over_assignment_percent"]) == ([], "0", "-100.00")


async def test_allocations_are_replaced_as_a_whole_and_published(
    department: Department, owner: asyncpg.Connection
) -> None:
    first, second = await department.representative(), await department.representative()
    target = await set_target(department)
    path = f"/team-targets/{target['id']}/allocations"
    await department.operations.put(path, [{"user_id": str(first.user_id), "value": "10"}])

    replaced = await department.operations.put(path, [{"user_id": str(second.user_id), "value": "20"}])

    assert [each["user_id"] for each in replaced["allocations"]] == [str(second.user_id)]
    event = await last_event(owner, target["id"])
    assert (event["type"], event["subject"]["sequence"], event["data"]["changed"]) == (
        "team_target.changed",
        3,
        ["allocations"],
    )
    assert event["data"]["before"]["allocations"] == [
        {"user_id": str(first.user_id), "team_id": None, "value": "10.00"}
    ]
    assert event["data"]["object"]["allocations"] == replaced["allocations"]


@pytest.mark.parametrize("kind", ["stranger", "grandchild", "itself", "foreign", "twice", "inactive"])
async def test_refuses_to_allocate_to_others_than_members_and_direct_child_teams(
    department: Department, other_department: Department, kind: str
) -> None:
    rep, stranger = await department.representative(), await department.representative("south")
    gone = await department.representative()
    await department.operations.patch(f"/users/{gone.user_id}", {"is_active": False})
    grandchild = await department.add_team("north_west_coast", "north_west")
    target = await set_target(department)
    share = {
        "stranger": {"user_id": str(stranger.user_id)},
        "grandchild": {"team_id": str(grandchild)},
        "itself": {"team_id": str(department.teams["north"])},
        "foreign": {"team_id": str(other_department.teams["north_west"])},
        "twice": {"user_id": str(rep.user_id)},
        "inactive": {"user_id": str(gone.user_id)},
    }[kind]
    path = f"/team-targets/{target['id']}/allocations"

    problem = await department.operations.put(
        path, [{"user_id": str(rep.user_id), "value": "1"}, {**share, "value": "1"}], expect=422
    )

    assert problem["errors"][0]["pointer"] == f"/1/{next(iter(share))}"
    assert (await department.operations.get(path))["version"] == 1


@pytest.mark.parametrize(
    ("share", "pointer"),
    [
        ({}, "/0"),
        ({"user_id": "0198c1f2-a7b4-7000-8000-000000000000", "team_id": "0198c1f2-a7b4-7000-8000-000000000000"}, "/0"),
        ({"value": "0"}, "/0/value"),
        ({"value": "1.5"}, "/0/value"),
        ({"value": "2", "share": "1"}, "/0/share"),
    ],
    ids=["nobody", "two", "nothing", "half a deal", "unknown field"],
)
async def test_refuses_a_share_that_is_none(department: Department, share: dict[str, str], pointer: str) -> None:
    rep = await department.representative()
    target = await set_target(department, metric="deals_won", target_value="9")
    named = {"user_id": str(rep.user_id)} if "value" in share else {}

    problem = await department.operations.put(
        f"/team-targets/{target['id']}/allocations", [{"value": "1", **named, **share}], expect=422
    )

    assert problem["errors"][0]["pointer"] == pointer


async def test_a_persons_target_is_not_allocated(department: Department) -> None:
    rep = await department.representative()
    target = await set_target(department, person=rep)

    problem = await department.operations.put(f"/team-targets/{target['id']}/allocations", [], expect=409)

    assert problem["code"] == "target_of_person"


async def test_a_manager_shares_out_the_own_teams_target_but_never_sets_the_own_share(department: Department) -> None:
    manager, rep = await department.manager(), await department.representative()
    target = await set_target(department)
    path = f"/team-targets/{target['id']}/allocations"
    own = {"user_id": str(manager.user_id), "value": "100"}
    await department.operations.put(path, [own])

    kept = await manager.put(path, [own, {"user_id": str(rep.user_id), "value": "500"}])
    await manager.put(path, [own | {"value": "1"}], expect=403)
    await manager.put(path, [], expect=403)

    assert await manager.get(path) == kept


async def test_a_manager_may_not_allocate_to_what_is_out_of_reach(department: Department) -> None:
    manager, stranger = await department.manager(), await department.representative("south")
    target = await set_target(department)
    share = {"team_id": str(department.teams["south"]), "value": "1"}

    await manager.put(f"/team-targets/{target['id']}/allocations", [share], expect=403)
    await stranger.get(f"/team-targets/{target['id']}/allocations", expect=404)


async def test_refuses_a_stale_version(department: Department) -> None:
    target = await set_target(department)
    path = f"/team-targets/{target['id']}/allocations"
    await department.operations.put(path, [])

    stale = await department.operations.request("PUT", path, json=[], headers={"If-Match": '"1"'})

    assert stale.status_code == 412


async def test_of_many_at_once_the_last_one_stands_whole(department: Department, owner: asyncpg.Connection) -> None:
    reps = [await department.representative() for _ in range(3)]
    target = await set_target(department)
    path = f"/team-targets/{target['id']}/allocations"
    bodies = [[{"user_id": str(rep.user_id), "value": str(value)} for rep in reps] for value in range(1, 9)]

    answers = await asyncio.gather(*(department.operations.put(path, body) for body in bodies))

    last = max(answers, key=lambda answer: int(answer["version"]))
    assert sorted(answer["version"] for answer in answers) == list(range(2, 10))
    assert await department.operations.get(path) == last
    assert len({each["value"] for each in last["allocations"]}) == 1
    sequences = await owner.fetch(
        "SELECT sequence FROM events WHERE subject_id = $1 ORDER BY sequence", UUID(target["id"])
    )
    assert [row["sequence"] for row in sequences] == list(range(1, 10))


async def test_of_many_at_once_with_the_same_version_one_wins(department: Department) -> None:
    rep = await department.representative()
    target = await set_target(department)
    path = f"/team-targets/{target['id']}/allocations"
    bodies = [[{"user_id": str(rep.user_id), "value": str(value)}] for value in range(1, 9)]

    answers = await asyncio.gather(
        *(department.operations.request("PUT", path, json=body, headers={"If-Match": '"1"'}) for body in bodies)
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
