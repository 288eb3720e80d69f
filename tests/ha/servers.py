"""The officeconfig servers behind their balancer. This is the one place that knows how the program's flags are spelled."""

import secrets
import subprocess
import urllib.request
from itertools import cycle
from pathlib import Path

from balancer import Balancer
from cluster import APP, OWNER, SERVICE_DATABASE, Cluster
from issuer import Issuer
from processes import Program, free_ports, wait_for
from tools import Tools

COUNT = 3
READY_WITHIN_S = 60
ASK_WITHIN_S = 2
# As large as allowed: audits read everything.
PAGE_SIZE = 10_000


class Server:
    def __init__(self, name: str, port: int, program: Program) -> None:
        self.name, self.port, self.program = name, port, program

    def is_ready(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}/readyz", timeout=ASK_WITHIN_S) as answer:
                return answer.status == 200
        except OSError:
            return False


class Servers:
    """Not running before `start`."""

    def __init__(self, binary: Path, cluster: Cluster, tools: Tools, folder: Path) -> None:
        self.binary, self.cluster, self.folder = binary, cluster, folder
        self.issuer = Issuer()
        self.secret = folder / "secret"
        self.secret.write_text(secrets.token_hex(32) + "\n")
        self.secret.chmod(0o600)
        self.config = folder / "officeconfig.toml"
        self.config.write_text(f"[pages]\nmax = {PAGE_SIZE}\n\n{self.issuer.section()}")
        self.config.chmod(0o600)
        self.serve_flags = self.help("serve")
        self.servers = [self.server(f"server{n}", port) for n, port in enumerate(free_ports(COUNT), 1)]
        self.victims = cycle(self.servers)
        self.balancer = Balancer(tools, folder, [server.port for server in self.servers])

    def help(self, command: str) -> str:
        """What the program says of a command; empty when it does not know it."""
        done = subprocess.run([self.binary, command, "--help"], capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else ""

    def server(self, name: str, port: int) -> Server:
        command = [self.binary, "serve", "--listen", f"127.0.0.1:{port}", "--config", self.config]
        command += ["--database", self.cluster.url(APP, SERVICE_DATABASE)]
        # Some versions keep nothing beside the database.
        for flag, value in (("--data", self.folder / name), ("--secret-file", self.secret)):
            if flag in self.serve_flags:
                command += [flag, value]
        return Server(name, port, Program(name, command, self.folder))

    def start(self) -> None:
        if "--database" not in self.serve_flags:
            raise RuntimeError(f"{self.binary} serve knows no --database: it was built before the PostgreSQL store")
        self.migrate()
        for server in self.servers:
            server.program.start()
        self.balancer.program.start()
        try:
            wait_for("three servers that are ready", READY_WITHIN_S, lambda: not self.ailments())
        except TimeoutError:
            print(*(f"{server.name}:\n{server.program.tail()}" for server in self.servers), sep="\n")
            raise

    def migrate(self) -> None:
        """As the owner; the servers' own role may not."""
        command = [self.binary, "migrate", "--database", self.cluster.url(OWNER, SERVICE_DATABASE), "--app-role", APP]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"officeconfig migrate: {done.stderr.strip()}")

    def programs(self) -> list[Program]:
        return [server.program for server in self.servers]

    def next_victim(self) -> Server:
        return next(self.victims)

    def ailments(self) -> list[str]:
        found = [
            f"{server.name} is not ready"
            for server in self.servers
            if not (server.program.is_running() and server.is_ready())
        ]
        return found if self.balancer.is_listening() else [*found, "the balancer does not listen"]
