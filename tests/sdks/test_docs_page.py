"""`/docs` in Chromium: it renders under its content security policy, offline."""

import json
from pathlib import Path

import pytest

from tests.builders.sdk_tools import DOCUMENT, browse
from tests.builders.server_process import ServerProcess

# resolves once operations are drawn; the test's own time limit bounds the wait
DRAWN = """new Promise((resolve) => {
  const look = () => document.querySelector(".opblock") ? resolve({
    operations: document.querySelectorAll(".opblock").length,
    tags: [...document.querySelectorAll(".opblock-tag")].map((each) => each.dataset.tag),
    title: document.querySelector(".info .title").textContent,
  }) : requestAnimationFrame(look);
  look();
})"""
# opens an operation, tries it, and resolves to the status and the body that the page shows
TRIED = """new Promise((resolve) => {
  const operation = "#operations-service-get_liveness ";
  const steps = [".opblock-summary-control", ".try-out__btn", ".execute"].map((each) => operation + each);
  const step = () => {
    const next = steps.length && document.querySelector(steps[0]);
    if (next) { next.click(); steps.shift(); }
    const shown = document.querySelector(operation + ".live-responses-table tr.response .response-col_status");
    const body = document.querySelector(operation + ".live-responses-table .microlight");
    if (shown) resolve([shown.textContent.trim(), body && body.textContent]);
    else requestAnimationFrame(step);
  };
  step();
})"""
# tells of every kind of access beyond the page's own origin that was refused
BREAKING_OUT = """Promise.all([
  import("data:text/javascript,1").then(() => "ran", () => "refused"),
  fetch("http://localhost:1/").then(() => "sent", () => "refused"),
  new Promise((resolve) => {
    const script = document.createElement("script");
    script.textContent = "window.ranInline = true";
    document.head.append(script);
    resolve(window.ranInline ? "ran" : "refused");
  }),
])"""

pytestmark = pytest.mark.timeout(600)  # the first run installs the tools


def test_it_draws_every_operation_without_an_error_and_asks_nobody_else(server: ServerProcess, tmp_path: Path) -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    operations = [each for path in document["paths"].values() for each in path.values()]
    picture = tmp_path / "docs.png"

    seen = browse(f"{server.url}/docs", DRAWN, str(picture))

    assert seen["result"]["operations"] >= len(operations)
    assert {tag for each in operations for tag in each["tags"]} <= set(seen["result"]["tags"])
    assert seen["result"]["title"].startswith("Stageline")
    assert seen["errors"] == []
    assert [url for url in seen["requests"] if not url.startswith((f"{server.url}/", "data:"))] == []
    assert picture.stat().st_size > 10_000


def test_what_is_tried_there_asks_the_server_it_comes_from(server: ServerProcess) -> None:
    seen = browse(f"{server.url}/docs", TRIED)

    assert seen["result"][0] == "200"
    assert seen["errors"] == []
    assert f"{server.url}/livez" in seen["requests"]


def test_its_policy_keeps_scripts_of_others_out(server: ServerProcess) -> None:
    seen = browse(f"{server.url}/docs", BREAKING_OUT)

    assert seen["result"] == ["refused"] * 3
    assert sum("Content Security Policy" in error for error in seen["errors"]) >= 3
