"""E5: what must not be written is written by raw SQL, in the app's role."""

import asyncpg

from app.core.roles import APP_ROLE
from bench.faults.checker import check_ledger
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.holdings import read_holdings
from bench.faults.walkers import Walkers
from tests.builders.forbidden_sql import FORBIDDEN, REFUSALS, run_forbidden


async def _perform(run: Run) -> Findings:
    async with run.house() as house:
        await house.start_apis(1)
        # a deal that has not moved, so that no number is taken and only the guards can refuse
        walkers = Walkers(house, run.rng, wanted=0)
        await walkers.open_deals(own=1, shared=0)
        app = await asyncpg.connect(run.stage.owner_url(house.database), server_settings={"role": APP_ROLE})
        deal_id = walkers.deals[0].id
        passed = [name for name in FORBIDDEN if not await _is_refused(app, name, house.ours.id, deal_id)]
        await app.close()
        owner = await house.open_owner()
        holdings = await read_holdings(owner)
        await owner.close()
    findings = Findings(facts=[f"not refused: {name}" for name in passed])
    findings.add("refused", len(FORBIDDEN) - len(passed), "=", len(FORBIDDEN))
    findings.add("statements", len(FORBIDDEN), "≥", 12)
    findings.blame(check_ledger(holdings))
    return findings


async def _is_refused(app: asyncpg.Connection, name: str, organization_id: str, deal_id: str) -> bool:
    try:
        await run_forbidden(app, FORBIDDEN[name], organization_id, deal_id)
    except REFUSALS:
        return True
    return False


FORBIDDEN_SQL = Experiment(
    "E5",
    "raw SQL as the app's role: stage without event, skipped version, update or delete of the ledger …",
    "12 of 12 refused",
    _perform,
)
