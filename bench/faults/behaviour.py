"""How a receiver treats what arrives at one of its paths."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Manner(StrEnum):
    """What is done with a message."""

    ACCEPT = "accept"
    REFUSE = "refuse"  # with `status`; only messages about `subject_id`, where it is given
    STUMBLE = "stumble"  # refuse every `every`th message the first time that it comes
    HANG = "hang"
    DRIP_HEAD = "drip_head"
    DRIP_BODY = "drip_body"
    GZIP_BOMB = "gzip_bomb"
    ENDLESS = "endless"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A manner with what it needs to know."""

    manner: Manner = Manner.ACCEPT
    status: int = 503
    subject_id: str | None = None
    every: int = 20

    def as_json(self) -> dict[str, object]:
        """As it is told to the receiver's process."""
        return asdict(self)
