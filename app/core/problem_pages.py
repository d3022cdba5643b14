"""`/problems`: what each kind of problem means and what to do about it, told by the classes themselves."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic_core import to_json

from app.core.problems import NotFound, Problem

_STYLE = "body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "public, max-age=3600",
    "Vary": "Accept",
}

pages = APIRouter(prefix="/problems", include_in_schema=False)

Accept = Annotated[str, Header()]


@pages.get("")
async def list_problems(accept: Accept = "") -> Response:
    """List every kind of problem."""
    kinds = sorted(set(Problem.kinds()), key=lambda kind: (kind.status, kind.code()))
    if "application/json" in accept:
        return _json({"items": [_described(kind) for kind in kinds]})
    items = (
        f'<li>{kind.status} <a href="problems/{kind.code()}"><code>{kind.code()}</code></a>: '
        f"{_prose(kind.default_detail())}</li>"
        for kind in kinds
    )
    return _html("Problems", "<p>Every error of this service is one of these.</p><ul>", *items, "</ul>")


@pages.get("/{code}")
async def get_problem(code: str, accept: Accept = "") -> Response:
    """Explain one kind of problem."""
    kind = next((kind for kind in Problem.kinds() if kind.code() == code), None)
    if kind is None:
        raise NotFound("There is no such problem.")
    if "application/json" in accept:
        return _json(_described(kind))
    return _html(
        kind.code(),
        f"<p>{kind.status} {escape(kind.title)}</p>",
        f"<h2>What happened</h2><p>{_prose(kind.default_detail())}</p>",
        f"<h2>What to do</h2><p>{_prose(kind.remedy)}</p>",
        '<p><a href="../problems">All problems</a></p>',
    )


def _described(kind: type[Problem]) -> dict[str, Any]:
    return {
        "type": kind.path(),
        "code": kind.code(),
        "status": kind.status,
        "title": kind.title,
        "detail": kind.default_detail(),
        "remedy": kind.remedy,
    }


def _json(value: dict[str, Any]) -> Response:
    return Response(to_json(value), headers=_HEADERS, media_type="application/json")


def _html(title: str, *parts: str) -> Response:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title} · Stageline</title><style>{_STYLE}</style></head><body><h1>{title}</h1>{''.join(parts)}</body>"
    )
    return Response(page, headers=_HEADERS, media_type="text/html")


def _prose(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
