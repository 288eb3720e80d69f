"""Starting, killing and freezing processes, and ports for them. It knows nothing of what they do."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

GONE_WITHIN_S = 30


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that nobody uses, below those that outgoing connections get: a server that is killed and
    comes back must find its port free."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = random.sample(range(10_000, max(lowest, 20_000)), 2_000)
    found: list[int] = []
    for port in candidates:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise OSError("no free ports")


def wait_for(what: str, within_s: float, is_so: Callable[[], object], every_s: float = 0.2) -> None:
    """Returns once it is so; an error that names `what` otherwise."""
    end = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {within_s:g} s")
        time.sleep(every_s)


class Program:
    """A program with a log file, started and killed any number of times."""

    def __init__(self, name: str, command: list[str | Path], folder: Path, account: str | None = None) -> None:
        self.name = name
        self.command = [str(word) for word in command]
        self.log = folder / f"{name}.log"
        self.account = account
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # A group of its own: an interrupt at the terminal is for the rig, which then ends things in order.
        # Proxies are for the world outside; all that these programs talk to is on this machine.
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command,
                cwd="/",
                env=env | {"LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.account,
                group=self.account,
                extra_groups=[] if self.account else None,
            )

    @property
    def pid(self) -> int:
        assert self.child, f"{self.name} was never started"
        return self.child.pid

    def is_running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        if self.child:
            self.child.kill()
            self.child.wait()

    def tail(self, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def kill(pid: int) -> None:
    """SIGKILL to a process that is not our child; returns when it is gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.kill()
        process.wait(GONE_WITHIN_S)


def kill_all_below(folder: Path) -> None:
    """SIGKILL to whatever was started with a path below `folder`, until there is nothing left of it."""
    while found := [
        one
        for one in psutil.process_iter(["cmdline"])
        if any(f"{folder}/" in word for word in one.info["cmdline"] or [])
    ]:
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, GONE_WITHIN_S)


class Frozen:
    """Processes with all their descendants, stopped until `thaw`."""

    def __init__(self, *roots: int) -> None:
        self.stopped: list[psutil.Process] = []
        # A root may still fork while its children are being stopped: look again until nothing new is found.
        while fresh := [one for root in roots for one in family(root) if one not in self.stopped]:
            for process in fresh:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGSTOP)
                self.stopped.append(process)

    def thaw(self) -> None:
        for process in self.stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def family(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
