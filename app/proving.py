"""`stageline prove`: every check over every organization, with a progress bar, and a table of what was found."""

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.connections import opened, opened_as_worker
from app.core.settings import Settings
from app.people.directory import list_organizations
from app.webhooks.proof import CHECKS_PER_ORGANIZATION, Finding, prove


async def prove_all(settings: Settings, out: Console) -> bool:
    """Check the promise in all organizations; tells whether it holds everywhere."""
    findings: list[Finding] = []
    async with opened(settings) as database, opened_as_worker(settings) as worker:
        organizations = await list_organizations(worker)
        with Progress(console=out, transient=True) as bar:
            task = bar.add_task("Proving", total=len(organizations) * CHECKS_PER_ORGANIZATION)
            for organization_id in organizations:
                async for finding in prove(database, worker, organization_id):
                    findings.append(finding)
                    bar.advance(task)
    _show(findings, out)
    return not any(finding.damaged for finding in findings)


def _show(findings: list[Finding], out: Console) -> None:
    table = Table("what must hold", "looked at", "damaged", "for example")
    for claim in dict.fromkeys(finding.claim for finding in findings):
        of_claim = [finding for finding in findings if finding.claim == claim]
        table.add_row(
            claim,
            str(sum(finding.looked_at for finding in of_claim)),
            str(sum(finding.damaged for finding in of_claim)),
            next((f"{each.example} of organization {each.organization_id}" for each in of_claim if each.damaged), ""),
        )
    out.print(table)
