"""`/v1/access-explanations`."""

from typing import Annotated

from fastapi import Depends, Query, Response

from app.access.explanation import explain
from app.access.schemas import AccessExplanation, AccessQuery
from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, documented
from app.core.resource import json_response
from app.core.routing import router
from app.people.authentication import Permission

access = router("people")

Reader = Annotated[Caller, Depends(Permission("reference.read"))]


@access.get("/access-explanations", response_model=AccessExplanation, responses=documented(NotFound))
async def get_access_explanation(
    caller: Reader, database: AppDatabase, query: Annotated[AccessQuery, Query()]
) -> Response:
    """Say why you may or may not do something to a record; with `user_id`, why somebody else may or may not.

    It is about permission alone: whether the record's state allows the deed is told by the deed itself. A record that
    is out of your own reach does not exist here either.
    """
    async with database.begin(caller) as tx:
        explanation = await explain(tx, query)
    return json_response(explanation)
