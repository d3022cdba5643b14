"""`/v1/contacts/{contact_id}/…` and `/v1/leads/{lead_id}/…`: a person's data, and their erasure."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, documented
from app.core.resource import json_response
from app.core.routing import router
from app.people.authentication import Permission
from app.personal_data.erasure import erase
from app.personal_data.export import export
from app.personal_data.person import find_contact, find_lead
from app.personal_data.schemas import Erasure, PersonalData

personal_data = router("personal-data")

Reader = Annotated[Caller, Depends(Permission("personal_data.read"))]
Eraser = Annotated[Caller, Depends(Permission("personal_data.erase"))]


@personal_data.get("/contacts/{contact_id}/personal-data", response_model=PersonalData, responses=documented(NotFound))
async def get_contact_personal_data(caller: Reader, database: AppDatabase, contact_id: UUID) -> Response:
    """Read all that is held on the person that a contact is, as one document."""
    async with database.begin(caller) as tx:
        found = await export(tx, await find_contact(tx, contact_id))
    return json_response(found)


@personal_data.get("/leads/{lead_id}/personal-data", response_model=PersonalData, responses=documented(NotFound))
async def get_lead_personal_data(caller: Reader, database: AppDatabase, lead_id: UUID) -> Response:
    """Read all that is held on the person that a lead is, as one document."""
    async with database.begin(caller) as tx:
        found = await export(tx, await find_lead(tx, lead_id))
    return json_response(found)


@personal_data.post("/contacts/{contact_id}/erasure", response_model=Erasure, responses=documented(NotFound))
async def create_contact_erasure(caller: Eraser, database: AppDatabase, contact_id: UUID) -> Response:
    """Erase the person that a contact is, and the leads it comes from; figures and history stay.

    Name, e-mail address, phone number, title and texts about the person go, from records, published events and the
    audit log. It cannot be undone. Repeated, it does nothing.
    """
    async with database.begin(caller) as tx:
        erased = await erase(tx, find_contact, contact_id)
    return json_response(erased)


@personal_data.post("/leads/{lead_id}/erasure", response_model=Erasure, responses=documented(NotFound))
async def create_lead_erasure(caller: Eraser, database: AppDatabase, lead_id: UUID) -> Response:
    """Erase the person that a lead is, and the contact that it was converted into; figures and history stay.

    Name, e-mail address, phone number, title and texts about the person go, from records, published events and the
    audit log. It cannot be undone. Repeated, it does nothing.
    """
    async with database.begin(caller) as tx:
        erased = await erase(tx, find_lead, lead_id)
    return json_response(erased)
