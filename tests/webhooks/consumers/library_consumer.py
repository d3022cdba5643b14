"""A consumer on a published library. Usage: python library_consumer.py PORT SECRET standardwebhooks|svix"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import standardwebhooks
import svix.webhooks

port, secret, library = sys.argv[1:]
webhook = svix.webhooks.Webhook(secret) if library == "svix" else standardwebhooks.Webhook(secret)
REFUSALS = (standardwebhooks.WebhookVerificationError, svix.webhooks.WebhookVerificationError)


class Consumer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
            status = 204
        except REFUSALS:
            status = 400
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


HTTPServer(("127.0.0.1", int(port)), Consumer).serve_forever()
