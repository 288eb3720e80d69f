"""The stand-in workload: the shape of the real one, in plain SQL against the cluster. It checks the rig itself, and that the
database keeps its word, without any server of ours."""

import random
import uuid

from cluster import APP, OWNER, RIG_DATABASE, Cluster
from ledger import Ledger, Outcome
from session import Connection, Session, Unknown
from workload import Client, Estate, Findings, Workload

SCHEMA = f"""
CREATE TABLE created (estate text, id uuid, PRIMARY KEY (estate, id));
CREATE TABLE counters (estate text, name text, value int NOT NULL, version int NOT NULL, PRIMARY KEY (estate, name));
CREATE TABLE reports (estate text, device text, message int NOT NULL, PRIMARY KEY (estate, device));
CREATE TABLE witnesses (id uuid PRIMARY KEY);
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {APP};
"""


class Creator(Client):
    """Creates things with ids that it chose, so that one whose outcome is unknown can be sent again."""

    is_write = True
    interval_s = 0.05

    def __init__(self, name: str, estate: str, session: Session, ledger: Ledger) -> None:
        self.name, self.estate, self.session, self.ledger = name, estate, session, ledger
        self.acknowledged: set[uuid.UUID] = set()
        self.attempted: set[uuid.UUID] = set()
        self.pending: uuid.UUID | None = None

    def step(self) -> Outcome:
        again, key = self.pending is not None, self.pending or uuid.uuid4()
        self.pending = key
        self.attempted.add(key)
        insert = "INSERT INTO created VALUES (%s, %s) ON CONFLICT DO NOTHING"
        try:
            fresh = self.session.transact(lambda db: db.execute(insert, (self.estate, key)).rowcount == 1)
        except Unknown:
            return Outcome.UNKNOWN
        if not fresh and not again:
            self.ledger.accuse(f"{self.name}: {key} was there before it was sent")
        self.pending = None
        self.acknowledged.add(key)
        return Outcome.DONE

    def close(self) -> None:
        self.session.close()

    def audit(self, stored: set[uuid.UUID]) -> Findings:
        return Findings(lost=[f"created {key}" for key in self.acknowledged - stored], checked=len(self.acknowledged))


class Counter(Client):
    """Changes one thing over and over, each time on condition that it is as it was left."""

    is_write = True
    interval_s = 0.05

    def __init__(self, name: str, estate: str, session: Session, ledger: Ledger) -> None:
        self.name, self.estate, self.session, self.ledger = name, estate, session, ledger
        self.done = 0

    def step(self) -> Outcome:
        try:
            if not self.session.transact(self.advance):
                self.ledger.accuse(f"{self.name}: changed by somebody else after {self.done}")
        except Unknown:
            return Outcome.UNKNOWN
        self.done += 1
        return Outcome.DONE

    def advance(self, db: Connection) -> bool:
        wanted = self.done + 1
        update = (
            "UPDATE counters SET value = %s, version = version + 1 WHERE estate = %s AND name = %s AND version = %s"
        )
        if db.execute(update, (wanted, self.estate, self.name, self.done)).rowcount == 1:
            return True
        # The try before, whose outcome was unknown, took effect, once.
        found = db.execute(
            "SELECT value, version FROM counters WHERE estate = %s AND name = %s", (self.estate, self.name)
        ).fetchone()
        return found == (wanted, wanted)

    def close(self) -> None:
        self.session.close()

    def audit(self, stored: dict[str, tuple[int, int]]) -> Findings:
        value, version = stored.get(self.name, (-1, -1))
        found = Findings(checked=self.done)
        if value < self.done:
            found.lost.append(f"{self.name} is {value}, {self.done} was acknowledged")
        if version != value or value > self.done + 1:
            found.doubled.append(f"{self.name} is {value} after {version} changes, {self.done} were acknowledged")
        return found


class Reporter(Client):
    """Reports on one device, over and over, whatever is there."""

    is_write = True
    interval_s = 0.05

    def __init__(self, name: str, estate: str, session: Session) -> None:
        self.name, self.estate, self.session = name, estate, session
        self.done = 0

    def step(self) -> Outcome:
        upsert = "INSERT INTO reports VALUES (%s, %s, %s) ON CONFLICT (estate, device) DO UPDATE SET message = EXCLUDED.message"
        try:
            self.session.transact(lambda db: db.execute(upsert, (self.estate, self.name, self.done + 1)))
        except Unknown:
            return Outcome.UNKNOWN
        self.done += 1
        return Outcome.DONE

    def close(self) -> None:
        self.session.close()

    def audit(self, stored: dict[str, int]) -> Findings:
        found, message = Findings(checked=self.done), stored.get(self.name, 0)
        if message < self.done:
            found.lost.append(f"{self.name} is {message}, {self.done} was acknowledged")
        if message > self.done + 1:
            found.wrong.append(f"{self.name} is {message}, {self.done + 1} was the last sent")
        return found


class Reader(Client):
    """Reads from any node that answers: what servers with a snapshot do without a database."""

    is_write = False
    interval_s = 0.3

    def __init__(self, name: str, estate: str, session: Session) -> None:
        self.name, self.estate, self.session = name, estate, session

    def step(self) -> Outcome:
        for _ in self.session.urls:
            try:
                self.session.transact(
                    lambda db: db.execute("SELECT count(*) FROM counters WHERE estate = %s", (self.estate,)).fetchone()
                )
            except Unknown:
                continue
            return Outcome.DONE
        return Outcome.UNANSWERED

    def close(self) -> None:
        self.session.close()


class DirectEstate(Estate):
    def __init__(self, name: str, cluster: Cluster, ledger: Ledger) -> None:
        self.name = name
        url = cluster.url(APP, RIG_DATABASE)
        self.session = Session(url)
        self.creators = [Creator(f"creator{n}", name, Session(url), ledger) for n in range(3)]
        self.counters = [Counter(f"counter{n}", name, Session(url), ledger) for n in range(2)]
        self.reporters = [Reporter(f"device{n}", name, Session(url)) for n in range(2)]
        each = [cluster.url(APP, RIG_DATABASE, node, attrs="any") for node in cluster.nodes]
        readers = [Reader(f"reader{n}", name, Session(*random.sample(each, len(each)))) for n in range(2)]
        for counter in self.counters:
            self.session.transact(
                lambda db, made=counter.name: db.execute("INSERT INTO counters VALUES (%s, %s, 0, 0)", (name, made))
            )
        self.clients = [*self.creators, *self.counters, *self.reporters, *readers]

    def audit(self) -> Findings:
        found = Findings()
        # Whatever it was connected to may be dead since.
        self.session.close()
        created = {key for (key,) in self.rows("SELECT id FROM created WHERE estate = %s")}
        counters = {
            name: (value, version)
            for name, value, version in self.rows("SELECT name, value, version FROM counters WHERE estate = %s")
        }
        reports = dict(self.rows("SELECT device, message FROM reports WHERE estate = %s"))
        for creator in self.creators:
            found.add(creator.audit(created))
        for counter in self.counters:
            found.add(counter.audit(counters))
        for reporter in self.reporters:
            found.add(reporter.audit(reports))
        found.wrong += [
            f"created {key}, which nobody sent" for key in created.difference(*(one.attempted for one in self.creators))
        ]
        return found

    def rows(self, query: str) -> list[tuple]:
        return self.session.transact(lambda db: db.execute(query, (self.name,)).fetchall())


class Direct(Workload):
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def start(self) -> None:
        pass

    def estate(self, name: str, ledger: Ledger) -> DirectEstate:
        return DirectEstate(name, self.cluster, ledger)

    def ailments(self) -> list[str]:
        return []


def make_schema(cluster: Cluster) -> None:
    """The tables of this workload, and those of the witnesses at a frozen primary."""
    Session(cluster.url(OWNER, RIG_DATABASE)).transact(lambda db: db.execute(SCHEMA))
