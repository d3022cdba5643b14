"""`/v1/accounts/{account_id}/timeline`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, documented
from app.core.routing import router
from app.people.authentication import Permission
from app.timelines import schemas
from app.timelines.account_timeline import READ, read_account_timeline

timelines = router("accounts")

Reader = Annotated[Caller, Depends(Permission(READ))]


@timelines.get(
    "/accounts/{account_id}/timeline",
    response_model=schemas.AccountTimelinePage,
    responses=documented(NotFound),
)
async def list_account_timeline(
    caller: Reader, database: AppDatabase, account_id: UUID, query: Annotated[schemas.TimelineQuery, Query()]
) -> Response:
    """Read what happened at an account, newest first.

    That are the events of the account, of its contacts, of its deals with their activities, proposals, contracts and
    follow-up, and of the leads that became them. Those of records beyond your reach are left out. Where events are
    dropped after some months, older ones are gone from here too; the records and their transitions stay.
    """
    async with database.begin(caller) as tx:
        timeline = await read_account_timeline(tx, account_id, query)
    return Response(timeline.render(), media_type="application/json")
