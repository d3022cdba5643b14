"""A client by openapi-typescript and openapi-fetch, in a page of another origin in Chromium."""

import json
import re
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.builders.sdk_tools import DOCUMENT, ROOT, SDKS, browse, node_tools, run
from tests.builders.server_process import ServerProcess, data_folder, serving_in

STEPS = ["qualification", "presentation", "negotiation", "closing", "follow_up", "analysis", "analysis"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
HEADERS = ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "last-event-id"]

pytestmark = pytest.mark.timeout(600)  # the first run installs the tools


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated types, what uses them, and the guide's snippet."""
    folder, tools = tmp_path_factory.mktemp("typescript"), node_tools()
    (folder / "node_modules").symlink_to(tools.parent)
    for name in ("package.json", "tsconfig.json", "page.ts", "walk.ts", "webhooks.ts"):
        shutil.copy(SDKS / "typescript" / name, folder)
    (snippet,) = re.findall(r"```ts sdk\n(.*?)```", (ROOT / "docs" / "sdks.md").read_text(), re.DOTALL)
    (folder / "snippet.ts").write_text(snippet)
    options = ["--output", "stageline.ts", "--default-non-nullable=false"]
    run([str(tools / "openapi-typescript"), str(DOCUMENT), *options], folder)
    return folder


@pytest.fixture(scope="module")
def page_port(generated: Path) -> Iterator[int]:
    """The port of another server, whose page holds the bundled client as `stageline`."""
    run(
        [str(node_tools() / "esbuild"), "page.ts", "--bundle", "--global-name=stageline", "--outfile=page.js"],
        generated,
    )
    (generated / "index.html").write_text(
        '<!doctype html><link rel="icon" href="data:,"><script src="page.js"></script>'
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(generated))) as pages:
        thread = Thread(target=pages.serve_forever)
        thread.start()
        yield pages.server_address[1]
        pages.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def origin(page_port: int) -> str:
    return f"http://127.0.0.1:{page_port}"


@pytest.fixture(scope="module")
def server(origin: str) -> Iterator[ServerProcess]:
    """A server that allows the page's origin, and one stream of events at a time."""
    given = {"STAGELINE_CORS_ALLOWED_ORIGINS": origin, "STAGELINE_MAX_EVENT_STREAMS": "1"}
    with data_folder() as home, serving_in(home, **given) as running:
        yield running


def test_types_hold_under_strict_rules(generated: Path) -> None:
    run([str(node_tools() / "tsc"), "--project", "."], generated)


def test_it_walks_from_a_lead_to_an_analysed_deal(origin: str, server: ServerProcess, first_key: str) -> None:
    seen = browse(origin, f"stageline.walk('{server.url}', '{first_key}')")

    walked = seen["result"]
    assert (walked["steps"], walked["stage"]) == (STEPS, "completed")
    assert walked["refusal"] == "exit_criteria_not_met"
    assert "sales_representative" in walked["who_can_fix"]
    assert walked["how"] == [{"method": "POST", "path": "/v1/activities"}]
    assert [each for each in seen["errors"] if "409" not in each] == []


def test_a_page_may_read_the_headers_that_make_calls_safe_to_repeat(
    origin: str, server: ServerProcess, rep_key: str
) -> None:
    told = browse(origin, f"stageline.repeat('{server.url}', '{rep_key}')")["result"]

    assert told["same"]
    assert told["replayed"] == [None, "true"]
    assert told["location"]
    assert all(told["request_ids"])
    assert told["etag"] == '"1"'
    assert (told["renamed"], told["stale"]) == ("Hedges & Sons", [412, "precondition_failed"])


def test_a_page_reads_how_long_to_wait(origin: str, server: ServerProcess, first_key: str) -> None:
    taken, refused, seconds = browse(origin, f"stageline.wait('{server.url}', '{first_key}')")["result"]

    assert (taken, refused) == (200, 503)
    assert int(seconds) >= 1


def test_the_snippet_of_the_guide_says_what_is_missing(origin: str, server: ServerProcess, rep_key: str) -> None:
    missing = browse(origin, f"stageline.whatIsMissing('{server.url}', '{rep_key}')")["result"]

    reachable, outreach = missing
    assert reachable.startswith("an e-mail address or a phone number: ")
    assert re.fullmatch(r"at least 1 outreach activity held: .*sales_representative.*", outreach)


def test_an_event_is_told_by_its_type(origin: str) -> None:
    webhooks = json.loads(DOCUMENT.read_text(encoding="utf-8"))["webhooks"]
    body = webhooks["opportunity.stage_changed"]["post"]["requestBody"]["content"]["application/json"]
    event = body["example"]
    move, name = event["data"]["transition"], event["data"]["object"]["name"]

    told = browse(origin, f"stageline.tell({json.dumps(event)})")["result"]

    assert told == f"{name}: {move['from_stage']} → {move['to_stage']}"


def test_a_page_of_an_origin_that_is_not_listed_may_neither_read_nor_write(
    page_port: int, server: ServerProcess, rep_key: str
) -> None:
    stranger = f"http://localhost:{page_port}"

    requests = [
        ("/livez", {}),
        ("/v1/me", {"headers": {"Authorization": f"Bearer {rep_key}"}}),
        ("/v1/accounts", {"method": "POST", "body": "{}", "headers": {"Content-Type": "application/json"}}),
    ]
    calls = ", ".join(f"fetch('{server.url}{path}', {json.dumps(options)})" for path, options in requests)
    seen = browse(stranger, f"Promise.allSettled([{calls}]).then((all) => all.map((each) => each.status))")

    assert seen["result"] == ["rejected"] * 3
    assert all("CORS" in error or "ERR_FAILED" in error for error in seen["errors"])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_may_be_asked_for_by_a_listed_origin(server: ServerProcess, origin: str, method: str) -> None:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": ", ".join(HEADERS)}

    allowed = httpx.options(f"{server.url}/v1/accounts", headers={"Origin": origin, **asked})
    refused = httpx.options(f"{server.url}/v1/accounts", headers={"Origin": "https://other.example", **asked})

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == origin
    assert method in allowed.headers["access-control-allow-methods"].split(", ")
    assert "access-control-allow-credentials" not in allowed.headers
    assert "origin" in allowed.headers["vary"].lower()
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


def test_methods_that_the_document_has_are_those_that_may_be_asked_for() -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))

    used = {method.upper() for path in document["paths"].values() for method in path}

    assert used == set(METHODS)


def test_the_lock_file_names_no_host_of_a_registry() -> None:
    assert '"resolved"' not in (SDKS / "typescript" / "package-lock.json").read_text(encoding="utf-8")
