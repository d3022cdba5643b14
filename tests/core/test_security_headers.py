import re
from base64 import b64encode
from hashlib import sha256

import httpx
import pytest
from fastapi import FastAPI

from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from tests.builders.operations import operations_of
from tests.builders.server_process import serving_on
from tests.builders.serving import say, served
from tests.department import Department

STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def check(headers: httpx.Headers, policy: str = STRICT, caching: str = "no-store") -> None:
    assert {name: headers[name] for name in ALWAYS} == ALWAYS
    assert headers["content-security-policy"] == policy
    assert headers["cache-control"] == caching
    assert len(headers.get_list("cache-control")) == len(headers.get_list("x-request-id")) == 1
    assert not {"server", "x-powered-by", "strict-transport-security"} & set(headers)


async def test_every_operation_answers_with_them(app: FastAPI, department: Department) -> None:
    operations = [each for each in operations_of(app.openapi()) if each.name != "stream_events"]

    for operation in operations:
        for key in (department.operations.key, "nobody"):
            response = await department.http.request(
                operation.method, operation.path_with({}), headers={"Authorization": f"Bearer {key}"}
            )

            is_item = response.is_success and "etag" in response.headers
            check(response.headers, caching="private, no-cache" if is_item else "no-store")
    assert len(operations) > 100


async def test_a_record_may_be_kept_by_its_reader_who_asks_again_and_a_list_not_at_all(department: Department) -> None:
    created = await department.operations.request("POST", "/accounts", json={"name": "Acme"})
    read = await department.operations.request("GET", f"/accounts/{created.json()['id']}")
    listed = await department.operations.request("GET", "/accounts")
    stale = await department.operations.request(
        "PATCH", f"/accounts/{created.json()['id']}", json={"name": "B"}, headers={"If-Match": '"9"'}
    )

    assert [each.status_code for each in (created, read, listed, stale)] == [201, 200, 200, 412]
    check(read.headers, caching="private, no-cache")
    check(listed.headers)
    check(stale.headers)


@pytest.mark.parametrize("path", ["/nowhere", "/v1/leads", "/v1/leads/%00", "/openapi.json", "/livez", "/readyz"])
async def test_so_does_everything_beside_the_operations(http: httpx.AsyncClient, path: str) -> None:
    check((await http.get(path)).headers)


async def test_a_body_that_is_too_large_and_an_unexpected_error_are_answered_with_them(
    settings: Settings, database: Database
) -> None:
    app = create_app(settings, database)

    @app.get("/broken")
    async def break_down() -> None:
        raise ZeroDivisionError

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as client:
        broken = await client.get("/broken")
        large = await client.post("/v1/leads", content=b" " * (settings.max_body_bytes + 1))

    assert (broken.status_code, large.status_code) == (500, 413)
    check(broken.headers)
    check(large.headers)


async def test_the_stream_of_events_begins_with_them(app: FastAPI, department: Department) -> None:
    async with served(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        headers = {"Authorization": f"Bearer {department.operations.key}"}
        async with client.stream("GET", "/v1/events/stream", headers=headers) as response:
            begun = response.headers

    assert begun["content-type"].startswith("text/event-stream")
    check(begun)


async def test_what_is_no_request_is_answered_with_them(app: FastAPI) -> None:
    async with served(app) as port:
        _, headers, _ = await say(port, b"hello\r\n\r\n")

    assert headers["content-security-policy"] == STRICT
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


async def test_the_documentation_runs_its_own_files_and_the_one_script_of_its_page(http: httpx.AsyncClient) -> None:
    page = await http.get("/docs")

    (inline,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    allowed = b64encode(sha256(inline.encode()).digest()).decode()
    check(
        page.headers,
        f"default-src 'none'; script-src 'self' 'sha256-{allowed}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert [path for path in loaded if not path.startswith("/docs/assets/")] == []
    assert [(await http.get(path)).status_code for path in loaded] == [200] * len(loaded)


async def test_other_origins_may_embed_answers_only_when_some_may_read_them(
    settings: Settings, database: Database
) -> None:
    shared = create_app(settings.model_copy(update={"cors_allowed_origins": ["https://spa.example"]}), database)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=shared), base_url="http://stageline.test") as client:
        response = await client.get("/livez")

    assert response.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_browsers_are_bound_to_https_only_behind_it(settings: Settings, database: Database) -> None:
    behind = create_app(settings.model_copy(update={"is_behind_tls": True}), database)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=behind), base_url="http://stageline.test") as client:
        response = await client.get("/livez")

    assert response.headers["strict-transport-security"] == "max-age=31536000"


def test_the_process_does_not_say_what_serves(settings: Settings) -> None:
    with serving_on(settings) as server:
        check(httpx.get(f"{server.url}/livez").headers)
