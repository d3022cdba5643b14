"""What asks a house for something, so often: a load that is shown while it runs, and held back for a kill."""

from typing import Protocol


class Load(Protocol):
    """So many deeds of `count` clients; `allowed` holds back those after it."""

    wanted: int
    count: int
    allowed: int | None

    @property
    def done(self) -> int:
        """How many have their answer."""
        ...
