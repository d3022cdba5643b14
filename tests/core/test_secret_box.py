from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.secret_box import SecretBox, SecretDamaged, SecretKeyUnknown, bind, key_id_of
from app.core.secret_keys import KEY_BYTES, SecretKey, SecretKeysMissing, new_key, parse_keys

OLD, NEW = SecretKey("2026a", bytes(range(KEY_BYTES))), SecretKey("2026b", bytes(range(1, KEY_BYTES + 1)))
SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
RECORD = bind("webhook", UUID(int=1), UUID(int=2))

ids = st.uuids()


@given(secret=st.binary(max_size=500), organization_id=ids, record_id=ids)
def test_opens_what_was_sealed_for_the_same_record(secret: bytes, organization_id: UUID, record_id: UUID) -> None:
    box, binding = SecretBox([NEW]), bind("webhook", organization_id, record_id)

    assert box.open(box.seal(secret, binding), binding) == secret


def test_nothing_of_the_secret_is_in_the_sealed_value_and_no_two_are_alike() -> None:
    box = SecretBox([NEW])

    sealed = [box.seal(SECRET, RECORD) for _ in range(100)]

    assert len({value[: len(value) - len(SECRET) - 16] for value in sealed}) == 100
    assert not any(SECRET[start : start + 4] in value for value in sealed for start in range(len(SECRET) - 4))


@pytest.mark.parametrize(
    "other",
    [
        bind("webhook", UUID(int=1), UUID(int=3)),
        bind("webhook", UUID(int=3), UUID(int=2)),
        bind("webhook", UUID(int=2), UUID(int=1)),
        bind("answer", UUID(int=1), UUID(int=2)),
        bind("webhook", UUID(int=1)),
        b"",
    ],
)
def test_does_not_open_for_another_organization_record_or_purpose(other: bytes) -> None:
    box = SecretBox([NEW])

    with pytest.raises(SecretDamaged):
        box.open(box.seal(SECRET, RECORD), other)


@given(text=st.text(min_size=1), first=st.integers(min_value=0), second=st.integers(min_value=0))
def test_no_two_records_share_a_binding(text: str, first: int, second: int) -> None:
    one, other = first % (len(text) + 1), second % (len(text) + 1)

    assert (bind(text[:one], text[one:]) == bind(text[:other], text[other:])) == (one == other)


@given(position=st.integers(min_value=0), mask=st.integers(1, 255))
def test_does_not_open_when_any_byte_was_altered(position: int, mask: int) -> None:
    box = SecretBox([NEW, OLD])
    sealed = bytearray(box.seal(SECRET, RECORD))

    sealed[position % len(sealed)] ^= mask

    with pytest.raises((SecretDamaged, SecretKeyUnknown)):
        box.open(bytes(sealed), RECORD)


@given(length=st.integers(min_value=0, max_value=60))
def test_does_not_open_when_it_was_cut_short(length: int) -> None:
    box = SecretBox([NEW])

    with pytest.raises((SecretDamaged, SecretKeyUnknown)):
        box.open(box.seal(SECRET, RECORD)[:length], RECORD)


def test_the_first_key_seals_and_every_key_opens() -> None:
    before, after = SecretBox([OLD]), SecretBox([NEW, OLD])
    sealed_before, sealed_after = before.seal(SECRET, RECORD), after.seal(SECRET, RECORD)

    assert [key_id_of(sealed) for sealed in (sealed_before, sealed_after)] == ["2026a", "2026b"]
    assert [after.is_under_first_key(sealed) for sealed in (sealed_before, sealed_after)] == [False, True]
    assert [after.open(sealed, RECORD) for sealed in (sealed_before, sealed_after)] == [SECRET, SECRET]


def test_a_key_that_has_left_the_ring_is_unknown() -> None:
    with pytest.raises(SecretKeyUnknown):
        SecretBox([NEW]).open(SecretBox([OLD]).seal(SECRET, RECORD), RECORD)


def test_another_key_of_the_same_id_does_not_open() -> None:
    sealed = SecretBox([OLD]).seal(SECRET, RECORD)

    with pytest.raises(SecretDamaged):
        SecretBox([SecretKey(OLD.id, NEW.material)]).open(sealed, RECORD)


def test_without_a_key_there_is_no_box() -> None:
    with pytest.raises(SecretKeysMissing, match="stageline create-secret-key"):
        SecretBox([])


def test_a_box_and_its_keys_show_no_key() -> None:
    shown = repr(SecretBox([NEW])) + repr(NEW) + str(vars(SecretBox([NEW])))

    assert repr(NEW.material) not in shown
    assert NEW.material.hex() not in shown


def test_made_keys_can_be_used_and_differ() -> None:
    made = [new_key() for _ in range(20)]

    keys = parse_keys(",".join(made))

    assert all(first != second for first, second in pairwise(sorted(key.id for key in keys)))
    box = SecretBox(keys)
    binding = bind("webhook", uuid4())
    assert box.open(box.seal(SECRET, binding), binding) == SECRET
