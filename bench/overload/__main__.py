"""The command: `python -m bench.overload`."""

import typer

from bench.faults.command import command_for
from bench.overload.experiments import EXPERIMENTS

if __name__ == "__main__":
    typer.run(command_for(EXPERIMENTS, "Ask the service for more than it can do, and show what became of it."))
