"""`stageline audit verify`: the chains of all organizations, or of one, with a progress bar and what was found."""

from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.audit.chain import link
from app.audit.verification import Head, Verification
from app.connections import opened_as_worker
from app.core.settings import Settings
from app.people.directory import list_organizations


async def verify_all(settings: Settings, wanted: UUID | None, expected: Head | None, out: Console) -> bool:
    """Link what is committed, then verify; tells whether everything is as it was linked."""
    async with opened_as_worker(settings) as worker:
        while await link(worker):
            pass
        organizations = [wanted] if wanted is not None else await list_organizations(worker)
        verifications = [Verification(worker, each, expected) for each in organizations]
        with Progress(console=out, transient=True) as bar:
            task = bar.add_task("Verifying", total=sum([await each.count() for each in verifications]))
            for each in verifications:
                async for passed in each.steps():
                    bar.advance(task, passed)
    _show(verifications, out)
    return not any(each.findings for each in verifications)


def _show(verifications: list[Verification], out: Console) -> None:
    table = Table("organization", "entries", "erased", "damaged", "head")
    for each in verifications:
        entries = each.head.position - each.begins_after
        table.add_row(
            str(each.organization_id), str(entries), str(each.erased), str(len(each.findings)), str(each.head)
        )
    out.print(table)
    for each in verifications:
        for found in each.findings:
            entry = f"entry {found.audit_id}" if found.audit_id else "an entry"
            place = f" at position {found.position}" if found.position else ""
            out.print(f"{found.damage}: {entry}{place} of organization {each.organization_id}")
