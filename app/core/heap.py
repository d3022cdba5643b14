"""What a process that serves for long tells the garbage collector."""

import gc

_ALLOCATIONS_PER_COLLECTION = 10_000  # Python's own 700 cost a tenth of the worker's time under load


def settle() -> None:
    """Take what was loaded at start as permanent, and look for cycles less often; called once, before serving."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION, 20, 50)
