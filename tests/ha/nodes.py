"""One PostgreSQL node under Patroni, and the etcd that the nodes agree through: how they are configured, started and killed.
It must never know why."""

import json
import shutil
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from processes import Frozen, Program, free_ports, kill
from tools import Tools

# The lease: below 20 s Patroni does not take it. loop_wait + 2 × retry_timeout must fit into it.
TTL_S = 20
LOOP_WAIT_S = 3
RETRY_TIMEOUT_S = 5
# Longer than what Patroni itself allows a frozen peer.
ASK_WITHIN_S = 3


@dataclass(frozen=True)
class Passwords:
    superuser: str
    replication: str
    rewind: str


def etcd(tools: Tools, folder: Path) -> tuple[Program, str]:
    """An etcd of one member, and its `host:port`. Killing one of three would change nothing; killing this one leaves Patroni without any."""
    client, peer = free_ports(2)
    url, peer_url = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    command = [tools.etcd, "--name", "etcd", "--data-dir", folder / "etcd", "--logger", "zap"]
    command += ["--listen-client-urls", url, "--advertise-client-urls", url]
    command += [
        "--listen-peer-urls",
        peer_url,
        "--initial-advertise-peer-urls",
        peer_url,
        "--initial-cluster",
        f"etcd={peer_url}",
    ]
    return Program("etcd", command, folder), f"127.0.0.1:{client}"


class Node:
    """A PostgreSQL server and its Patroni."""

    def __init__(self, name: str, tools: Tools, base: Path, etcd_at: str, passwords: Passwords) -> None:
        self.name = name
        self.port, self.rest_port = free_ports(2)
        self.folder = base / name
        self.folder.mkdir(mode=0o700)
        file = self.folder / "patroni.json"
        file.write_text(json.dumps(self.configuration(tools, etcd_at, passwords), indent=1))
        if tools.account:
            for path in (self.folder, file):
                shutil.chown(path, tools.account, tools.account)
        self.patroni = Program(name, [tools.python, tools.patroni, file], base, tools.account)

    def configuration(self, tools: Tools, etcd_at: str, passwords: Passwords) -> dict[str, Any]:
        """Patroni's file. It is YAML, and JSON is YAML in which every word is quoted: a bare `off` would be false."""
        at, rest = f"127.0.0.1:{self.port}", f"127.0.0.1:{self.rest_port}"
        return {
            "scope": "officeconfig",
            "name": self.name,
            "restapi": {"listen": rest, "connect_address": rest},
            "etcd3": {"host": etcd_at},
            "watchdog": {"mode": "off"},
            "bootstrap": {
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
                "dcs": {
                    "ttl": TTL_S,
                    "loop_wait": LOOP_WAIT_S,
                    "retry_timeout": RETRY_TIMEOUT_S,
                    "synchronous_mode": "quorum",
                    "synchronous_mode_strict": True,
                    "failsafe_mode": True,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {
                            "fsync": "on",
                            "synchronous_commit": "on",
                            "max_connections": 150,
                            "shared_buffers": "64MB",
                            "max_wal_size": "512MB",
                            "wal_keep_size": "128MB",
                        },
                    },
                },
            },
            "postgresql": {
                "listen": at,
                "connect_address": at,
                "data_dir": str(self.data),
                "bin_dir": str(tools.postgres),
                "pgpass": str(self.folder / "pgpass"),
                "authentication": {
                    "superuser": {"username": "postgres", "password": passwords.superuser},
                    "replication": {"username": "replicator", "password": passwords.replication},
                    "rewind": {"username": "rewinder", "password": passwords.rewind},
                },
                # Nobody needs a socket, and the path of one may be too long.
                "parameters": {"unix_socket_directories": ""},
                "pg_hba": [
                    "host replication replicator 127.0.0.1/32 scram-sha-256",
                    "host all all 127.0.0.1/32 scram-sha-256",
                ],
            },
        }

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def postmaster(self) -> int | None:
        """Process id of the server, if one runs."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            # A server that was killed leaves its file behind, and the id may be somebody else's by now.
            return pid if psutil.Process(pid).name() == "postgres" else None
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None

    def kill_postmaster(self) -> None:
        if pid := self.postmaster():
            kill(pid)

    def kill(self) -> None:
        """Both, Patroni first: it would start its server again."""
        self.patroni.kill()
        self.kill_postmaster()

    def freeze(self) -> Frozen:
        """Stops both, as a machine does that hangs."""
        return Frozen(self.patroni.pid, *([pid] if (pid := self.postmaster()) else []))

    def ask(self, path: str) -> dict[str, Any] | None:
        """What Patroni says at `path`; None when it says nothing."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.rest_port}{path}", timeout=ASK_WITHIN_S) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None
