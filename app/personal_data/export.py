"""All that is held on a person, in one document."""

import json

from app.core.database import Statement, Transaction
from app.personal_data import queries
from app.personal_data.person import Person
from app.personal_data.schemas import PersonalData

_RECORDS: dict[str, Statement] = {
    "contacts": queries.contacts_of,
    "leads": queries.leads_of,
    "activities": queries.activities_of,
    "contact_roles": queries.roles_of,
    "satisfaction_surveys": queries.surveys_of,
    "contracts": queries.contracts_of,
}


async def export(tx: Transaction, person: Person) -> PersonalData:
    """Read everything that names the person."""
    ids = {"contact_ids": person.contact_ids, "lead_ids": person.lead_ids}
    found = {}
    for name, statement in _RECORDS.items():
        asked = {key: value for key, value in ids.items() if key in statement.names}
        found[name] = [dict(row) for row in await tx.fetch_all(statement, **asked)]
    events = await tx.fetch_all(queries.events_of, ids=person.ids)
    record_ids = [str(row["id"]) for rows in found.values() for row in rows]
    entries = await tx.fetch_all(queries.entries_of, record_ids=record_ids)
    return PersonalData.model_validate(
        {
            **found,
            "events": [json.loads(row["body"]) for row in events],
            "audit_log": [dict(entry) for entry in entries],
        }
    )
