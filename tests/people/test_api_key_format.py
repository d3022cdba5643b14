import hashlib
import string

from hypothesis import given
from hypothesis import strategies as st

from app.people.api_key import ApiKey

ALPHABET = string.digits + string.ascii_letters

keys = st.builds(
    ApiKey,
    id=st.text(ALPHABET, min_size=16, max_size=16),
    secret=st.text(ALPHABET, min_size=43, max_size=43),
)


@given(keys)
def test_a_key_is_read_back_from_its_text(key: ApiKey) -> None:
    assert ApiKey.parse(str(key)) == key


@given(keys, st.data())
def test_one_mistyped_character_is_noticed_without_a_database(key: ApiKey, data: st.DataObject) -> None:
    text = str(key)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET + "_").filter(lambda character: character != text[place]))

    assert ApiKey.parse(text[:place] + other + text[place + 1 :]) is None


@given(st.text(max_size=100))
def test_other_texts_are_no_keys(text: str) -> None:
    assert ApiKey.parse(text) is None


def test_a_known_key_keeps_its_form() -> None:
    key = ApiKey("0123456789abcdef", "A" * 43)

    assert str(key).startswith(f"slk_0123456789abcdef_{'A' * 43}_")
    assert len(str(key)) == 71
    assert ApiKey.parse(f" {key}") is None
    assert ApiKey.parse(f"{key}\n") is None


def test_generated_keys_differ_in_id_and_secret() -> None:
    made = [ApiKey.generate() for _ in range(100)]

    assert len({key.id for key in made}) == len({key.secret for key in made}) == 100


@given(keys, keys)
def test_a_stored_hash_matches_its_own_secret_only(key: ApiKey, other: ApiKey) -> None:
    stored = hashlib.sha256(key.secret.encode()).digest()

    assert key.matches_any(None, stored)
    assert other.matches_any(None, stored) == (other.secret == key.secret)


@given(keys)
def test_a_key_does_not_show_its_secret_in_logs(key: ApiKey) -> None:
    assert key.secret not in repr(key)
