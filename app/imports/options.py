"""What `stageline import` can be told on the command line."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder with the CSV files.")]
MappingFile = Annotated[Path, typer.Option("--mapping", exists=True, dir_okay=False, help="The mapping (TOML).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")]
SkipBadRows = Annotated[bool, typer.Option("--skip-bad-rows", help="Write the good rows even when others are refused.")]
ReportFile = Annotated[Path | None, typer.Option("--report", dir_okay=False, help="Write the refused rows here (CSV).")]
