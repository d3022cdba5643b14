from uuid import uuid4

from tests.department import Department


async def test_creates_an_account_owned_by_the_caller(department: Department) -> None:
    rep = await department.representative()

    account = await rep.post(
        "/accounts", {"name": "Acme", "annual_revenue": "1100.04", "annual_revenue_currency": "USD"}
    )

    assert account["owner_id"] == str(rep.user_id)
    assert account["team_id"] == str(department.teams["north"])
    assert account["annual_revenue"] == "1100.04"
    assert await rep.get(f"/accounts/{account['id']}") == account


async def test_refuses_unknown_fields_by_pointer(department: Department) -> None:
    rep = await department.representative()

    problem = await rep.post("/accounts", {"name": "Acme", "version": 7}, expect=422)

    assert problem["code"] == "invalid"
    assert [error["pointer"] for error in problem["errors"]] == ["/version"]


async def test_changes_only_what_is_sent_and_advances_the_version(department: Department) -> None:
    rep = await department.representative()
    account = await rep.post("/accounts", {"name": "Acme", "industry": "retail"})

    changed = await rep.patch(f"/accounts/{account['id']}", {"country": "Kenya"})

    assert changed["version"] == 2
    assert (changed["name"], changed["industry"], changed["country"]) == ("Acme", "retail", "Kenya")


async def test_refuses_a_stale_version(department: Department) -> None:
    rep = await department.representative()
    account = await rep.post("/accounts", {"name": "Acme"})
    await rep.patch(f"/accounts/{account['id']}", {"country": "Kenya"})

    stale = await rep.request("PATCH", f"/accounts/{account['id']}", json={"name": "B"}, headers={"If-Match": '"1"'})

    assert stale.status_code == 412
    assert stale.json()["code"] == "precondition_failed"
    assert (await rep.get(f"/accounts/{account['id']}"))["name"] == "Acme"


async def test_another_organizations_account_does_not_exist(
    department: Department, other_department: Department
) -> None:
    rep = await department.representative()
    stranger = await other_department.representative()
    account = await stranger.post("/accounts", {"name": "Theirs"})

    foreign = await rep.get(f"/accounts/{account['id']}", expect=404)
    unknown = await rep.get(f"/accounts/{uuid4()}", expect=404)

    assert {**foreign, "instance": "", "request_id": ""} == {**unknown, "instance": "", "request_id": ""}


async def test_refuses_a_parent_of_another_organization(department: Department, other_department: Department) -> None:
    stranger = await other_department.representative()
    theirs = await stranger.post("/accounts", {"name": "Theirs"})

    problem = await department.operations.post("/accounts", {"name": "Ours", "parent_id": theirs["id"]}, expect=422)

    assert problem["errors"][0]["pointer"] == "/parent_id"


async def test_a_colleagues_account_can_be_seen_but_not_changed(department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    account = await colleague.post("/accounts", {"name": "Acme"})

    seen = await rep.get(f"/accounts/{account['id']}")
    problem = await rep.patch(f"/accounts/{account['id']}", {"name": "Mine"}, expect=403)

    assert seen["id"] == account["id"]
    assert problem["code"] == "forbidden"


async def test_a_second_external_id_is_a_conflict(department: Department) -> None:
    await department.operations.post("/accounts", {"name": "A", "external_id": "x-1"})

    problem = await department.operations.post("/accounts", {"name": "B", "external_id": "x-1"}, expect=409)

    assert problem["code"] == "already_exists"
    assert problem["errors"][0]["pointer"] == "/external_id"


async def test_pages_follow_each_other_without_gaps_while_rows_are_added(department: Department) -> None:
    names = [f"Account {number:02}" for number in range(7)]
    for name in names:
        await department.operations.post("/accounts", {"name": name})

    first = await department.operations.get("/accounts", limit=3, sort="name")
    await department.operations.post("/accounts", {"name": "Account 00 b"})
    second = await department.operations.get("/accounts", limit=3, sort="name", cursor=first["next_cursor"])
    third = await department.operations.get("/accounts", limit=3, sort="name", cursor=second["next_cursor"])

    assert [item["name"] for page in (first, second, third) for item in page["items"]] == names
    assert third["next_cursor"] is None


async def test_refuses_a_cursor_of_another_query_and_unknown_parameters(department: Department) -> None:
    for name in ("A", "B"):
        await department.operations.post("/accounts", {"name": name})
    page = await department.operations.get("/accounts", limit=1, sort="name")

    other = await department.operations.get("/accounts", sort="-name", cursor=page["next_cursor"], expect=422)
    unknown = await department.operations.get("/accounts", colour="red", expect=422)
    forged = await department.operations.get("/accounts", cursor="bm90IGpzb24", expect=422)

    assert other["errors"][0]["pointer"] == "/query/cursor"
    assert unknown["errors"][0]["pointer"] == "/query"
    assert forged["errors"][0]["code"] == "invalid_cursor"
