"""The command `stageline`, or `python -m app`."""

import gc
from importlib import import_module


def main() -> None:
    """Load the application, then run its command line."""
    gc.disable()  # what is loaded stays; to look through it for garbage again and again is a quarter of the time
    command_line = import_module("app.cli")
    gc.enable()
    command_line.app()


if __name__ == "__main__":
    main()
