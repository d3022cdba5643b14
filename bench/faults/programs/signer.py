"""Sign random JSON bodies with random secrets; prints one JSON object per line: secret, headers, body in base64."""

import base64
import json
import random
import sys
import time

from app.webhooks.signing import new_secret, signed_headers

_CHARACTERS = 'abc XYZ 019 "\\/{}[]:,.\t\n äß€ 漢字 😀 \u2028 ́'


def main(count: int, seed: int) -> None:
    """Print so many signed messages."""
    rng = random.Random(seed)
    for number in range(count):
        body = json.dumps(_value(rng, 3), ensure_ascii=rng.random() < 0.5).encode()
        secret = new_secret()
        secrets = [secret] if rng.random() < 0.8 else rng.sample([secret, new_secret()], 2)
        headers = signed_headers(secrets, f"msg_{number}", int(time.time()), body)
        print(json.dumps({"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}))
    print("signed", flush=True)


def _value(rng: random.Random, depth: int) -> object:
    if depth == 0 or rng.random() < 0.3:
        return rng.choice([None, True, rng.getrandbits(40), rng.random(), _text(rng)])
    if rng.random() < 0.5:
        return [_value(rng, depth - 1) for _ in range(rng.randrange(5))]
    return {_text(rng): _value(rng, depth - 1) for _ in range(rng.randrange(6))}


def _text(rng: random.Random) -> str:
    return "".join(rng.choices(_CHARACTERS, k=rng.randrange(30)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
