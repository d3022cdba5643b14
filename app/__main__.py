"""The command `stageline`, or `python -m app`."""

import gc
from importlib import import_module

_ALLOCATIONS_PER_COLLECTION = 200_000


def main() -> None:
    """Load the command line, then run it; what a command needs more it loads itself."""
    # what is loaded stays: to look through it for garbage every 700 allocations is a quarter of the time
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION)
    import_module("app.cli").app()


if __name__ == "__main__":
    main()
