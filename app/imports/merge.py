"""Staged rows become records: first all checks of an entity, then its rows, in the order of what refers to what."""

from uuid import UUID

from app.core.database import Row, Statement, Transaction
from app.imports import statements
from app.imports.entities import ACCOUNTS, OPPORTUNITIES, PRODUCTS, TEAMS, USERS, Entity
from app.imports.report import ImportReport, Refusal
from app.imports.values import shown


class Merge:
    """The statements of one entity, compiled once."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._repeated = statements.remove_repeated(entity)
        self._known = statements.remove_known(entity)
        self._taken = {
            field: statements.remove_taken(entity, field, is_exact=is_exact)
            for field, is_exact in entity.unique.items()
        }
        self._unknown = {each.field: statements.remove_unknown(entity, each) for each in entity.references}
        self._ungrounded = statements.remove_ungrounded(entity) if entity.has_parent else None
        self._write = statements.write(entity)
        self._start = statements.start_subjects(entity) if entity.has_events else None

    async def check(self, tx: Transaction, report: ImportReport) -> None:
        """Leave the new rows staged, and note the refused and the known ones."""
        for row in await tx.fetch_all(self._repeated):
            first = f"line {row['first_line']} of {row['first_file']}"
            self._refuse(report, row, f"{self.entity.key} {shown(row['value'])} is on {first} already")
        report.counts[self.entity.name].unchanged = await tx.execute(self._known)
        for field, statement in self._taken.items():
            await self.refuse(tx, report, statement, f"{field} {{}} belongs to another {self.entity.noun}")
        for field, statement in self._unknown.items():
            await self.refuse(tx, report, statement, f"{field} {{}} is unknown or was refused")
        if self._ungrounded is not None:
            reason = "parent {} is unknown, was refused, or has this one above itself"
            await self.refuse(tx, report, self._ungrounded, reason)

    async def refuse(self, tx: Transaction, report: ImportReport, statement: Statement, reason: str) -> None:
        """Remove rows and note them; `{}` in the reason is the value at fault."""
        for row in await tx.fetch_all(statement):
            self._refuse(report, row, reason.format(shown(row["value"])))

    async def write(self, tx: Transaction, report: ImportReport) -> None:
        """Insert what is staged."""
        report.counts[self.entity.name].created = await tx.execute(self._write)
        if self._start is not None:
            await tx.execute(self._start)
        # a check of a foreign key that was planned when its table was small reads the whole table for each row
        await tx.connection.execute("DISCARD PLANS")

    def _refuse(self, report: ImportReport, row: Row, reason: str) -> None:
        report.refuse(self.entity.name, Refusal(row["file"], row["line"], reason))


_TEAMS, _USERS, _PRODUCTS, _ACCOUNTS, _OPPORTUNITIES = (
    Merge(entity) for entity in (TEAMS, USERS, PRODUCTS, ACCOUNTS, OPPORTUNITIES)
)


async def merge(tx: Transaction, import_id: UUID, report: ImportReport) -> None:
    """Check and write everything that is staged."""
    await _TEAMS.check(tx, report)
    await _TEAMS.refuse(tx, report, statements.remove_unmanaged, "manager {} is unknown or was refused")
    for each in (_TEAMS, _USERS, _PRODUCTS, _ACCOUNTS, _OPPORTUNITIES):
        if each is not _TEAMS:
            await each.check(tx, report)
        await each.write(tx, report)
    # a manager whose own row was refused after the team was checked leaves the team without one
    await tx.execute(statements.write_managers)
    await tx.execute(statements.write_line_items)
    await tx.execute(statements.write_transitions, import_id=import_id)
