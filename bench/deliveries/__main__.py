"""The command: `python -m bench.deliveries`."""

import asyncio
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench.deliveries.amount import Amount
from bench.deliveries.claiming import claim_and_settle
from bench.deliveries.end_to_end import Delivered, deliver
from bench.faults.house import housed
from bench.processes import Tree
from bench.stage import opened


def main(
    events: Annotated[int, typer.Option(min=1_000, help="Events to deliver in each round.")] = 30_000,
    deals: Annotated[int, typer.Option(min=1, help="Deals that they are about.")] = 3_000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, of which the median counts.")] = 3,
    output: Annotated[Path | None, typer.Option(help="Write the figures to this file, as JSON.")] = None,
) -> None:
    """Deliver signed webhooks through one worker, and claim and settle without sending."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    amount = Amount(events, deals)
    delivered, settled = asyncio.run(_measure(amount, rounds, console))
    _print(console, amount, delivered, settled)
    if output is not None:
        figures = {"end_to_end": [asdict(each) for each in delivered], "claimed_and_settled_per_second": settled}
        output.write_text(json.dumps({"amount": asdict(amount), **figures}, indent=2) + "\n")


async def _measure(amount: Amount, rounds: int, console: Console) -> tuple[list[Delivered], list[float]]:
    delivered, settled = list[Delivered](), list[float]()
    async with opened(Tree()) as stage:
        for number in range(rounds):
            with console.status(f"round {number + 1} of {rounds}"):
                async with housed(stage, f"sent_{number}") as house:
                    delivered.append(await deliver(house, amount))
                async with housed(stage, f"settled_{number}") as house:
                    settled.append(await claim_and_settle(house, amount))
    return delivered, settled


def _print(console: Console, amount: Amount, delivered: Sequence[Delivered], settled: Sequence[float]) -> None:
    table = Table(title=f"{amount.events:,} events of {amount.deals:,} deals, median of {len(delivered)} rounds")
    table.add_column("figure")
    for heading in ("median", "lowest", "highest"):
        table.add_column(heading, justify="right")
    rows = {
        "delivered by one worker, per second": [each.per_second for each in delivered],
        "CPU of the worker, µs per delivery": [each.worker_microseconds for each in delivered],
        "CPU of Postgres, µs per delivery": [each.postgres_microseconds for each in delivered],
        "CPU of the receiver, µs per delivery": [each.receiver_microseconds for each in delivered],
        "claimed and settled without sending, per second": list(settled),
    }
    for name, figures in rows.items():
        table.add_row(name, *(f"{value:,.0f}" for value in (statistics.median(figures), min(figures), max(figures))))
    console.print(table)
    console.print(f"{platform.machine()}, Python {platform.python_version()}, load afterwards {_load():.1f}")


def _load() -> float:
    return float(Path("/proc/loadavg").read_text().split()[0])


if __name__ == "__main__":
    typer.run(main)
