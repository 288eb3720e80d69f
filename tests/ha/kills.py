"""The ways in which parts die: what is done, what must hold meanwhile, and within what time writes must be back. A new kind
is a class here and its name in `run.py`."""

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from cluster import Cluster
from ledger import Ledger
from nodes import TTL_S, Node
from processes import Frozen
from witness import Witnesses

if TYPE_CHECKING:
    from servers import Servers

# What is promised: the first write acknowledged after a primary's death, and after what was away has returned.
AFTER_DEATH_S = 30
AFTER_RETURN_S = 15


class Kill(ABC):
    """One kill. Used once."""

    away_s: float | None = None
    """How long what was killed stays away; None: until writes are back without it."""
    limit_s: float = AFTER_DEATH_S
    counts_from_return = False
    """Whether the limit counts from the return and not from the kill."""

    def __init__(self, cluster: Cluster, servers: "Servers | None") -> None:
        self.cluster = cluster
        self.servers = servers

    @abstractmethod
    def strike(self) -> None: ...

    @abstractmethod
    def bring_back(self) -> None: ...

    def release(self) -> None:
        """Ends it when its round broke off, however far that had come."""
        for program in (
            self.cluster.etcd,
            *(node.patroni for node in self.cluster.nodes),
            *(self.servers.programs() if self.servers else []),
        ):
            if not program.is_running():
                program.start()

    def faults(self, ledger: Ledger, struck: float, returned: float) -> list[str]:
        """What happened between kill and return that must not; asked when all is well again."""
        return []


class PrimaryDies(Kill):
    """The primary's machine is gone: its Patroni and its server at once."""

    def strike(self) -> None:
        self.node = self.cluster.the_primary()
        self.node.kill()

    def bring_back(self) -> None:
        self.node.patroni.start()

    def faults(self, ledger: Ledger, struck: float, returned: float) -> list[str]:
        return took_over(self.cluster, self.node)


class PostmasterDies(Kill):
    """The server process alone: its Patroni starts it again, or gives way."""

    def strike(self) -> None:
        self.cluster.the_primary().kill_postmaster()

    def bring_back(self) -> None:
        pass


class ServerDies(Kill):
    """One of the officeconfig servers: the others go on without it, and its clients are sent to them."""

    away_s = 5

    def strike(self) -> None:
        assert self.servers
        self.server = self.servers.next_victim()
        self.server.program.kill()

    def bring_back(self) -> None:
        self.server.program.start()


class StandbysDie(Kill):
    """Both standbys: nothing may be acknowledged while one node alone has it."""

    away_s = 8
    limit_s = AFTER_RETURN_S
    counts_from_return = True

    def strike(self) -> None:
        self.nodes = self.cluster.standbys()
        for node in self.nodes:
            node.patroni.kill()
        for node in self.nodes:
            node.kill_postmaster()

    def bring_back(self) -> None:
        for node in self.nodes:
            node.patroni.start()

    def faults(self, ledger: Ledger, struck: float, returned: float) -> list[str]:
        count = len(ledger.acknowledged(struck, returned))
        return [f"{count} writes were acknowledged without any standby"] if count else []


class EtcdDies(Kill):
    """Past the lease, so that only failsafe mode can have kept the primary."""

    away_s = TTL_S + 8
    limit_s = AFTER_RETURN_S
    counts_from_return = True

    def strike(self) -> None:
        self.node = self.cluster.the_primary()
        self.cluster.etcd.kill()

    def bring_back(self) -> None:
        self.still = self.cluster.primary() is self.node
        self.cluster.etcd.start()

    def faults(self, ledger: Ledger, struck: float, returned: float) -> list[str]:
        found = [] if self.still and self.cluster.primary() is self.node else ["the primary gave way"]
        # The last seconds of it: past the lease, failsafe mode alone counts.
        if not ledger.acknowledged(returned - 5, returned):
            found.append("nothing was acknowledged any more when etcd had been away for longer than the lease")
        return found


class PrimaryFreezes(Kill):
    """The primary hangs past its lease, with its Patroni, and comes to life again when another has taken over."""

    def strike(self) -> None:
        self.node = self.cluster.the_primary()
        self.witnesses = Witnesses(self.cluster, self.node)
        self.frozen: Frozen = self.node.freeze()
        self.witnesses.frozen.set()

    def bring_back(self) -> None:
        # A little longer than it takes the others: the new primary is at work when the old one wakes.
        time.sleep(3)
        self.replaced = self.cluster.primary() not in (None, self.node)
        self.frozen.thaw()
        self.witnesses.thawed.set()

    def release(self) -> None:
        self.frozen.thaw()
        self.witnesses.stop()
        super().release()

    def faults(self, ledger: Ledger, struck: float, returned: float) -> list[str]:
        self.witnesses.stop()
        found = took_over(self.cluster, self.node) if self.replaced else ["nobody had taken over when it thawed"]
        if not self.witnesses.tries_after:
            found.append("no witness wrote to the old primary")
        if count := len(self.witnesses.acknowledged):
            found.append(f"the old primary acknowledged {count} writes after it was frozen")
        return found


def took_over(cluster: Cluster, old: Node) -> list[str]:
    return [] if cluster.primary() is not old else [f"{old.name} is primary as before"]


KINDS: dict[str, type[Kill]] = {
    "primary": PrimaryDies,
    "postmaster": PostmasterDies,
    "replica-server": ServerDies,
    "standbys": StandbysDie,
    "etcd": EtcdDies,
    "frozen": PrimaryFreezes,
}
