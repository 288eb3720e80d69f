"""Runs a command and leaves nothing of it behind: whatever it started, detached processes too, is killed when it ends,
however it ends. PostgreSQL's servers detach themselves from the Patroni that started them, and would outlive all of us.

The command dies with the guard, and the guard outlives the command: only killing both at once can leave anything.
Standard library only.
"""

import ctypes
import os
import signal
import subprocess
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# For the command to end by itself after a signal, before it is killed.
GRACE_S = 20


def run(command: list[str], env: dict[str, str]) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    # Orphans among our descendants become our children, so that they can be found and waited for.
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(command, env=env, preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM))

    def pass_on(number: int, _frame: object) -> None:
        # A second signal, or a command that does not end, is a kill.
        os.kill(
            child.pid,
            signal.SIGKILL if number == signal.SIGALRM or signal.getitimer(signal.ITIMER_REAL)[0] else signal.SIGTERM,
        )
        signal.alarm(GRACE_S)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, pass_on)
    status = reap_until(child.pid)
    signal.alarm(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    sweep()
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def reap_until(pid: int) -> int:
    """Waits for `pid`, and for every orphan that comes to us meanwhile."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return status


def sweep() -> None:
    """Kills what is left, until nothing is."""
    while children := [pid for pid, parent in parents() if parent == os.getpid()]:
        for pid in children:
            # A killed process hands its own children to us: they are the next turn's.
            os.kill(pid, signal.SIGKILL)
        for _ in children:
            os.waitpid(-1, 0)


def parents() -> list[tuple[int, int]]:
    """Every process and its parent."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                # The name in parentheses may hold anything, so count from its end.
                after = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found.append((int(folder.name), int(after[1])))
    return found
