"""What is held on a person: the person's records, and everything that names one of them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import array

from app.accounts.tables import contacts
from app.activities.tables import activities
from app.audit.tables import audit_log
from app.contracts.tables import contracts
from app.core.database import Statement
from app.follow_up.tables import satisfaction_surveys
from app.leads.tables import leads
from app.opportunities.tables import opportunities, opportunity_contact_roles
from app.outbox.tables import events
from app.people.scoping import in_organization
from app.personal_data.tables import erasures

_id = bindparam("id", type_=sa.Uuid)
_contact_ids = bindparam("contact_ids", type_=sa.ARRAY(sa.Uuid))
_lead_ids = bindparam("lead_ids", type_=sa.ARRAY(sa.Uuid))


def _is_among(column: sa.ColumnElement[Any], ids: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    return column == sa.any_(ids)


def _all_of(table: sa.Table, condition: sa.ColumnElement[bool]) -> Statement:
    return Statement(sa.select(table).where(in_organization(table), condition).order_by(table.c.id))


find_contact = Statement(sa.select(contacts.c.id).where(in_organization(contacts), contacts.c.id == _id))
find_lead = Statement(
    sa.select(leads.c.id, leads.c.converted_contact_id).where(in_organization(leads), leads.c.id == _id)
)
find_leads_of = Statement(
    sa.select(leads.c.id)
    .where(in_organization(leads), leads.c.converted_contact_id == bindparam("contact_id", type_=sa.Uuid))
    .order_by(leads.c.id)
)

contacts_of = _all_of(contacts, _is_among(contacts.c.id, _contact_ids))
leads_of = _all_of(leads, _is_among(leads.c.id, _lead_ids))
_is_of_person = sa.or_(_is_among(activities.c.contact_id, _contact_ids), _is_among(activities.c.lead_id, _lead_ids))
activities_of = _all_of(activities, _is_of_person)
roles_of = _all_of(opportunity_contact_roles, _is_among(opportunity_contact_roles.c.contact_id, _contact_ids))
surveys_of = _all_of(satisfaction_surveys, _is_among(satisfaction_surveys.c.contact_id, _contact_ids))
contracts_of = _all_of(contracts, _is_among(contracts.c.signed_by_contact_id, _contact_ids))
events_of = Statement(
    sa.select(events.c.body)
    .where(in_organization(events), _is_among(events.c.subject_id, bindparam("ids", type_=sa.ARRAY(sa.Uuid))))
    .order_by(events.c.xid, events.c.id)
)
entries_of = _all_of(audit_log, _is_among(audit_log.c.record_id, bindparam("record_ids", type_=sa.ARRAY(sa.Text))))

_deals = sa.union(
    sa.select(opportunity_contact_roles.c.opportunity_id.label("id")).where(
        in_organization(opportunity_contact_roles), _is_among(opportunity_contact_roles.c.contact_id, _contact_ids)
    ),
    sa.select(contracts.c.opportunity_id).where(
        in_organization(contracts), _is_among(contracts.c.signed_by_contact_id, _contact_ids)
    ),
    sa.select(activities.c.opportunity_id).where(in_organization(activities), _is_of_person),
    sa.select(leads.c.converted_opportunity_id).where(in_organization(leads), _is_among(leads.c.id, _lead_ids)),
).cte("deals")
_subjects = sa.union(
    sa.select(_deals.c.id),
    sa.select(opportunities.c.account_id).join_from(
        opportunities, _deals, sa.and_(in_organization(opportunities), opportunities.c.id == _deals.c.id)
    ),
    sa.select(contacts.c.account_id).where(in_organization(contacts), _is_among(contacts.c.id, _contact_ids)),
    sa.select(sa.func.unnest(array([leads.c.converted_account_id, leads.c.id]))).where(
        in_organization(leads), _is_among(leads.c.id, _lead_ids)
    ),
    sa.select(sa.func.unnest(_contact_ids)),
).subquery("subjects")
find_subjects = Statement(sa.select(_subjects.c.id).where(_subjects.c.id.is_not(None)).order_by(_subjects.c.id))
"""The aggregates in which an erasure replaces something."""

erase = Statement(sa.select(sa.func.erase_person(_contact_ids, _lead_ids)))
find_erasure = Statement(
    sa.select(sa.func.max(erasures.c.erased_at)).where(
        in_organization(erasures), _is_among(erasures.c.record_id, bindparam("ids", type_=sa.ARRAY(sa.Uuid)))
    )
)
