import base64
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError as StandardRefusal
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixRefusal

from app.webhooks.signing import new_secret, sign, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

# The libraries parse the body once its signature is right.
bodies = st.dictionaries(st.text(), st.one_of(st.integers(), st.text())).map(lambda value: json.dumps(value).encode())
message_ids = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
clock_skews = st.integers(min_value=-200, max_value=200)  # the libraries accept five minutes either way


def is_accepted(secret: str, headers: dict[str, str], body: bytes) -> tuple[bool, bool]:
    try:
        StandardWebhook(secret).verify(body, headers)
        by_standard = True
    except StandardRefusal:
        by_standard = False
    try:
        SvixWebhook(secret).verify(body, headers)
        by_svix = True
    except SvixRefusal:
        by_svix = False
    return by_standard, by_svix


def test_signs_the_published_vector() -> None:
    signature = sign([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_new_secrets_carry_32_random_bytes() -> None:
    first, second = new_secret(), new_secret()

    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32


@given(body=bodies, message_id=message_ids, skew=clock_skews)
def test_published_libraries_accept_what_we_sign(body: bytes, message_id: str, skew: int) -> None:
    headers = signed_headers([SECRET], message_id, int(time.time()) + skew, body)

    assert is_accepted(SECRET, headers, body) == (True, True)


@given(body=bodies, message_id=message_ids)
def test_both_secrets_verify_during_a_rotation(body: bytes, message_id: str) -> None:
    old, new = new_secret(), new_secret()

    headers = signed_headers([new, old], message_id, int(time.time()), body)

    assert headers["webhook-signature"].count(" ") == 1
    assert is_accepted(old, headers, body) == (True, True)
    assert is_accepted(new, headers, body) == (True, True)
    assert is_accepted(new_secret(), headers, body) == (False, False)


@given(body=bodies, message_id=message_ids, position=st.integers(min_value=0), mask=st.integers(1, 255))
def test_published_libraries_refuse_an_altered_body(body: bytes, message_id: str, position: int, mask: int) -> None:
    headers = signed_headers([SECRET], message_id, int(time.time()), body)
    altered = bytearray(body)
    altered[position % len(body)] ^= mask

    accepted = is_accepted_or_unreadable(headers, bytes(altered))

    assert accepted == (False, False)


def is_accepted_or_unreadable(headers: dict[str, str], body: bytes) -> tuple[bool, bool]:
    """Refuse what is not UTF-8, at which the libraries fail before they verify."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False, False
    return is_accepted(SECRET, headers, body)


@given(body=bodies, message_id=message_ids, other_id=message_ids, shift=st.integers(-90, 90))
def test_published_libraries_refuse_another_id_or_time(body: bytes, message_id: str, other_id: str, shift: int) -> None:
    now = int(time.time())
    headers = signed_headers([SECRET], message_id, now, body)
    altered = headers | {"webhook-id": other_id, "webhook-timestamp": str(now + shift)}

    assert is_accepted(SECRET, altered, body) == ((altered == headers,) * 2)


@given(body=bodies, position=st.integers(0, 31), mask=st.integers(1, 255))
def test_published_libraries_refuse_an_altered_signature(body: bytes, position: int, mask: int) -> None:
    headers = signed_headers([SECRET], "msg_1", int(time.time()), body)
    digest = bytearray(base64.b64decode(headers["webhook-signature"].removeprefix("v1,")))
    digest[position] ^= mask
    headers["webhook-signature"] = "v1," + base64.b64encode(digest).decode()

    assert is_accepted(SECRET, headers, body) == (False, False)


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a\r\nx-injected: 1", "a\n", "ü", "a" * 129])
def test_refuses_ids_that_are_unsafe_in_a_header_or_ambiguous(message_id: str) -> None:
    with pytest.raises(ValueError, match="message id"):
        sign([SECRET], message_id, 1, b"{}")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "whsec_abc", SECRET.removeprefix("whsec_")])
def test_refuses_malformed_secrets_without_repeating_them(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^a secret is whsec_ and base64$"):
        sign([secret], "msg_1", 1, b"{}")


def test_refuses_to_send_unsigned() -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        sign([], "msg_1", 1, b"{}")
