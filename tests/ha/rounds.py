"""One round: load, a kill, the return, load again, and the audit. What counts as passed is decided here."""

import time
from dataclasses import dataclass, field

from cluster import Cluster
from kills import Kill
from ledger import Ledger, Outcome, now
from processes import wait_for
from workload import Estate, Findings, Load, Workload

# Load before the kill, and after all is well again.
CALM_S = 3
# Longer than any limit: the figure is wanted even when it is too high.
WRITES_WITHIN_S = 90
HEALS_WITHIN_S = 120


@dataclass
class Result:
    """The figures of one round. Seconds are None where it never came to that."""

    kind: str
    number: int
    first_write_s: float | None = None
    """To the first acknowledged write that was begun after the kill, or after the return: as the kind counts."""
    every_writer_s: float | None = None
    """The same for the writer that had to wait the longest."""
    limit_s: float = 0
    counts_from_return: bool = False
    longest_gap_s: float = 0
    """The longest time without any acknowledgement, in the whole round."""
    healthy_s: float | None = None
    """From the kill until all was as before."""
    acknowledged: int = 0
    unknown: int = 0
    checked: int = 0
    lost: int = 0
    doubled: int = 0
    reads: int = 0
    reads_unanswered: int = 0
    reads_unrecorded: int = 0
    """Answered, and the answer said that the delivery is not on record."""
    slowest_read_s: float = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.faults


def run(kind: str, number: int, kill: Kill, cluster: Cluster, workload: Workload) -> tuple[Result, Estate | None]:
    """The clients' connections are fresh in each round, as is what they write to. None when it did not even begin."""
    result = Result(kind, number, limit_s=kill.limit_s, counts_from_return=kill.counts_from_return)
    ledger = Ledger()
    try:
        estate = workload.estate(f"{kind}-{number}", ledger)
    except Exception as error:
        result.faults.append(f"the round could not begin: {described(error)}")
        return result, None
    load = Load(estate.clients, ledger)
    start = now()
    try:
        drive(kill, load, ledger, cluster, workload, result)
    except (TimeoutError, AssertionError) as error:
        result.faults.append(str(error))
        mend(kill, cluster, workload, result)
    finally:
        load.stop()
    result.longest_gap_s = ledger.longest_gap(start, now())
    count(ledger, result)
    try:
        judge(result, estate.audit())
    except Exception as error:
        result.faults.append(f"the audit could not be done: {described(error)}")
    return result, estate


def described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def mend(kill: Kill, cluster: Cluster, workload: Workload, result: Result) -> None:
    """After a round that broke off: as well as can be, so that there is something to audit."""
    try:
        kill.release()
    except Exception as error:
        result.faults.append(described(error))
    if not is_whole(cluster, workload):
        result.faults += cluster.ailments() + workload.ailments()


def is_whole(cluster: Cluster, workload: Workload) -> bool:
    """Whether all is as it was at first, if need be after a while."""
    try:
        wait_for("all as before", HEALS_WITHIN_S, lambda: not (cluster.ailments() or workload.ailments()))
    except TimeoutError:
        return False
    return True


def drive(kill: Kill, load: Load, ledger: Ledger, cluster: Cluster, workload: Workload, result: Result) -> None:
    def writes_after(instant: float) -> bool:
        return ledger.all_after(instant, load.writers) is not None

    wait_for("a write of every client before the kill", WRITES_WITHIN_S, lambda: writes_after(0))
    time.sleep(CALM_S)
    kill.strike()
    struck = now()
    if kill.away_s is None:
        wait_for("a write of every client after the kill", WRITES_WITHIN_S, lambda: writes_after(struck))
    else:
        time.sleep(kill.away_s)
    kill.bring_back()
    returned = now()
    wait_for("a write of every client after the return", WRITES_WITHIN_S, lambda: writes_after(returned))
    wait_for("all as before", HEALS_WITHIN_S, lambda: not (cluster.ailments() or workload.ailments()))
    result.healthy_s = now() - struck
    time.sleep(CALM_S)
    origin = returned if kill.counts_from_return else struck
    result.first_write_s = ledger.first_after(origin)
    result.every_writer_s = ledger.all_after(origin, load.writers)
    result.faults += kill.faults(ledger, struck, returned)


def count(ledger: Ledger, result: Result) -> None:
    attempts = ledger.snapshot()
    reads = [one for one in attempts if not one.is_write]
    result.acknowledged = sum(one.is_acknowledged_write for one in attempts)
    result.unknown = sum(one.outcome is Outcome.UNKNOWN for one in attempts)
    result.reads = len(reads)
    result.reads_unanswered = sum(one.outcome is Outcome.UNANSWERED for one in reads)
    result.reads_unrecorded = sum(one.outcome is Outcome.UNRECORDED for one in reads)
    result.slowest_read_s = max((one.ended - one.begun for one in reads), default=0)
    result.faults += ledger.faults


def judge(result: Result, found: Findings) -> None:
    result.checked, result.lost, result.doubled = found.checked, len(found.lost), len(found.doubled)
    result.faults += found.lost + found.doubled + found.wrong
    if result.first_write_s is not None and result.first_write_s > result.limit_s:
        result.faults.append(f"writes were back after {result.first_write_s:.1f} s, not {result.limit_s:g} s")
    if result.reads_unanswered:
        result.faults.append(f"{result.reads_unanswered} of {result.reads} reads were not answered")
    if not result.acknowledged or not result.reads:
        result.faults.append("no load")
