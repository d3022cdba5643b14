"""`/v1/audit-log`."""

from typing import Annotated

from fastapi import Depends, Query, Response

from app.audit.queries import audit_listing
from app.audit.schemas import AuditPage, AuditQuery
from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import documented
from app.core.resource import page_response
from app.core.routing import router
from app.people.authentication import Permission

audit = router("audit")

Reader = Annotated[Caller, Depends(Permission("audit_log.read"))]


@audit.get("/audit-log", response_model=AuditPage, responses=documented())
async def list_audit_log(caller: Reader, database: AppDatabase, query: Annotated[AuditQuery, Query()]) -> Response:
    """List who wrote what, newest first: every write of a record, by requests, by commands and by SQL.

    Of a changed record the columns that changed, before and after. Nobody can change or remove what is noted, but for
    personal data that is erased.
    """
    async with database.begin(caller) as tx:
        page = await audit_listing.page(tx, query)
    return page_response(AuditPage, page.rows, page.next_cursor)
