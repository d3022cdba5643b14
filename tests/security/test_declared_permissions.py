"""The check on declared permissions finds what it is there for; tests/people/test_permission_matrix.py makes it."""

from typing import Annotated

from fastapi import Depends, FastAPI

from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from app.people.authentication import Permission
from tests.builders.routes import permissions_by_route

FIRST, SECOND = Depends(Permission("leads.read")), Depends(Permission("leads.write"))


async def test_a_route_without_a_permission_is_found(settings: Settings, database: Database) -> None:
    app: FastAPI = create_app(settings, database)

    @app.get("/v1/open")
    async def answer_anybody() -> None: ...

    @app.get("/v1/twice")
    async def answer_twice(_first: Annotated[object, FIRST], _second: Annotated[object, SECOND]) -> None: ...

    declared = permissions_by_route(app)

    assert declared["GET /v1/open"] == []
    assert declared["GET /v1/twice"] == ["leads.read", "leads.write"]
    assert declared["GET /v1/leads"] == ["leads.read"]
