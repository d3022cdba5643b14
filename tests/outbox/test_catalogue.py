import pytest

from app.outbox.catalogue import DESCRIPTIONS, EventType, matches


def test_every_type_is_described() -> None:
    assert set(DESCRIPTIONS) == set(EventType)


@pytest.mark.parametrize(
    ("patterns", "is_match"),
    [
        (["opportunity.won"], True),
        (["opportunity.*"], True),
        (["*"], True),
        (["lead.*", "opportunity.won"], True),
        (["opportunity.lost"], False),
        (["opportunity"], False),
        (["lead.*"], False),
        ([], False),
    ],
)
def test_a_type_matches_itself_its_noun_and_everything(patterns: list[str], is_match: bool) -> None:  # noqa: FBT001
    assert matches(patterns, "opportunity.won") is is_match
