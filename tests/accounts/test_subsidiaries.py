import asyncio

from tests.department import Department


async def test_an_account_stands_below_another(department: Department) -> None:
    rep = await department.representative()
    parent, child = [await rep.post("/accounts", {"name": name}) for name in ("Parent", "Child")]

    changed = await rep.patch(f"/accounts/{child['id']}", {"parent_id": parent["id"]})

    assert changed["parent_id"] == parent["id"]


async def test_refuses_a_circle_of_accounts(department: Department) -> None:
    rep = await department.representative()
    top = await rep.post("/accounts", {"name": "Top"})
    middle = await rep.post("/accounts", {"name": "Middle", "parent_id": top["id"]})
    bottom = await rep.post("/accounts", {"name": "Bottom", "parent_id": middle["id"]})

    problems = [
        await rep.patch(f"/accounts/{top['id']}", {"parent_id": parent["id"]}, expect=409) for parent in (top, bottom)
    ]

    assert [problem["code"] for problem in problems] == ["account_cycle"] * 2
    assert (await rep.get(f"/accounts/{top['id']}"))["version"] == 1


async def test_two_moves_at_once_do_not_close_a_circle(department: Department) -> None:
    rep = await department.representative()
    first, second = [(await rep.post("/accounts", {"name": name}))["id"] for name in ("First", "Second")]
    moves = {first: second, second: first}

    answers = await asyncio.gather(
        *(rep.request("PATCH", f"/accounts/{child}", json={"parent_id": parent}) for child, parent in moves.items())
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
