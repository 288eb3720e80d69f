"""Clients that hold on to one node while it is frozen, and go on writing to it when it thaws: it must acknowledge nothing,
because another node has taken over. They connect before, as a server's pool has."""

import threading
import uuid

from cluster import APP, RIG_DATABASE, Cluster
from nodes import Node
from session import Connection, Session, Unknown

COUNT = 4
INSERT = "INSERT INTO witnesses VALUES (%s)"


class Witnesses:
    """Half of them have a COMMIT on its way when the node thaws; the others begin anew when it does."""

    def __init__(self, cluster: Cluster, node: Node) -> None:
        self.sessions = [Session(cluster.url(APP, RIG_DATABASE, node, attrs="any")) for _ in range(COUNT)]
        self.threads: list[threading.Thread] = []
        self.frozen, self.thawed, self.stopping = threading.Event(), threading.Event(), threading.Event()
        self.acknowledged: list[uuid.UUID] = []
        self.tries_after = 0
        ready = threading.Barrier(COUNT + 1)
        for number, session in enumerate(self.sessions):
            watch = self.commit_across if number % 2 else self.write_after
            self.threads.append(threading.Thread(target=watch, args=(session, ready)))
            self.threads[-1].start()
        ready.wait()

    def commit_across(self, session: Session, ready: threading.Barrier) -> None:
        key = uuid.uuid4()

        def insert_and_wait(db: Connection) -> None:
            db.execute(INSERT, (key,))
            ready.wait()
            self.frozen.wait()

        self.attempt(session, key, insert_and_wait, within_s=120)
        self.write_on(session)

    def write_after(self, session: Session, ready: threading.Barrier) -> None:
        session.transact(lambda db: db.execute("SELECT 1"))
        ready.wait()
        self.write_on(session)

    def write_on(self, session: Session) -> None:
        self.thawed.wait()
        while not self.stopping.wait(0.02):
            key = uuid.uuid4()
            self.tries_after += 1
            self.attempt(session, key, lambda db, key=key: db.execute(INSERT, (key,)))
        session.close()

    def attempt(self, session: Session, key: uuid.UUID, work, within_s: float = 5) -> None:
        try:
            session.transact(work, within_s)
        except Unknown:
            return
        self.acknowledged.append(key)

    def stop(self) -> None:
        for event in (self.stopping, self.frozen, self.thawed):
            event.set()
        for thread in self.threads:
            thread.join()
