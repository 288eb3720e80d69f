"""The highly available database: etcd and three nodes, its roles and databases, who is primary, and whether all is well.
It must never know what is stored in it."""

import secrets
from pathlib import Path
from urllib.parse import quote

import nodes
import psycopg
from processes import wait_for
from tools import Tools

OWNER = "officeconfig_owner"
APP = "officeconfig_app"
# What the service has, and what the rig keeps for itself.
SERVICE_DATABASE = "officeconfig"
RIG_DATABASE = "rig"
STARTS_WITHIN_S = 120


class Cluster:
    """Running once constructed and `start`ed; the guard ends it."""

    def __init__(self, tools: Tools, base: Path) -> None:
        password = secrets.token_urlsafe
        self.passwords = nodes.Passwords(password(), password(), password())
        self.role_passwords = {OWNER: password(), APP: password(), "postgres": self.passwords.superuser}
        self.etcd, at = nodes.etcd(tools, base)
        self.nodes = [nodes.Node(f"node{n}", tools, base, at, self.passwords) for n in (1, 2, 3)]

    def start(self) -> None:
        self.etcd.start()
        for node in self.nodes:
            node.patroni.start()
        try:
            wait_for("three nodes with a quorum of standbys", STARTS_WITHIN_S, lambda: not self.ailments())
        except TimeoutError:
            print(
                *(
                    f"{program.log}:\n{program.tail()}"
                    for program in (self.etcd, *(node.patroni for node in self.nodes))
                ),
                sep="\n",
            )
            raise
        self.make_roles()

    def make_roles(self) -> None:
        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            for role in (OWNER, APP):
                connection.execute(
                    f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '{self.role_passwords[role]}'"
                )
            for database in (SERVICE_DATABASE, RIG_DATABASE):
                connection.execute(f"CREATE DATABASE {database} OWNER {OWNER}")
            self.version = connection.execute("SHOW server_version").fetchone()[0]  # type: ignore[index]

    def url(self, role: str, database: str, *only: nodes.Node, attrs: str = "read-write") -> str:
        """The URL of all nodes, or of some; `attrs` is libpq's `target_session_attrs`."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in only or self.nodes)
        return f"postgres://{role}:{quote(self.role_passwords[role])}@{hosts}/{database}?target_session_attrs={attrs}"

    def primary(self) -> nodes.Node | None:
        """The node that says it is; there may be none for a while."""
        for node in self.nodes:
            told = node.ask("/patroni")
            if told and told.get("role") == "primary" and told.get("state") == "running":
                return node
        return None

    def the_primary(self) -> nodes.Node:
        primary = self.primary()
        assert primary, "there is no primary"
        return primary

    def standbys(self) -> list[nodes.Node]:
        primary = self.the_primary()
        return [node for node in self.nodes if node is not primary]

    def ailments(self) -> list[str]:
        """What keeps it from being as it was at first: nothing when the list is empty."""
        if not self.etcd.is_running():
            return ["etcd is not running"]
        found = [f"{node.name}: its Patroni is not running" for node in self.nodes if not node.patroni.is_running()]
        primary = self.primary()
        if not primary:
            return [*found, "no primary"]
        members = (primary.ask("/cluster") or {}).get("members", [])
        timelines = {member.get("timeline") for member in members}
        if len(members) != len(self.nodes) or len(timelines) != 1:
            found.append(f"{len(members)} members on timelines {timelines}")
        for member in members:
            expected = ("leader", "running") if member["name"] == primary.name else ("quorum_standby", "streaming")
            if (member["role"], member["state"]) != expected:
                found.append(f"{member['name']} is {member['role']}, {member['state']}")
        return found
