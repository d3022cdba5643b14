"""What the service knows of a path that was asked: its own words and ids, and the methods it has there."""

import re

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Route
from starlette.types import Scope

_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]{1,9}")
_MOST_PARTS = 12


def known_path(scope: Scope) -> str:
    """The path that was asked, with `-` for every part that is neither a word of the service nor an id."""
    words = _words(scope["app"])
    parts = scope["path"].split("/", _MOST_PARTS)
    return "/".join(part if part in words or _ID.fullmatch(part) else "-" for part in parts)


def methods_of(app: FastAPI, path: str) -> set[str]:
    """The methods that the path knows: those of all its routes, or of the routes that spell it out."""
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    matching = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    known = [route.methods or set() for route in matching if not is_fixed(app, path) or not route.param_convertors]
    return set().union(*known) or {"GET", "HEAD"}  # files


def is_fixed(app: FastAPI, path: str) -> bool:
    """Whether a route spells the path out, so that no part of it is an id: `/v1/leads/batch` is no lead."""
    return path in _paths(app)


def _words(app: FastAPI) -> frozenset[str]:
    if not hasattr(app.state, "path_words"):
        app.state.path_words = frozenset(word for path in _paths(app) for word in path.split("/") if "{" not in word)
    words: frozenset[str] = app.state.path_words
    return words


def _paths(app: FastAPI) -> frozenset[str]:
    if not hasattr(app.state, "paths"):
        app.state.paths = frozenset(context.path or "" for context in iter_route_contexts(app.routes))
    paths: frozenset[str] = app.state.paths
    return paths
