"""What clients heard: how many answers of each status, how late, and when."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

BROKEN = 0  # the status of a connection that ended without an answer


@dataclass(slots=True)
class Answers:
    """Seconds from the moment a request was due to the end of its answer, by status; successes by second.

    `withheld` were due when no connection was free: they were never sent.
    """

    seconds: dict[int, "array[float]"] = field(default_factory=lambda: defaultdict(lambda: array("f")))
    successes_at: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    withheld: int = 0
    processor_seconds: float = 0.0

    def note(self, status: int, due_at: float, now: float) -> None:
        """An answer has come, or never will."""
        self.seconds[status].append(now - due_at)
        if 200 <= status < 300:
            self.successes_at[int(now)] += 1

    def count(self, *statuses: int) -> int:
        """How many answers have one of these statuses."""
        return sum(len(self.seconds[status]) for status in statuses if status in self.seconds)

    @property
    def total(self) -> int:
        """All answers, and connections that broke."""
        return self.count(*self.seconds)

    @property
    def successes(self) -> int:
        return sum(self.successes_at.values())

    def milliseconds(self, *statuses: int) -> list[float]:
        """How late answers of these statuses were, sorted."""
        return sorted(1_000 * each for status in statuses for each in self.seconds.get(status, ()))

    def recovery_seconds(self, ended: float, per_second: float) -> float:
        """From a moment to the beginning of the first second that has so many successes."""
        good = [second for second, count in self.successes_at.items() if second >= int(ended) and count >= per_second]
        return max(min(good) - ended, 0.0) if good else float("inf")

    def as_json(self) -> dict[str, Any]:
        """For another process."""
        return {
            "seconds": {status: each.tolist() for status, each in self.seconds.items()},
            "successes_at": self.successes_at,
            "withheld": self.withheld,
            "processor_seconds": self.processor_seconds,
        }

    @classmethod
    def merged(cls, told: Iterable[Mapping[str, Any]]) -> Self:
        """What several processes heard."""
        merged = cls()
        for each in told:
            for status, seconds in each["seconds"].items():
                merged.seconds[int(status)].extend(seconds)
            for second, count in each["successes_at"].items():
                merged.successes_at[int(second)] += count
            merged.withheld += each["withheld"]
            merged.processor_seconds += each["processor_seconds"]
        return merged
