"""What a workload is, and the threads that drive one. Two exist: `direct` (plain SQL, to check the rig itself) and `service`
(the real thing). It must never know how either talks."""

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from ledger import Attempt, Ledger, Outcome, now


class Client(ABC):
    """One client, used by one thread at a time. It keeps to itself what it was told, for the audit."""

    name: str
    is_write: bool
    interval_s: float

    @abstractmethod
    def step(self) -> Outcome:
        """Tries once. After an unknown outcome the next step tries the same write again."""

    @abstractmethod
    def close(self) -> None:
        """Lets its connection go. The client may be used again."""


@dataclass
class Findings:
    """What an audit saw. All lists but `checked` are faults."""

    lost: list[str] = field(default_factory=list)
    """Acknowledged, and not there."""
    doubled: list[str] = field(default_factory=list)
    """There twice, or took effect twice."""
    wrong: list[str] = field(default_factory=list)
    """Anything else that cannot be."""
    checked: int = 0
    """Acknowledged effects that were looked for."""

    def add(self, other: "Findings") -> None:
        self.lost += other.lost
        self.doubled += other.doubled
        self.wrong += other.wrong
        self.checked += other.checked


class Estate(ABC):
    """What one round writes to: fresh, so that a round is judged by itself; and again at the end of all rounds."""

    clients: list[Client]

    @abstractmethod
    def audit(self) -> Findings:
        """Compares what is stored with what the clients were told. All clients rest."""


class Workload(ABC):
    @abstractmethod
    def start(self) -> None:
        """Makes what all rounds share. The cluster runs."""

    @abstractmethod
    def estate(self, name: str, ledger: Ledger) -> Estate:
        """What the next round writes to."""

    @abstractmethod
    def ailments(self) -> list[str]:
        """What is not yet as it was at first."""


class Load:
    """Drives clients until it is stopped."""

    def __init__(self, clients: list[Client], ledger: Ledger) -> None:
        self.ledger = ledger
        self.clients = clients
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.drive, args=(client,), name=client.name) for client in clients]
        for thread in self.threads:
            thread.start()

    @property
    def writers(self) -> set[str]:
        return {client.name for client in self.clients if client.is_write}

    def drive(self, client: Client) -> None:
        due = now()
        try:
            while not self.stopping.wait(max(0.0, due - now())):
                begun = now()
                outcome = client.step()
                self.ledger.add(Attempt(client.name, client.is_write, begun, now(), outcome))
                # Readers come when they come, however long the last answer took; writers wait for theirs.
                due = (now() if client.is_write else due) + client.interval_s
        except Exception as error:
            # A thread that dies unseen would be a client that found nothing wrong.
            self.ledger.accuse(f"{client.name}: {type(error).__name__}: {error}")
        finally:
            client.close()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()
