"""Leads for those who write them by another system's id, or many at once."""

from app.leads import queries
from app.leads.schemas import LeadPatch
from app.leads.writing import READ, change_lead, create_lead
from app.records.collection import Collection

LEADS = Collection(
    path="leads",
    read=READ,
    find=queries.find_lead_of,
    create=create_lead,
    change=change_lead,
    patch=LeadPatch,
)
