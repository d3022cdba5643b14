import asyncio
import json

import asyncpg

from tests.builders.evidence import last_event
from tests.department import Department


async def test_a_new_deal_is_told_what_is_missing_who_can_fix_it_and_how(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    explained = await rep.get(f"/opportunities/{deal['id']}/available-transitions")

    forward, lost = explained["items"]
    assert (forward["to_stage"], forward["allowed"], lost["to_stage"], lost["allowed"]) == (
        "qualification",
        False,
        "analysis",
        True,
    )
    unmet = {criterion["id"]: criterion for criterion in forward["criteria"] if not criterion["satisfied"]}
    assert set(unmet) == {"contact_linked", "outreach_held"}
    assert unmet["contact_linked"]["how"] == {
        "method": "POST",
        "path": f"/v1/opportunities/{deal['id']}/contact-roles",
    }
    assert "sales_representative" in unmet["outreach_held"]["who_can_fix"]


async def test_refuses_to_move_without_evidence_and_writes_nothing(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    problem = await rep.post(f"/opportunities/{deal['id']}/transitions", {"to_stage": "qualification"}, expect=409)

    assert problem["code"] == "exit_criteria_not_met"
    assert {each["id"] for each in problem["criteria"] if not each["satisfied"]} == {"contact_linked", "outreach_held"}
    assert await rep.get(f"/opportunities/{deal['id']}") == deal
    assert await owner.fetchval("SELECT count(*) FROM events WHERE subject_id = $1", deal["id"]) == 1


async def test_refuses_to_skip_a_stage_and_names_the_edges_that_exist(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    problem = await rep.post(f"/opportunities/{deal['id']}/transitions", {"to_stage": "negotiation"}, expect=409)

    assert problem["code"] == "transition_not_allowed"
    assert problem["available"] == [
        {"to_stage": "qualification", "kind": "forward"},
        {"to_stage": "analysis", "kind": "lost"},
    ]


async def test_losing_a_deal_closes_it_with_its_reason_in_one_transition(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    moved = await rep.post(f"/opportunities/{deal['id']}/transitions", {"to_stage": "analysis", "loss_reason": "price"})

    assert (moved["kind"], moved["outcome"], moved["loss_reason"], moved["version"]) == ("lost", "lost", "price", 2)
    lost = await rep.get(f"/opportunities/{deal['id']}")
    assert (lost["stage"], lost["outcome"], lost["probability"], lost["loss_reason"]) == (
        "analysis",
        "lost",
        0,
        "price",
    )
    assert lost["closed_at"] == moved["occurred_at"]
    rows = await owner.fetch(
        "SELECT type, sequence, body FROM events WHERE subject_id = $1 ORDER BY sequence", deal["id"]
    )
    assert [row["type"] for row in rows] == ["opportunity.created", "opportunity.stage_changed", "opportunity.lost"]
    assert json.loads(rows[1]["body"])["data"]["transition"] == {
        "from_stage": "prospecting",
        "to_stage": "analysis",
        "step": "analysis",
        "kind": "lost",
        "outcome": "lost",
        "overridden": False,
        "reason": None,
    }


async def test_only_fields_that_a_deal_is_read_with_are_told_as_changed(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    await rep.post(f"/opportunities/{deal['id']}/transitions", {"to_stage": "analysis", "loss_reason": "price"})

    data = (await last_event(owner, deal["id"]))["data"]
    assert data["before"] == {name: deal[name] for name in data["changed"]}
    assert {"stage", "step", "outcome", "probability", "closed_at", "loss_reason"} <= set(data["changed"])


async def test_losing_for_another_reason_needs_a_note(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    nothing = await rep.post(f"/opportunities/{deal['id']}/transitions", {"to_stage": "analysis"}, expect=422)
    no_note = await rep.post(
        f"/opportunities/{deal['id']}/transitions", {"to_stage": "analysis", "loss_reason": "other"}, expect=422
    )

    assert [error["pointer"] for error in nothing["errors"]] == ["/loss_reason"]
    assert [error["pointer"] for error in no_note["errors"]] == ["/reason"]


async def test_a_manager_reopens_a_lost_deal_where_it_was_left(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})
    path = f"/opportunities/{deal['id']}/transitions"
    await rep.post(path, {"to_stage": "analysis", "loss_reason": "timing"})

    refused = await rep.post(path, {"to_stage": "prospecting", "reason": "They called"}, expect=403)
    moved = await manager.post(path, {"to_stage": "prospecting", "reason": "They called"})

    assert refused["code"] == "forbidden"
    assert (moved["kind"], moved["outcome"]) == ("reopen", "open")
    reopened = await rep.get(f"/opportunities/{deal['id']}")
    assert (reopened["outcome"], reopened["closed_at"], reopened["loss_reason"]) == ("open", None, None)


async def test_a_manager_overrides_unmet_criteria_on_record(department: Department, owner: asyncpg.Connection) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})
    body = {"to_stage": "qualification", "override_reason": "Known for years"}

    refused = await rep.post(f"/opportunities/{deal['id']}/transitions", body, expect=403)
    moved = await manager.post(f"/opportunities/{deal['id']}/transitions", body)

    assert refused["code"] == "forbidden"
    assert (moved["overridden"], moved["override_reason"]) == (True, "Known for years")
    assert moved["unmet_criteria"] == ["contact_linked", "outreach_held"]
    rows = await owner.fetch("SELECT type FROM events WHERE subject_id = $1 ORDER BY sequence", deal["id"])
    assert [row["type"] for row in rows][1:] == ["opportunity.stage_changed", "opportunity.guard_overridden"]


async def test_a_dry_run_answers_and_writes_nothing(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})
    body = {"to_stage": "analysis", "loss_reason": "price", "dry_run": True}

    preview = await rep.post(f"/opportunities/{deal['id']}/transitions", body, expect=200)

    assert (preview["id"], preview["sequence"], preview["outcome"]) == (None, None, "lost")
    assert await rep.get(f"/opportunities/{deal['id']}") == deal
    assert await owner.fetchval("SELECT count(*) FROM stage_transitions WHERE opportunity_id = $1", deal["id"]) == 0


async def test_refuses_a_transition_of_a_stale_version(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})
    await rep.patch(f"/opportunities/{deal['id']}", {"amount": "1.00"})

    stale = await rep.request(
        "POST",
        f"/opportunities/{deal['id']}/transitions",
        json={"to_stage": "analysis", "loss_reason": "price"},
        headers={"If-Match": '"1"'},
    )

    assert stale.status_code == 412


async def test_of_many_concurrent_losers_exactly_one_wins(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})
    body = {"to_stage": "analysis", "loss_reason": "price"}

    answers = await asyncio.gather(
        *(rep.request("POST", f"/opportunities/{deal['id']}/transitions", json=body) for _ in range(20))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert await owner.fetchval("SELECT count(*) FROM stage_transitions WHERE opportunity_id = $1", deal["id"]) == 1


async def test_the_history_tells_the_seconds_in_each_stage(department: Department) -> None:
    manager = await department.manager()
    deal = await manager.post("/opportunities", {"name": "GTX for Acme"})
    path = f"/opportunities/{deal['id']}/transitions"
    await manager.post(path, {"to_stage": "qualification", "override_reason": "x"})
    await manager.post(path, {"to_stage": "prospecting", "reason": "Too early"})

    history = await manager.get(path)

    assert [(item["from_stage"], item["to_stage"], item["kind"]) for item in history["items"]] == [
        ("prospecting", "qualification", "forward"),
        ("qualification", "prospecting", "back"),
    ]
    assert all(item["seconds_in_from_stage"] >= 0 for item in history["items"])


async def test_a_deal_out_of_reach_cannot_be_moved_or_explained(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    deal = await stranger.post("/opportunities", {"name": "Theirs"})
    path = f"/opportunities/{deal['id']}"

    await rep.post(f"{path}/transitions", {"to_stage": "analysis", "loss_reason": "price"}, expect=404)
    await rep.get(f"{path}/transitions", expect=404)
    await rep.get(f"{path}/available-transitions", expect=404)


async def test_operations_see_deals_but_never_move_them(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    problem = await department.operations.post(
        f"/opportunities/{deal['id']}/transitions", {"to_stage": "analysis", "loss_reason": "price"}, expect=403
    )

    assert problem["code"] == "forbidden"
