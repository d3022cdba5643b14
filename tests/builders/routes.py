"""What the routes of the application declare."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.people.authentication import Permission


def permissions_by_route(app: FastAPI) -> dict[str, list[str | None]]:
    """The actions that each route demands, by method and path; `None` stands for any caller."""
    found = {}
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            name = f"{' '.join(sorted(context.methods or ()))} {context.path}"
            found[name] = [permission.action for permission in _permissions(context.original_route.dependant)]
    return found


def _permissions(dependant: Dependant) -> Iterator[Permission]:
    if isinstance(dependant.call, Permission):
        yield dependant.call
    for below in dependant.dependencies:
        yield from _permissions(below)
