import asyncio

import asyncpg
import pytest

from tests.builders.evidence import until_awaited
from tests.builders.leads import converted_lead, count_of_leads, disqualified_lead, event_bodies
from tests.department import Department

ANN = "ann@fields.example"


async def test_candidates_say_who_works_on_them_and_how_far(department: Department) -> None:
    rep = await department.representative()
    first = await rep.post("/leads", {"name": "Ann", "company_name": "Fields Ltd", "email": ANN})

    problem = await rep.post("/leads", {"name": "Ann F.", "email": ANN}, expect=409)

    assert problem["candidates"] == [
        {
            "id": first["id"],
            "name": "Ann",
            "company_name": "Fields Ltd",
            "owner_id": str(rep.user_id),
            "stage": "prospecting",
            "outcome": "open",
        }
    ]
    assert (problem["hidden_candidates"], problem["contact_candidates"]) == (0, [])


async def test_a_lead_that_was_given_up_still_counts(department: Department) -> None:
    rep = await department.representative()
    await disqualified_lead(rep, email=ANN)

    problem = await rep.post("/leads", {"name": "Ann", "email": ANN}, expect=409)

    assert [candidate["outcome"] for candidate in problem["candidates"]] == ["disqualified"]


async def test_contacts_with_the_email_are_named_too(department: Department, other_department: Department) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    contact = await rep.post("/contacts", {"name": "Ann the contact", "email": "ANN@fields.example"})
    await stranger.post("/contacts", {"name": "Their Ann", "email": ANN})
    await rep.post("/leads", {"name": "Ann", "email": ANN})

    problem = await rep.post("/leads", {"name": "Ann F.", "email": ANN}, expect=409)

    assert problem["contact_candidates"] == [{"id": contact["id"], "name": "Ann the contact", "account_id": None}]


async def test_a_contact_alone_is_no_duplicate(department: Department) -> None:
    rep = await department.representative()
    await rep.post("/contacts", {"name": "Ann", "email": ANN})

    lead = await rep.post("/leads", {"name": "Ann", "email": ANN})

    assert lead["email"] == ANN


async def test_another_organizations_lead_is_no_duplicate(department: Department, other_department: Department) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    await stranger.post("/leads", {"name": "Ann", "email": ANN})

    lead = await rep.post("/leads", {"name": "Ann", "email": ANN})

    assert lead["email"] == ANN


async def test_leads_without_an_email_are_no_duplicates(department: Department) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "Ann"})

    await rep.post("/leads", {"name": "Ann"})

    assert len((await rep.get("/leads"))["items"]) == 2


async def test_a_refused_duplicate_leaves_no_trace(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "Ann", "email": ANN})

    await rep.post("/leads", {"name": "Ann F.", "email": ANN}, expect=409)

    assert await count_of_leads(owner, department) == 1


@pytest.mark.parametrize("method", ["create", "change"])
async def test_insisting_is_not_a_field_of_the_lead(
    department: Department, owner: asyncpg.Connection, method: str
) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "Ann", "email": ANN})
    other = await rep.post("/leads", {"name": "Ben"})
    body = {"name": "Ann 2", "email": ANN, "allow_duplicate": True}

    second = await rep.post("/leads", body) if method == "create" else await rep.patch(f"/leads/{other['id']}", body)

    assert second["email"] == ANN
    assert "allow_duplicate" not in second
    assert "allow_duplicate" not in (await event_bodies(owner, second["id"]))[-1]["data"]["object"]


async def test_a_lead_is_not_its_own_duplicate(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann", "email": ANN})

    changed = await rep.patch(f"/leads/{lead['id']}", {"email": "Ann@Fields.example", "name": "Ann F."})

    assert (changed["email"], changed["name"]) == ("Ann@Fields.example", "Ann F.")


async def test_one_of_two_insisted_on_may_write_its_email_in_another_case(department: Department) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "Ann", "email": ANN})
    second = await rep.post("/leads", {"name": "Ann 2", "email": ANN, "allow_duplicate": True})

    changed = await rep.patch(f"/leads/{second['id']}", {"email": ANN.upper()})

    assert changed["email"] == ANN.upper()


async def test_a_refused_email_changes_nothing(department: Department) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "Ann", "email": ANN})
    other = await rep.post("/leads", {"name": "Ben"})

    await rep.patch(f"/leads/{other['id']}", {"name": "Benno", "email": ANN}, expect=409)

    assert await rep.get(f"/leads/{other['id']}") == other


async def test_of_concurrent_changes_to_one_email_exactly_one_passes(department: Department) -> None:
    rep = await department.representative()
    leads = [await rep.post("/leads", {"name": f"Lead {number}"}) for number in range(8)]

    answers = await asyncio.gather(
        *(rep.request("PATCH", f"/leads/{lead['id']}", json={"email": ANN}) for lead in leads)
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


async def test_of_a_creation_and_a_change_to_one_email_one_passes(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ben"})

    answers = await asyncio.gather(
        rep.request("POST", "/leads", json={"name": "Ann", "email": ANN}),
        rep.request("PATCH", f"/leads/{lead['id']}", json={"email": ANN.upper()}),
    )

    assert len([answer for answer in answers if answer.is_success]) == 1
    assert len([answer for answer in answers if answer.status_code == 409]) == 1


@pytest.mark.parametrize("insists", [False, True])
async def test_looking_for_an_email_waits_for_whoever_looks_at_it(
    department: Department, owner: asyncpg.Connection, *, insists: bool
) -> None:
    rep = await department.representative()
    key = f"{department.organization_id}{ANN}"
    held = owner.transaction()
    await held.start()
    await owner.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)

    waiting = asyncio.create_task(rep.post("/leads", {"name": "Ann", "email": ANN, "allow_duplicate": insists}))
    await until_awaited(owner)
    elsewhere = await rep.post("/leads", {"name": "Ben", "email": "ben@fields.example"})
    await held.rollback()

    assert elsewhere["email"] == "ben@fields.example"
    assert (await waiting)["email"] == ANN


async def test_a_converted_lead_still_counts(department: Department) -> None:
    rep = await department.representative()
    await converted_lead(rep, email=ANN)

    problem = await rep.post("/leads", {"name": "Ann", "email": ANN}, expect=409)

    assert [candidate["outcome"] for candidate in problem["candidates"]] == ["converted"]
    assert [contact["name"] for contact in problem["contact_candidates"]] == ["Ann Field"]


async def test_hidden_candidates_show_nothing_of_themselves(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    mine = await rep.post("/leads", {"name": "Ann", "email": ANN})
    await stranger.post("/leads", {"name": "Hidden Ann", "email": ANN, "allow_duplicate": True})

    answer = await rep.request("POST", "/leads", json={"name": "Ann F.", "email": ANN})

    assert [candidate["id"] for candidate in answer.json()["candidates"]] == [mine["id"]]
    assert answer.json()["hidden_candidates"] == 1
    assert "Hidden" not in answer.text
    assert str(stranger.user_id) not in answer.text
