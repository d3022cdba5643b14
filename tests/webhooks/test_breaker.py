import asyncio

import asyncpg
import pytest

from app.core.database import Database
from app.webhooks.attempt import ErrorClass
from tests.builders.lanes import OwedEndpoint, owed_endpoint
from tests.builders.results import all_failed, delivered, failed, refused, released
from tests.department import Department


@pytest.fixture
async def endpoint(department: Department, worker_database: Database, owner: asyncpg.Connection) -> OwedEndpoint:
    return await owed_endpoint(department, worker_database, owner, lanes=8)


@pytest.fixture
async def open_endpoint(endpoint: OwedEndpoint) -> OwedEndpoint:
    """Its breaker has just opened: five lanes failed, three were not tried."""
    lanes = await endpoint.claim()
    await endpoint.settle(*all_failed(lanes[:5]), *[released(lane) for lane in lanes[5:]])
    return endpoint


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (500, ErrorClass.HTTP_ERROR),
        (429, ErrorClass.HTTP_ERROR),
        (404, ErrorClass.HTTP_ERROR),
        (302, ErrorClass.HTTP_ERROR),
        (200, ErrorClass.TIMEOUT),
        (None, ErrorClass.CONNECT),
        (None, ErrorClass.DNS),
    ],
)
async def test_five_lanes_that_fail_in_a_row_open_it(
    endpoint: OwedEndpoint, status: int | None, error_class: ErrorClass
) -> None:
    lanes = await endpoint.claim()

    four = await endpoint.settle(*[refused(lane, status, error_class) for lane in lanes[:4]])
    fifth = await endpoint.settle(refused(lanes[4], status, error_class))

    assert [set(four.held_back), set(fifth.held_back)] == [set(), {lanes[0].key.endpoint_id}]
    assert 0 < (await endpoint.open_for_seconds() or 0) <= 1


async def test_one_poisoned_event_never_opens_it(endpoint: OwedEndpoint) -> None:
    for _ in range(9):
        lane, *others = await endpoint.claim()
        await endpoint.settle(failed(lane), released(lane), *[released(other, 60) for other in others])

    assert await endpoint.open_for_seconds() is None


async def test_a_success_in_between_starts_the_count_again(endpoint: OwedEndpoint) -> None:
    lanes = await endpoint.claim()

    await endpoint.settle(*all_failed(lanes[:4]))
    await endpoint.settle(delivered(lanes[4]))
    await endpoint.settle(*all_failed(lanes[5:]))

    assert await endpoint.open_for_seconds() is None


async def test_a_success_between_failures_that_are_settled_together_counts_too(endpoint: OwedEndpoint) -> None:
    lanes = await endpoint.claim()

    await endpoint.settle(*all_failed(lanes[:4]), delivered(lanes[4]), *all_failed(lanes[5:]))

    assert await endpoint.open_for_seconds() is None


@pytest.mark.parametrize("status", [400, 409, 413, 422])
async def test_a_receiver_that_reads_and_refuses_messages_is_not_held_back(endpoint: OwedEndpoint, status: int) -> None:
    await endpoint.settle(*[refused(lane, status) for lane in await endpoint.claim()])

    assert await endpoint.open_for_seconds() is None


async def test_one_lane_probes_over_all_workers(open_endpoint: OwedEndpoint) -> None:
    too_early = await open_endpoint.claim()
    await open_endpoint.change("breaker_open_until = now()")

    claims = await asyncio.gather(*(open_endpoint.claim() for _ in range(4)))
    meanwhile = await open_endpoint.claim()

    assert too_early == []
    assert sorted(len(lanes) for lanes in claims) == [0, 0, 0, 1]
    assert meanwhile == []


async def test_nobody_probes_or_waits_while_another_has_the_endpoint_in_hand(
    open_endpoint: OwedEndpoint, database_url: str
) -> None:
    await open_endpoint.change("breaker_open_until = now()")
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("SELECT FROM webhook_endpoints WHERE id = $1 FOR UPDATE", open_endpoint.id)
        meanwhile = await open_endpoint.claim()
    await other.close()

    assert meanwhile == []
    assert len(await open_endpoint.claim()) == 1


async def test_a_probe_of_a_worker_that_died_is_made_again(open_endpoint: OwedEndpoint) -> None:
    await open_endpoint.probe()

    assert 55 < (await open_endpoint.open_for_seconds() or 0) <= 60  # the lease
    assert (await open_endpoint.probe()).is_probe


async def test_each_probe_that_fails_doubles_the_interval_up_to_a_minute(open_endpoint: OwedEndpoint) -> None:
    intervals = []
    for _ in range(8):
        await open_endpoint.make_due()
        lane = await open_endpoint.probe()
        await open_endpoint.settle(failed(lane), released(lane, 5))
        intervals.append(round(await open_endpoint.open_for_seconds() or 0))

    assert intervals == [2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_probe_that_arrives_closes_it_and_all_due_lanes_are_claimed(open_endpoint: OwedEndpoint) -> None:
    lane = await open_endpoint.probe()

    settled = await open_endpoint.settle(delivered(lane), released(lane))
    lanes = await open_endpoint.claim()

    assert settled.held_back == frozenset()
    assert await open_endpoint.open_for_seconds() is None
    assert [lane.is_probe for lane in lanes] == [False, False]  # the five wait for the time of their schedule


async def test_a_late_success_of_another_lane_does_not_close_it(endpoint: OwedEndpoint) -> None:
    lanes = await endpoint.claim()
    await endpoint.settle(*all_failed(lanes[:5]))

    await endpoint.settle(delivered(lanes[5]), released(lanes[5]))

    assert await endpoint.open_for_seconds() is not None
    assert await endpoint.claim() == []


async def test_a_lane_that_was_not_tried_keeps_its_attempts(open_endpoint: OwedEndpoint) -> None:
    lane = await open_endpoint.probe()
    await open_endpoint.settle(failed(lane), released(lane, 5))

    assert await open_endpoint.attempts() == [1, 1, 1, 1, 1, 1, 0, 0]


async def test_it_opens_again_only_after_five_more_lanes(open_endpoint: OwedEndpoint) -> None:
    lane = await open_endpoint.probe()
    await open_endpoint.settle(delivered(lane), released(lane))
    await open_endpoint.make_due()
    lanes = await open_endpoint.claim()

    await open_endpoint.settle(*all_failed(lanes[:4]))
    after_four = await open_endpoint.open_for_seconds()
    await open_endpoint.settle(*all_failed(lanes[4:5]))

    assert after_four is None
    assert await open_endpoint.open_for_seconds() is not None


@pytest.mark.parametrize(("asked_for", "held"), [(120, 120), (86_400, 3_600)])
async def test_retry_after_holds_all_lanes_back_at_once_for_an_hour_at_most(
    endpoint: OwedEndpoint, asked_for: int, held: int
) -> None:
    lanes = await endpoint.claim()

    settled = await endpoint.settle(
        refused(lanes[0], 429, asked_for_seconds=asked_for),
        delivered(lanes[1]),  # was on its way already
        *[released(lane) for lane in lanes],
    )

    assert settled.held_back == {lanes[0].key.endpoint_id}
    assert held - 5 < (await endpoint.open_for_seconds() or 0) <= held
    assert await endpoint.claim() == []


async def test_a_shorter_retry_after_does_not_shorten_a_longer_one(endpoint: OwedEndpoint) -> None:
    lanes = await endpoint.claim()

    await endpoint.settle(refused(lanes[0], 429, asked_for_seconds=600))
    await endpoint.settle(refused(lanes[1], 429, asked_for_seconds=5))

    assert 590 < (await endpoint.open_for_seconds() or 0) <= 600


async def test_retry_after_of_a_probe_counts_where_it_is_later(open_endpoint: OwedEndpoint) -> None:
    lane = await open_endpoint.probe()

    await open_endpoint.settle(refused(lane, 503, asked_for_seconds=600), released(lane, 600))

    assert 590 < (await open_endpoint.open_for_seconds() or 0) <= 600


async def test_a_changed_url_closes_it_and_another_change_does_not(
    department: Department, open_endpoint: OwedEndpoint
) -> None:
    described = await department.operations.patch(open_endpoint.path, {"description": "Ours"})
    same_url = await department.operations.patch(open_endpoint.path, {"url": described["url"]})
    moved = await department.operations.patch(open_endpoint.path, {"url": "http://127.0.0.1:9/moved"})

    assert described["breaker_open_until"] == same_url["breaker_open_until"] is not None
    assert moved["breaker_open_until"] is None
    assert {lane.url for lane in await open_endpoint.claim()} == {"http://127.0.0.1:9/moved"}


async def test_enabling_closes_it_and_makes_all_lanes_due(department: Department, open_endpoint: OwedEndpoint) -> None:
    enabled = await department.operations.post(f"{open_endpoint.path}/enable", expect=200)

    assert enabled["breaker_open_until"] is None
    assert len(await open_endpoint.claim()) == 8


async def test_a_probe_that_fails_after_the_owner_closed_it_counts_as_one_lane(
    department: Department, open_endpoint: OwedEndpoint
) -> None:
    lane = await open_endpoint.probe()
    await department.operations.post(f"{open_endpoint.path}/enable", expect=200)

    await open_endpoint.settle(failed(lane), released(lane, 5))

    assert await open_endpoint.open_for_seconds() is None


@pytest.mark.parametrize(("hours", "is_disabled"), [(121, True), (119, False)])
async def test_an_endpoint_that_is_only_probed_is_disabled_after_five_days(
    open_endpoint: OwedEndpoint, hours: int, *, is_disabled: bool
) -> None:
    await open_endpoint.change(f"consecutive_failures = 9, failing_since = now() - interval '{hours} hours'")
    lane = await open_endpoint.probe()

    settled = await open_endpoint.settle(failed(lane), released(lane, 5))

    assert [str(endpoint.id) for endpoint in settled.to_disable] == [open_endpoint.id] * is_disabled
