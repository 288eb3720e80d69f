"""What clients did and what they were told, with times, as it happens. It must never ask the system under test."""

import threading
import time
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How one attempt ended."""

    DONE = "done"
    """A write that was acknowledged, a read that was answered."""
    UNKNOWN = "unknown"
    """A write that may or may not have happened, or was refused for now: the client tries the same one again."""
    UNRECORDED = "unrecorded"
    """A read that was answered and said that nobody will know: the database was away."""
    UNANSWERED = "unanswered"
    """A read that got no proper answer."""


@dataclass(frozen=True)
class Attempt:
    client: str
    is_write: bool
    begun: float
    ended: float
    outcome: Outcome

    @property
    def is_acknowledged_write(self) -> bool:
        return self.is_write and self.outcome is Outcome.DONE


class Ledger:
    """Times are those of the monotonic clock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.attempts: list[Attempt] = []
        # What must never happen, however things fail; in the words of the client that saw it.
        self.faults: list[str] = []

    def add(self, attempt: Attempt) -> None:
        with self.lock:
            self.attempts.append(attempt)

    def accuse(self, fault: str) -> None:
        with self.lock:
            self.faults.append(fault)

    def snapshot(self) -> list[Attempt]:
        with self.lock:
            return list(self.attempts)

    def acknowledged(self, begun_after: float, ended_before: float = float("inf")) -> list[Attempt]:
        """Writes that were begun after one instant and acknowledged before another."""
        return [
            one
            for one in self.snapshot()
            if one.is_acknowledged_write and one.begun >= begun_after and one.ended < ended_before
        ]

    def first_after(self, instant: float) -> float | None:
        """Seconds until the first acknowledgement of a write that was begun after the instant."""
        return min((one.ended - instant for one in self.acknowledged(instant)), default=None)

    def all_after(self, instant: float, clients: set[str]) -> float | None:
        """Seconds until each of these clients had a write acknowledged that was begun after the instant."""
        first: dict[str, float] = {}
        for one in self.acknowledged(instant):
            first[one.client] = min(one.ended - instant, first.get(one.client, float("inf")))
        return max(first.values()) if clients <= first.keys() else None

    def longest_gap(self, start: float, end: float) -> float:
        """The longest time between two acknowledgements, of whatever clients."""
        times = sorted(one.ended for one in self.snapshot() if one.is_acknowledged_write and start <= one.ended <= end)
        return max(later - earlier for earlier, later in zip([start, *times], [*times, end], strict=True))


def now() -> float:
    return time.monotonic()
