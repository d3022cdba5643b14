"""One import, in one transaction: opened, staged, checked, merged, recorded with its event, or nothing at all."""

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import sqlalchemy as sa
from pydantic import BaseModel

from app.core.caller import SYSTEM, Caller
from app.core.database import Database, Statement, Transaction, new_id
from app.core.writes import insert_row
from app.imports.entities import ENTITIES
from app.imports.history import DealRules
from app.imports.mapping import Mapping, MappingInvalid
from app.imports.merge import merge
from app.imports.report import BrokenFile, ImportReport, Outcome, RowCounts
from app.imports.staging import OpenSource, Watch, create_tables, open_sources, stage
from app.imports.tables import imports
from app.outbox.event import Event
from app.outbox.record import record, start
from app.people.permissions import demand
from app.people.tables import organizations
from app.pipelines.queries import current_pipeline
from app.workflow.pipeline import Subject as Workflow

_TIMEOUT = "1h"  # of one statement; a request's would end the COPY of a large file

_find_time_zone = Statement(
    sa.select(organizations.c.time_zone).where(organizations.c.id == sa.bindparam("organization_id"))
)
_take_turn = Statement(
    sa.select(
        sa.func.pg_try_advisory_xact_lock(
            sa.func.hashtextextended(
                sa.func.concat("import:", sa.cast(sa.bindparam("organization_id", type_=sa.Uuid), sa.Text)),
                sa.literal(0, sa.BigInteger),
            )
        )
    )
)
_insert_import = insert_row(imports)


class UnknownOrganization(LookupError):
    """There is no such organization."""


class ImportInterrupted(Exception):
    """Somebody else wrote at the same time; nothing was imported, and the import can be run again."""


class CompletedImport(BaseModel):
    """An import as its event tells it."""

    id: UUID
    mapping: str
    source: str
    actor_id: UUID | None
    counts: dict[str, RowCounts]
    refused_rows: int
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What to import, and how strictly."""

    folder: Path
    mapping: Mapping
    dry_run: bool = False
    skip_bad_rows: bool = False


class _NotWritten(Exception):
    """No error: it only rolls the transaction back."""


async def run_import(
    database: Database, caller: Caller, order: ImportOrder, watch: Watch = lambda _: None
) -> ImportReport:
    """Import a folder; the report says what was written, or would have been.

    Raises `MappingInvalid`, `UnknownOrganization`, `ImportInterrupted`, and `Forbidden` for one who may not import.
    """
    if caller.position != SYSTEM:
        demand(caller, "imports.write")
    report = ImportReport(order.mapping.name, order.folder.resolve().name)
    report.counts = {entity.name: RowCounts() for entity in ENTITIES}
    try:
        with ExitStack() as files:
            opened = open_sources(order.folder, order.mapping, files)
            async with database.begin(caller) as tx:
                await _import(tx, order, opened, report, watch)
    except BrokenFile as broken:
        report.outcome = Outcome.REFUSED
        report.refusals += broken.refusals
    except _NotWritten:
        pass
    except (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError):
        raise ImportInterrupted("a record was written by somebody else while the import ran") from None
    return report


async def _import(
    tx: Transaction, order: ImportOrder, opened: list[OpenSource], report: ImportReport, watch: Watch
) -> None:
    import_id, started_at = new_id(), datetime.now(UTC)
    await tx.connection.execute(f"SET LOCAL statement_timeout = '{_TIMEOUT}'")
    rules = await _rules(tx, order.mapping, started_at)
    if not await tx.fetch_value(_take_turn):
        raise ImportInterrupted("another import of this organization is running")
    await create_tables(tx)
    await stage(tx, opened, rules, report, watch)
    await merge(tx, import_id, report)
    report.outcome = _outcome(order, report)
    if report.outcome is not Outcome.WRITTEN:
        raise _NotWritten
    await _record(tx, import_id, started_at, report)
    report.import_id = import_id


def _outcome(order: ImportOrder, report: ImportReport) -> Outcome:
    if order.dry_run:
        return Outcome.DRY_RUN
    if report.refusals and not order.skip_bad_rows:
        return Outcome.REFUSED
    return Outcome.WRITTEN if report.created else Outcome.UNCHANGED


async def _rules(tx: Transaction, mapping: Mapping, now: datetime) -> DealRules:
    zone = await tx.fetch_value(_find_time_zone)
    if zone is None:
        raise UnknownOrganization("there is no such organization")
    pipeline = await current_pipeline(tx, Workflow.OPPORTUNITY)
    stages = {stage.name for stage in pipeline.definition.stages}
    entries = [entry for source in mapping.opportunities for entry in source.history]
    if unknown := sorted({entry.stage for entry in entries} - stages):
        raise MappingInvalid([f"opportunities.history: the pipeline has no stage {', '.join(unknown)}"])
    return DealRules(pipeline, ZoneInfo(zone), now)


async def _record(tx: Transaction, import_id: UUID, started_at: datetime, report: ImportReport) -> None:
    row = await tx.fetch_row(
        _insert_import,
        id=import_id,
        mapping=report.mapping,
        source=report.source,
        actor_id=None if tx.caller.position == SYSTEM else tx.caller.user_id,
        counts={name: asdict(counts) for name, counts in report.counts.items()},
        refused_rows=len(report.refusals),
        started_at=started_at,
        finished_at=datetime.now(UTC),
    )
    subject = await start(tx, "import", import_id)
    payload = CompletedImport.model_validate(dict(row)).model_dump(mode="json")
    await record(tx, subject, Event(type="import.completed", object=payload))
