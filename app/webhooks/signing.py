"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over `{id}.{timestamp}.{body}`.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import re
import secrets as entropy
from collections.abc import Sequence
from functools import lru_cache

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret
SECRET_BYTES = 32

# The characters of our ids. No full stop: it separates the parts of the signed content.
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def new_secret() -> str:
    """Make a signing secret: `whsec_` and the base64 of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(entropy.token_bytes(SECRET_BYTES)).decode()


def signed_headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Build the three headers of a signed message; `timestamp` is the attempt's, in unix seconds.

    Raises ValueError as `sign` does.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, message_id, timestamp, body),
    }


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Sign once with each secret (two during a rotation): `v1,<base64>` entries, one space between them.

    `timestamp` is in unix seconds. Raises ValueError without a secret, for a malformed secret and for a message id
    that could not stand in a header or would make the signed content ambiguous.
    """
    if not secrets:
        raise ValueError("a message is signed with at least one secret")
    if _MESSAGE_ID.fullmatch(message_id) is None:
        raise ValueError("a message id consists of letters, digits, - and _")
    content = b"%s.%d.%s" % (message_id.encode("ascii"), timestamp, body)
    return " ".join(_entry(secret, content) for secret in secrets)


def _entry(secret: str, content: bytes) -> str:
    mac = _keyed(secret).copy()
    mac.update(content)
    return "v1," + base64.b64encode(mac.digest()).decode()


@lru_cache(maxsize=1024)
def _keyed(secret: str) -> hmac.HMAC:
    return hmac.new(_key(secret), digestmod=hashlib.sha256)


def _key(secret: str) -> bytes:
    # Nothing of the secret may reach a message: exceptions are logged.
    encoded = secret.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError("a secret is whsec_ and base64") from None
    if not key or encoded == secret:
        raise ValueError("a secret is whsec_ and base64")
    return key
