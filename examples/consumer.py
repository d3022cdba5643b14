"""A webhook consumer: verify, drop duplicates, print. Usage: python3 examples/consumer.py 9000 whsec_…"""

import base64
import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

port, key, seen = int(sys.argv[1]), base64.b64decode(sys.argv[2].removeprefix("whsec_")), set()


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # http.server's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        genuine = any(hmac.compare_digest(expected, given) for given in self.headers["webhook-signature"].split())
        self.send_response(204 if genuine else 400)
        self.end_headers()
        if genuine and self.headers["webhook-id"] not in seen:
            seen.add(self.headers["webhook-id"])
            event = json.loads(body)
            print(event["subject"]["type"], event["subject"]["sequence"], event["type"], flush=True)

    def log_message(self, *_: object) -> None:
        """Print events only."""


HTTPServer(("127.0.0.1", port), Consumer).serve_forever()
