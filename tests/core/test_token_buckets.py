from app.core.token_buckets import Buckets, Quota
from tests.builders.stopped_clock import StoppedClock

QUOTA = Quota("key", units=10, window_seconds=5)


def test_a_bucket_fills_as_time_goes_by_and_never_beyond_its_quota() -> None:
    clock = StoppedClock()
    buckets = Buckets(QUOTA, clock=clock)

    buckets.spend("ann", 10)
    left = [buckets.left("ann")]
    for seconds in (0.5, 2, 100):
        clock.now += seconds
        left.append(buckets.left("ann"))

    assert left == [0, 1, 5, 10]


def test_who_spends_more_than_there_is_has_a_debt_to_wait_for() -> None:
    clock = StoppedClock()
    buckets = Buckets(QUOTA, clock=clock)

    buckets.spend("ann", 16)

    assert buckets.left("ann") == -6
    assert buckets.seconds_until_more(buckets.left("ann")) == 4  # 7 units at 2 a second
    clock.now += 4
    assert buckets.left("ann") >= 1


def test_spenders_do_not_share_a_bucket_and_may_get_back_what_they_spent() -> None:
    buckets = Buckets(QUOTA, clock=StoppedClock())

    buckets.spend("ann", 3)
    buckets.spend("bob", 1)
    buckets.spend("ann", -1)

    assert (buckets.left("ann"), buckets.left("bob")) == (8, 9)


def test_a_million_spenders_take_no_more_room_than_the_table_has() -> None:
    clock = StoppedClock()
    buckets = Buckets(QUOTA, clock=clock, most_kept=100)

    for spender in range(1_000_000):
        clock.now += 0.000_001
        buckets.spend(spender, 1)
        assert len(buckets) <= 100


def test_who_is_deepest_in_debt_is_remembered_longest() -> None:
    clock = StoppedClock()
    buckets = Buckets(QUOTA, clock=clock, most_kept=10)
    buckets.spend("flood", 30)

    for spender in range(1_000):
        buckets.spend(spender, 1)

    assert buckets.left("flood") == -20
