"""Statements on leads."""

from app.core.writes import Update
from app.leads.tables import leads

update_lead = Update(leads)
