"""The scope of each operation, told in the API's document: as a role of its security (OpenAPI 3.1) and in words."""

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from app.people.authentication import Permission
from app.people.scopes import scope_of

_TOKEN = "openid_token"  # noqa: S105 # the name of a scheme
_TOKEN_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of the OpenID provider that the service's operator has chosen, if any.",
}


def tell_scopes(document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Add to each operation the scope that its permission asks for, and that a provider's token opens it as well."""
    document["components"]["securitySchemes"][_TOKEN] = _TOKEN_SCHEME
    for operation in (each for operations in document["paths"].values() for each in operations.values()):
        if operation.get("security"):
            operation["security"].append({_TOKEN: []})
    for context in iter_route_contexts(routes):
        if not isinstance(context.original_route, APIRoute):
            continue
        for action in _actions(context.original_route.dependant):
            for method in context.methods or ():
                _tell(document["paths"][context.path_format][method.lower()], action)


def _tell(operation: dict[str, Any], action: str) -> None:
    scope = scope_of(action)
    operation["security"] = [{name: [scope.value] for name in each} for each in operation["security"]]
    operation["description"] = f"{operation['description']}\n\nNeeds the scope `{scope}`."


def _actions(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, Permission) and dependant.call.action is not None:
        yield dependant.call.action
    for below in dependant.dependencies:
        yield from _actions(below)
