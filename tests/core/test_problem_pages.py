import json
import re
from html.parser import HTMLParser

import httpx
import pytest
from fastapi import FastAPI

from app.core.problems import Problem

KINDS = sorted({kind for kind in Problem.kinds() if kind.__module__.startswith("app.")}, key=lambda kind: kind.code())


class Links(HTMLParser):
    """Where a page leads, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.hrefs += [value for name, value in attrs if name in {"href", "src"} and value]


async def test_every_kind_of_problem_has_a_page_that_says_what_happened_and_what_to_do(http: httpx.AsyncClient) -> None:
    for kind in KINDS:
        page = await http.get(f"/problems/{kind.code()}", headers={"Accept": "text/html,*/*"})
        told = await http.get(f"/problems/{kind.code()}", headers={"Accept": "application/json"})

        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), kind
        assert f"<h1>{kind.code()}</h1>" in page.text
        assert told.json()["detail"] == kind.default_detail() != ""
        assert told.json()["remedy"] != ""
        assert told.json()["status"] == kind.status
    assert len(KINDS) > 40


def test_no_two_kinds_of_problem_share_a_code() -> None:
    assert len({kind.code() for kind in KINDS}) == len(KINDS)


async def test_every_code_that_the_document_names_is_explained(app: FastAPI, http: httpx.AsyncClient) -> None:
    responses = [
        response["description"]
        for path in app.openapi()["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        if status[0] in "45"
    ]
    codes = {code for text in responses for code in re.findall(r"(?:^| / )`(\w+)`: ", text)}

    missing = [code for code in codes if (await http.get(f"/problems/{code}")).status_code != httpx.codes.OK]

    assert missing == []
    assert len(codes) > 35


async def test_the_type_of_an_error_is_the_path_that_explains_it(http: httpx.AsyncClient) -> None:
    problem = (await http.get("/v1/leads")).json()

    page = await http.get(problem["type"])

    assert problem["type"] == "/problems/unauthenticated"
    assert "<h1>unauthenticated</h1>" in page.text


async def test_the_list_leads_to_every_page_and_pages_lead_back(http: httpx.AsyncClient) -> None:
    listed, single = Links(), Links()

    listed.feed((await http.get("/problems")).text)
    single.feed((await http.get("/problems/conflict")).text)

    assert {f"problems/{kind.code()}" for kind in KINDS} <= set(listed.hrefs)
    assert single.hrefs == ["../problems"]


@pytest.mark.parametrize("path", ["/problems", "/problems/conflict"])
async def test_a_page_runs_no_script_and_loads_nothing(http: httpx.AsyncClient, path: str) -> None:
    links = Links()

    response = await http.get(path)

    links.feed(response.text)
    assert not links.tags & {"script", "link", "img", "iframe"}
    assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_a_problem_that_nobody_knows_is_not_found(http: httpx.AsyncClient) -> None:
    response = await http.get("/problems/<script>")

    assert response.status_code == httpx.codes.NOT_FOUND
    assert response.json()["code"] == "not_found"
    assert "script" not in json.dumps(response.json()["detail"])
