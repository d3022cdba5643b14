import pytest

from bench.speed.figures import Verdict, at_least, at_most, compare, growth_of
from bench.speed.jobs import SLOTS
from bench.speed.measuring import Cell


def rounds(side: str, *rates: float, connections: int = SLOTS, cost: float = 100.0) -> list[Cell]:
    return [Cell("get one", side, connections, rate, 1.0, 2.0, cost, cost, 10.0, 100) for rate in rates]


def test_the_ratio_is_of_medians_and_its_spread_of_rounds_that_took_turns() -> None:
    (found,) = compare(10_000, [*rounds("floor", 100, 200, 90), *rounds("service", 50, 60, 70)])

    assert found.ratio == pytest.approx(0.6)
    assert found.lowest_ratio == pytest.approx(0.3)
    assert found.highest_ratio == pytest.approx(7 / 9)
    assert found.verdict is Verdict.MET


def test_the_slowest_hundredth_is_judged_at_the_most_connections_only() -> None:
    few, many = compare(
        10_000,
        [
            cell
            for side in ("floor", "service")
            for number in (1, SLOTS)
            for cell in rounds(side, 1, connections=number)
        ],
    )

    assert (few.p99_verdict, many.p99_verdict) == (Verdict.NONE, Verdict.STRETCH)


def test_growth_is_the_cost_of_a_request_among_the_most_deals_against_the_fewest() -> None:
    small = compare(10_000, [*rounds("floor", 1), *rounds("service", 1, cost=100)])
    large = compare(1_000_000, [*rounds("floor", 1), *rounds("service", 1, cost=125)])

    (growth,) = growth_of([*small, *large])

    assert (growth.fewest, growth.most, growth.factor) == (10_000, 1_000_000, 1.25)
    assert growth.verdict is Verdict.MET
    assert growth_of(small) == []


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.4, Verdict.MISSED), (0.5, Verdict.MET), (0.9, Verdict.MET), (1.0, Verdict.STRETCH)]
)
def test_what_should_be_large_is_judged_by_its_goals(value: float, verdict: Verdict) -> None:
    assert at_least(value, 0.5, 1.0) is verdict
    assert at_most(-value, -0.5, -1.0) is verdict
