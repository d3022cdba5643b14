"""A webhook consumer: verify, drop duplicates, keep the order. Usage: python3 examples/consumer.py 9000 whsec_…"""

import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

TOLERANCE_SECONDS = 300
port, key = int(sys.argv[1]), base64.b64decode(sys.argv[2].removeprefix("whsec_"))
seen: set[str] = set()  # keep these two in your database, in the transaction that handles the event
newest: dict[str, int] = {}


def is_genuine(headers: Mapping[str, str], body: bytes) -> bool:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    entries = (headers["webhook-signature"] or "").encode().split(b" ")  # two during a rotation of the secret
    is_signed = any(hmac.compare_digest(expected, entry) for entry in entries)
    return is_signed and abs(time.time() - int(headers["webhook-timestamp"])) <= TOLERANCE_SECONDS


def handle(event: dict[str, Any]) -> None:
    subject, sequence = event["subject"], event["subject"]["sequence"]
    if event["id"] not in seen:
        is_late = sequence < newest.get(subject["id"], 0)  # a redelivery: newer ones were handled, keep their state
        print(subject["type"], sequence, event["type"], *["late"] * is_late, flush=True)
        newest[subject["id"]] = max(sequence, newest.get(subject["id"], 0))
        seen.add(event["id"])


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        genuine = is_genuine(self.headers, body)
        if genuine:
            handle(json.loads(body))
        self.send_response(204 if genuine else 400)  # only now: what is acknowledged is not sent again
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print events only."""


HTTPServer(("127.0.0.1", port), Consumer).serve_forever()
