"""The story that the examples are taken from, told from its beginning to its end."""

import httpx

from app.core.database import Database
from app.core.settings import Settings
from tests.department import Actor
from tests.examples import closing, selling, steering
from tests.examples.department import People, gather, read_about_people
from tests.examples.recording import RecordingClient

_NOBODY = "0198c1f2-a7b4-7000-8000-000000000000"


async def tell(http: RecordingClient, database: Database, settings: Settings) -> People:
    """Use every operation at least once, as people would; gives those who did."""
    people = await gather(database, http)
    await read_about_people(people)
    deal_id = await selling.work_on_leads(people)
    await selling.keep_accounts(people)
    product = await selling.keep_products(people)
    await selling.work_on_deals(people, deal_id, product)
    await selling.plan_deals(people)
    await closing.close(people, deal_id)
    await steering.publish_pipelines(people)
    await steering.set_targets(people)
    await steering.listen(people, settings)
    await steering.read_events(people, deal_id)
    await steering.account_for_people(people, deal_id)
    await _be_refused(people)
    for path in ("/livez", "/readyz"):
        await http.get(path)
    return people


async def _be_refused(people: People) -> None:
    """The mistakes that everybody makes once."""
    rep = people.rep
    stranger = Actor(rep.user_id, rep.position, rep.team_id, "slk_unknown", rep.http)
    await stranger.get("/me", expect=401)
    await rep.post("/teams", {"name": "Sales South"}, expect=403)
    await rep.get(f"/leads/{_NOBODY}", expect=404)
    await rep.post("/leads", {"email": "ann", "budget": 1}, expect=422)
    header = {"Authorization": f"Bearer {rep.key}", "Content-Type": "application/json"}
    for content, expect in ((b'{"name": "Ann", "name": "Bo"}', 400), (b"<name>Ann</name>", 415)):
        if expect == httpx.codes.UNSUPPORTED_MEDIA_TYPE:
            header["Content-Type"] = "application/xml"
        answer = await rep.http.post("/v1/leads", content=content, headers=header)
        assert answer.status_code == expect
    keyed = [await rep.post_keyed("/accounts", {"name": name}, "order-1017") for name in ("Hill", "Dale")]
    assert [each.status_code for each in keyed] == [201, 422]
