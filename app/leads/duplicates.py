"""Two leads with one e-mail: the second is refused, with the candidates, unless the caller insists."""

from collections.abc import Sequence
from uuid import UUID

from app.core.database import Transaction
from app.core.problems import Conflict
from app.leads import queries
from app.leads.schemas import ContactCandidate, DuplicateCandidate, DuplicateProblem
from app.people.permissions import is_within

_NOBODY = UUID(int=0)


class DuplicateLead(Conflict):
    """Another lead has this e-mail; look at the candidates, or insist with `allow_duplicate`."""

    shape = DuplicateProblem


async def refuse_duplicates(tx: Transaction, email: str, *, insists: bool, except_id: UUID = _NOBODY) -> None:
    """Raise `DuplicateLead` when another lead of the organization has the e-mail, in any case and any outcome.

    Candidates out of the caller's reach are counted, not shown. Who insists is let through, but waits in the same
    line: somebody who does not insist must see the lead that is being written here.
    """
    await queue_for_emails(tx, [email])
    if insists:
        return
    found = await tx.fetch_all(queries.find_leads_by_email, email=email, except_id=except_id)
    if not found:
        return
    visible = [row for row in found if is_within(tx.caller, "leads.read", row)]
    contacts = await tx.fetch_all(queries.find_contacts_by_email, email=email)
    raise DuplicateLead(
        extra={
            "candidates": [DuplicateCandidate.model_validate(dict(row)).model_dump(mode="json") for row in visible],
            "hidden_candidates": len(found) - len(visible),
            "contact_candidates": [
                ContactCandidate.model_validate(dict(row)).model_dump(mode="json") for row in contacts
            ],
        }
    )


async def queue_for_emails(tx: Transaction, emails: Sequence[str]) -> None:
    """Wait until no other transaction is writing a lead with one of the e-mails, and let none until this one ends."""
    if emails:
        await tx.execute(queries.lock_emails, emails=list(emails))
