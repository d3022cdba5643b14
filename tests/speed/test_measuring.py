from bench.speed.jobs import JOBS
from bench.speed.measuring import Plan

GET_ONE = next(job for job in JOBS if job.name == "get one")
FEED = next(job for job in JOBS if job.name.startswith("feed"))
PLAN = Plan(3, 1.0, (1, 8, 32))


def test_slow_requests_are_not_sent_by_so_many_that_they_are_refused() -> None:
    assert PLAN.connections_for(GET_ONE, 0.001) == [1, 8, 32]
    assert PLAN.connections_for(GET_ONE, 0.1) == [1, 8]
    assert PLAN.connections_for(GET_ONE, 30.0) == [1]
    assert PLAN.connections_for(FEED, 0.001) == [1, 8]


def test_only_the_jobs_that_are_named_are_measured() -> None:
    assert Plan(1, 1.0, (1,), ["get one"]).jobs == [GET_ONE]
    assert PLAN.jobs == list(JOBS)
