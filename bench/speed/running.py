"""A run: each size in turn, then what is not a ratio; whatever fails is told, and the rest goes on."""

import shutil
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import DidNotStart
from bench.speed.comparing import differences
from bench.speed.figures import compare
from bench.speed.ground import Ground, opened
from bench.speed.measuring import Plan, Tell, measure
from bench.speed.report import Report
from bench.speed.sides import Side, both_sides
from bench.speed.singles import Amounts, importing, starting, webhooks


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be measured, and where Postgres and its templates are kept; without `amounts` ratios only."""

    sizes: Sequence[int]
    plan: Plan
    amounts: Amounts | None
    home: Path


async def run(order: Order, report: Report, tell: Tell) -> None:
    """Measure into the report."""
    folder = Path(tempfile.mkdtemp(prefix="stageline-speed-"))
    folder.chmod(0o755)  # Postgres may run as another user
    try:
        tell("Postgres")
        async with opened(order.home, folder) as ground:
            for deals in order.sizes:
                await _measure_size(ground, deals, order.plan, report, tell)
            if order.amounts is not None:
                await _measure_singles(ground, order.amounts, report, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _measure_size(ground: Ground, deals: int, plan: Plan, report: Report, tell: Tell) -> None:
    tell(f"{deals:,} deals: data (kept for the next run)")
    await ground.stage(deals)
    tell(f"{deals:,} deals: a database for each side")
    async with both_sides(ground, deals) as sides:
        tell(f"{deals:,} deals: whether both answer the same")
        report.failures += [f"{deals:,} deals: {each}" for each in await differences(*sides)]
        measured = await measure(sides, plan, lambda what: tell(f"{deals:,} deals: {what}"))
        report.comparisons += compare(deals, measured.cells)
        report.failures += [f"{deals:,} deals: {job}: {statuses}" for job, statuses in measured.wrong.items()]
        tell(f"{deals:,} deals: stageline prove")
        report.failures += [each for side in sides for each in await _damage(side)]


async def _damage(side: Side) -> list[str]:
    try:
        await side.prove()
    except DidNotStart as error:
        return [f"{side.name}: {error}"]
    return []


async def _measure_singles(ground: Ground, amounts: Amounts, report: Report, tell: Tell) -> None:
    for name, single in (("webhooks", webhooks), ("import", importing), ("start and memory", starting)):
        tell(name)
        try:
            report.singles += await single(ground, amounts)
        except Exception:  # noqa: BLE001 # one figure that cannot be had must not take the others along
            report.failures.append(f"{name}: {traceback.format_exc()}")
