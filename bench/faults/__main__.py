"""The command: `python -m bench.faults`."""

import typer

from bench.faults.command import command_for
from bench.faults.experiments import EXPERIMENTS

if __name__ == "__main__":
    typer.run(command_for(EXPERIMENTS, "Break the service in every way that it must survive, and show what came."))
