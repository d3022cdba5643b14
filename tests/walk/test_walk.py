"""The README's walk, word for word, against a real server process."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from standardwebhooks import Webhook

from bench.processes import free_port
from tests.builders.documents import commands_in, run_script
from tests.builders.server_process import ServerProcess, serving

LEAD_EVENTS = [
    "lead.created",
    "activity.created",
    "activity.completed",
    "lead.stage_changed",
    "lead.updated",
    "lead.stage_changed",
    "lead.converted",
]
STEPS = ["qualification", "presentation", "negotiation", "closing", "follow_up", "analysis", "analysis"]


class Receiver(ThreadingHTTPServer):
    """Keeps every request as it came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ReceivingHandler)
        self.received: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class ReceivingHandler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with serving() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        thread = Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.mark.timeout(180)
def test_the_walk_of_the_readme_delivers_every_step_signed_and_in_order(
    server: ServerProcess, receiver: Receiver, tmp_path: Path
) -> None:
    first_key = re.search(r"slk_\w+", server.output.read_text())
    assert first_key is not None
    endpoint = httpx.post(
        f"{server.url}/v1/webhook-endpoints",
        json={"url": receiver.url, "event_types": ["*"]},
        headers={"Authorization": f"Bearer {first_key[0]}"},
    ).raise_for_status()

    output = run_walk(server, tmp_path)

    assert '"code":"exit_criteria_not_met"' in output
    assert output.count("event: opportunity.stage_changed\n") == len(STEPS)
    log = (tmp_path / "consumer.log").read_text().splitlines()
    leads = [line.split() for line in log if line.startswith("lead ")]
    deals = [line.split() for line in log if line.startswith("opportunity ")]
    assert [line[1:] for line in leads] == [[str(number), name] for number, name in enumerate(LEAD_EVENTS, 1)]
    assert [int(line[1]) for line in deals] == list(range(1, len(deals) + 1))
    assert [line[2] for line in deals].count("opportunity.stage_changed") == len(STEPS)
    assert [line[2] for line in deals][-2:] == ["opportunity.stage_changed", "opportunity.completed"]
    assert_genuine_and_in_order(receiver, endpoint.json()["secret"])


def run_walk(server: ServerProcess, folder: Path) -> str:
    script = commands_in("README.md", "walk")
    script = script.replace("9000", str(free_port())).replace("consumer.log", str(folder / "consumer.log"))
    return run_script(script, server.environment | {"BASE": server.url}, folder / "output.txt")


def assert_genuine_and_in_order(receiver: Receiver, secret: str) -> None:
    verifier, numbers, steps = Webhook(secret), dict[str, list[int]](), list[str]()
    for headers, body in receiver.received:
        event = verifier.verify(body, headers)
        assert event["id"] == headers["webhook-id"]
        numbers.setdefault(event["subject"]["id"], []).append(event["subject"]["sequence"])
        if event["type"] == "opportunity.stage_changed":
            steps.append(event["data"]["transition"]["step"])
    assert steps == STEPS
    assert all(sequence == list(range(1, len(sequence) + 1)) for sequence in numbers.values())
