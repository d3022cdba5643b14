import json

import asyncpg
import pytest

from app.core.settings import Settings
from tests.builders.receiver import Message, listening
from tests.builders.workers import hasty, until, until_settled, working
from tests.department import Department

HELD = """
SELECT query FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'stageline:stageline_app'
    AND state LIKE 'idle in transaction%'
"""


async def test_the_secret_is_shown_at_creation_only(department: Department) -> None:
    async with listening() as receiver:
        created = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["lead.*"]}
        )

    read = await department.operations.get(f"/webhook-endpoints/{created['id']}")
    listed = await department.operations.get("/webhook-endpoints")

    assert created["secret"].startswith("whsec_")
    assert read == {name: value for name, value in created.items() if name != "secret"}
    assert listed["items"] == [read]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest", "blocked_address"),
        ("https://10.0.0.1/", "blocked_address"),
        ("https://2130706433/", "blocked_address"),
        ("ftp://example.com/", "blocked_address"),
        ("https://user:password@example.com/", "blocked_address"),
        ("https://nowhere.invalid/", "dns"),
    ],
)
async def test_refuses_an_address_that_no_webhook_may_reach(department: Department, url: str, code: str) -> None:
    problem = await department.operations.post(
        "/webhook-endpoints", {"url": url, "event_types": ["lead.*"]}, expect=422
    )

    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/url", code)]
    assert (await department.operations.get("/webhook-endpoints"))["items"] == []


async def test_refuses_a_forbidden_address_at_an_update(department: Department) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["lead.*"]}
        )

    problem = await department.operations.patch(
        f"/webhook-endpoints/{endpoint['id']}", {"url": "https://192.168.0.1/"}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/url"
    assert (await department.operations.get(f"/webhook-endpoints/{endpoint['id']}"))["url"] == receiver.url


@pytest.mark.parametrize("pattern", ["opportunity.exploded", "nothing.*", "opportunity*", "", "lead.cre*"])
async def test_refuses_a_pattern_that_matches_no_type(department: Department, pattern: str) -> None:
    problem = await department.operations.post(
        "/webhook-endpoints", {"url": "http://127.0.0.1:9/", "event_types": [pattern]}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/event_types/0"


@pytest.mark.parametrize("field", ["secret", "state", "failing_since", "organization_id"])
async def test_read_only_fields_cannot_be_sent(department: Department, field: str) -> None:
    problem = await department.operations.post(
        "/webhook-endpoints",
        {"url": "http://127.0.0.1:9/", "event_types": ["lead.*"], field: "enabled"},
        expect=422,
    )

    assert problem["errors"][0]["pointer"] == f"/{field}"


async def test_only_the_manager_of_operations_may_write_and_representatives_may_not_read(
    department: Department,
) -> None:
    manager, rep = await department.manager(), await department.representative()

    await manager.get("/webhook-endpoints")
    refused = await manager.post(
        "/webhook-endpoints", {"url": "http://127.0.0.1:9/", "event_types": ["lead.*"]}, expect=403
    )
    unread = await rep.get("/webhook-endpoints", expect=403)

    assert (refused["code"], unread["code"]) == ("forbidden", "forbidden")


async def test_another_organizations_endpoint_does_not_exist(
    department: Department, other_department: Department
) -> None:
    theirs = await other_department.operations.post(
        "/webhook-endpoints", {"url": "http://127.0.0.1:9/", "event_types": ["lead.*"]}
    )
    path = f"/webhook-endpoints/{theirs['id']}"

    await department.operations.get(path, expect=404)
    await department.operations.patch(path, {"description": "Mine"}, expect=404)
    await department.operations.post(f"{path}/enable", expect=404)
    await department.operations.post(f"{path}/test", expect=404)
    await department.operations.get(f"{path}/deliveries", expect=404)
    await department.operations.delete(path, expect=404)

    assert (await other_department.operations.get(path))["version"] == 1


async def test_refuses_a_stale_version(department: Department) -> None:
    endpoint = await department.operations.post(
        "/webhook-endpoints", {"url": "http://127.0.0.1:9/", "event_types": ["lead.*"]}
    )
    path = f"/webhook-endpoints/{endpoint['id']}"
    await department.operations.patch(path, {"description": "First"})

    stale = await department.operations.request(
        "PATCH", path, json={"description": "Second"}, headers={"If-Match": '"1"'}
    )
    stale_delete = await department.operations.request("DELETE", path, headers={"If-Match": '"1"'})

    assert (stale.status_code, stale_delete.status_code) == (412, 412)
    assert (await department.operations.get(path))["description"] == "First"


async def test_a_deleted_endpoint_is_owed_nothing(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        await until_settled(owner, endpoint["id"], 1)
        await department.operations.delete(f"/webhook-endpoints/{endpoint['id']}")

    await department.operations.get(f"/webhook-endpoints/{endpoint['id']}", expect=404)
    assert await owner.fetch("SELECT FROM webhook_deliveries WHERE endpoint_id = $1", endpoint["id"]) == []


async def test_a_test_sends_a_signed_ping_at_once(department: Department) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["lead.*"]}
        )
        receiver.fail_first(1, status=418)
        answered = await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/test", expect=200)

    assert (answered["delivered"], answered["status_code"], answered["error_class"]) == (False, 418, "http_error")
    assert receiver.ids == [answered["event_id"]]
    assert receiver.messages[0].is_signed_with(endpoint["secret"])
    assert receiver.messages[0].event["type"] == "ping"


async def test_a_test_of_a_type_sends_the_newest_event_of_it(department: Department, owner: asyncpg.Connection) -> None:
    await department.operations.post("/accounts", {"name": "Old"})
    account = await department.operations.post("/accounts", {"name": "New"})
    async with listening() as receiver:
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["lead.*"]}
        )
        path = f"/webhook-endpoints/{endpoint['id']}/test"
        stored = await department.operations.post(path, {"type": "account.created"}, expect=200)
        made_up = await department.operations.post(path, {"type": "lead.converted"}, expect=200)

    body = await owner.fetchval("SELECT body FROM events WHERE subject_id = $1", account["id"])
    assert (stored["delivered"], made_up["delivered"]) == (True, True)
    assert receiver.messages[0].body == body
    assert receiver.messages[1].event["type"] == "lead.converted"


async def test_a_keyed_test_holds_no_transaction_while_it_speaks_and_is_sent_once(
    department: Department, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        held: list[asyncpg.Record] = []

        async def look(_message: Message) -> int:
            held.extend(await owner.fetch(HELD))
            return 204

        receiver.answer = look
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["lead.*"]}
        )
        path = f"/webhook-endpoints/{endpoint['id']}/test"
        first = await department.operations.post_keyed(path, {}, "one")
        again = await department.operations.post_keyed(path, {}, "one")

    assert (first.status_code, again.status_code, held) == (200, 200, [])
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert receiver.ids == [first.json()["event_id"]]


async def test_a_keyed_endpoint_is_made_once_and_its_secret_is_not_kept(
    department: Department, owner: asyncpg.Connection
) -> None:
    body = {"url": "http://127.0.0.1:9/", "event_types": ["lead.*"]}

    first = await department.operations.post_keyed("/webhook-endpoints", body, "one")
    again = await department.operations.post_keyed("/webhook-endpoints", body, "one")

    made = first.json()
    assert (again.status_code, again.json()["code"], again.json()["id"]) == (409, "secret_shown_once", made["id"])
    kept = await owner.fetchval(
        "SELECT body FROM idempotency_keys WHERE organization_id = $1", department.organization_id
    )
    assert made["secret"].encode() not in kept
    assert [each["id"] for each in (await department.operations.get("/webhook-endpoints"))["items"]] == [made["id"]]


async def test_gone_disables_the_endpoint_and_enabling_delivers_what_it_missed_in_order(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        receiver.fail_first(1, status=410)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        path = f"/webhook-endpoints/{endpoint['id']}"
        account = await department.operations.post("/accounts", {"name": "Acme"})
        events = await until(
            lambda: owner.fetch("SELECT type, body FROM events WHERE subject_id = $1", endpoint["id"]), bool
        )
        disabled = await department.operations.get(path)
        for number in range(3):
            await department.operations.patch(f"/accounts/{account['id']}", {"country": f"Country {number}"})
        calls_while_disabled = len(receiver.messages)
        enabled = await department.operations.post(f"{path}/enable", expect=200)
        await until_settled(owner, endpoint["id"], 4)

    assert (disabled["state"], disabled["disabled_reason"]) == ("disabled", "gone")
    assert [event["type"] for event in events] == ["webhook_endpoint.disabled"]
    assert json.loads(events[0]["body"])["data"]["before"] == {"state": "enabled", "disabled_reason": None}
    assert endpoint["secret"].encode() not in events[0]["body"]
    assert calls_while_disabled == 1
    assert (enabled["state"], enabled["disabled_reason"], enabled["failing_since"]) == ("enabled", None, None)
    assert receiver.sequences_of(account["id"]) == [1, 1, 2, 3, 4]


@pytest.mark.parametrize(("record", "state"), [((9, 121), "disabled"), ((8, 121), "enabled"), ((9, 119), "enabled")])
async def test_disables_after_five_days_and_ten_failures_without_a_success(
    department: Department, settings: Settings, owner: asyncpg.Connection, record: tuple[int, int], state: str
) -> None:
    async with listening() as receiver:
        receiver.fail_first(1)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await owner.execute(
            "UPDATE webhook_endpoints SET consecutive_failures = $2, failing_since = now() - make_interval(hours => $3)"
            "WHERE id = $1",
            endpoint["id"],
            *record,
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        async with working(settings, hasty(attempts=1)):
            await until_settled(owner, endpoint["id"], 1)

    after = await department.operations.get(f"/webhook-endpoints/{endpoint['id']}")
    assert (after["state"], after["consecutive_failures"]) == (state, record[0] + 1)


async def test_a_success_clears_the_record_of_failures(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        receiver.fail_first(2)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        await until_settled(owner, endpoint["id"], 1)

    after = await department.operations.get(f"/webhook-endpoints/{endpoint['id']}")
    assert (after["failing_since"], after["consecutive_failures"]) == (None, 0)
    assert after["last_success_at"] is not None


async def test_deliveries_and_their_attempts_can_be_looked_up(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        receiver.fail_first(1, status=503)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*", "contact.*"]}
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        await department.operations.post("/contacts", {"name": "Ada"})
        await until_settled(owner, endpoint["id"], 2)
    path = f"/webhook-endpoints/{endpoint['id']}/deliveries"

    of_accounts = await department.operations.get(path, event_type="account.created", status="delivered")
    failed = await department.operations.get(path, status="failed")
    first_page = await department.operations.get(path, limit=1)
    second_page = await department.operations.get(path, limit=1, cursor=first_page["next_cursor"])
    detail = await department.operations.get(f"/webhook-deliveries/{of_accounts['items'][0]['id']}")

    assert [item["event_type"] for item in of_accounts["items"]] == ["account.created"]
    assert failed["items"] == []
    assert [page["items"][0]["event_type"] for page in (first_page, second_page)] == [
        "contact.created",
        "account.created",
    ]
    attempts = [(each["number"], each["status_code"], each["error_class"]) for each in detail["attempt_log"]]
    assert attempts in ([(1, 503, "http_error"), (2, 200, None)], [(1, 200, None)])
    assert detail["attempts"] == len(attempts)


async def test_a_redelivery_sends_the_same_bytes_under_the_same_id_with_all_attempts(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings, hasty(attempts=3)):
        receiver.fail_first(5)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        (given_up,) = await until_settled(owner, endpoint["id"], 1)
        path = f"/webhook-deliveries/{given_up['id']}/redelivery"
        accepted = await department.operations.post(path, expect=202)
        (settled,) = await until_settled(owner, endpoint["id"], 1)

    assert (given_up["status"], given_up["attempts"]) == ("failed", 3)
    assert (accepted["status"], accepted["attempts"], accepted["is_redelivery"]) == ("pending", 0, True)
    assert (settled["status"], settled["attempts"]) == ("delivered", 3)
    assert len({(message.id, message.body) for message in receiver.messages}) == 1
    detail = await department.operations.get(f"/webhook-deliveries/{given_up['id']}")
    assert [attempt["number"] for attempt in detail["attempt_log"]] == [1, 2, 3, 1, 2, 3]


async def test_a_pending_delivery_cannot_be_redelivered(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        receiver.fail_first(1, status=410)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        (delivery,) = await until(
            lambda: owner.fetch(
                "SELECT * FROM webhook_deliveries WHERE endpoint_id = $1 AND attempts > 0", endpoint["id"]
            ),
            bool,
        )

    problem = await department.operations.post(f"/webhook-deliveries/{delivery['id']}/redelivery", expect=409)

    assert problem["code"] == "delivery_pending"
