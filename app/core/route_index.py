"""Finding a request's route by the first two words of its path, where the framework asks one route after the other."""

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

_FOUND = "stageline.route"
_WORDS = 2  # `/v1/leads`


class RouteIndex(BaseRoute):
    """Stands before all other routes, and answers for the first of them that takes both the path and the method.

    What none of them takes is left to the framework, with whatever it has to say about it; so are routes that do not
    spell out the first words of their path.
    """

    def __init__(self, app: FastAPI) -> None:
        self._routes: dict[tuple[str, str], list[RouteContext]] = {}
        for context in iter_route_contexts(app.routes):
            words = _first_words(context.path or "")
            if "{" not in words:
                for method in context.methods or ():
                    self._routes.setdefault((method, words), []).append(context)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope.get("root_path"):
            return Match.NONE, {}
        path = scope["path"]
        for context in self._routes.get((scope["method"], _first_words(path)), ()):
            if found := context.path_regex.match(path):
                convert = context.param_convertors
                parameters = {name: convert[name].convert(value) for name, value in found.groupdict().items()}
                route = {"route": context.original_route, "endpoint": context.endpoint, _FOUND: context}
                return Match.FULL, {**route, "path_params": parameters}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope[_FOUND].app(scope, receive, send)


def install(app: FastAPI) -> None:
    """Put the index of all routes that the application has by now before them."""
    app.router.routes.insert(0, RouteIndex(app))


def _first_words(path: str) -> str:
    return "/".join(path.split("/", _WORDS + 1)[: _WORDS + 1])
