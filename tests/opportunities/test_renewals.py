from tests.builders.outcomes import open_deal_of, won_deal_of
from tests.department import Department


async def test_a_deal_renews_a_won_one(department: Department) -> None:
    rep = await department.representative()
    won = await won_deal_of(department, rep)

    deal = await rep.post("/opportunities", {"name": "Renewal", "source_opportunity_id": won})

    assert deal["source_opportunity_id"] == won


async def test_a_deal_out_of_reach_cannot_be_renewed(department: Department, other_department: Department) -> None:
    rep, deal = await department.representative("north"), {"name": "Renewal"}
    of_another_team = await won_deal_of(department, await department.representative("south"))
    foreign = await won_deal_of(other_department, await other_department.representative())
    own = await rep.post("/opportunities", deal)

    created = [
        await rep.post("/opportunities", deal | {"source_opportunity_id": source}, expect=422)
        for source in (of_another_team, foreign)
    ]
    changed = await rep.patch(f"/opportunities/{own['id']}", {"source_opportunity_id": of_another_team}, expect=422)

    places = [(problem["errors"][0]["pointer"], problem["errors"][0]["code"]) for problem in [*created, changed]]
    assert places == [("/source_opportunity_id", "unknown_reference")] * 3


async def test_only_another_won_deal_is_renewed(department: Department) -> None:
    rep = await department.representative()
    running, won = await open_deal_of(department, rep), await won_deal_of(department, rep)

    of_running = await rep.post("/opportunities", {"name": "Next", "source_opportunity_id": running}, expect=422)
    of_itself = await rep.patch(f"/opportunities/{won}", {"source_opportunity_id": won}, expect=422)

    assert [each["errors"][0]["code"] for each in (of_running, of_itself)] == ["not_won"] * 2
