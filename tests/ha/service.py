"""The real workload: what one round does to the service through its balancer, and what it looks for afterwards. The clients
are in `service_clients.py`."""

import time
import uuid
from collections import Counter as Count

from cluster import Cluster
from ledger import Ledger
from processes import wait_for
from service_clients import ADMIN, POLICIES, STATUSES, Counter, Creator, Device, Reader, RowsByDevice
from servers import Servers
from wire import Wire
from workload import Estate, Findings, Workload

CLIENTS = f"{ADMIN}/officeConfiguration/clientConfigurations"
# Replicas see what another one wrote within 2 s: issue 5.
SEEN_WITHIN_S = 2
VISIBLE_WITHIN_S = 15
SETTING = {"settingId": "office16;A", "type": "REG_DWORD", "value": "1", "valueName": "A", "key": "common"}


class ServiceEstate(Estate):
    """A tenant of its own for each round."""

    def __init__(self, servers: Servers, ledger: Ledger) -> None:
        self.servers = servers
        self.tenant = str(uuid.uuid4())
        self.token = servers.issuer.admin(self.tenant)
        port = servers.balancer.port
        admin = Wire(port, self.token)
        self.configure(admin)
        users = [servers.issuer.user(self.tenant, f"user{n}") for n in range(5)]
        self.creators = [Creator(f"creator{n}", Wire(port, self.token), ledger) for n in range(3)]
        self.counters = [Counter(f"counter{n}", Wire(port, self.token), CLIENTS, ledger) for n in range(2)]
        self.devices = [Device(f"device{n}", Wire(port, user), ledger) for n, user in enumerate(users[:2])]
        self.readers = [Reader(f"reader{n}", Wire(port, user), ledger) for n, user in enumerate(users[2:])]
        self.clients = [*self.creators, *self.counters, *self.devices, *self.readers]
        self.await_policies(users[0])

    def configure(self, admin: Wire) -> None:
        """One configuration for everybody."""
        made = admin.good(
            "POST", CLIENTS, {"@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration", "displayName": "all"}
        )
        path = f"{CLIENTS}/{made.json()['id']}"
        admin.good("PUT", f"{path}/policyPayload", [SETTING])
        target = {"target": {"@odata.type": "#officeConfig.allUsersAssignmentTarget"}}
        admin.good("POST", f"{path}/assign", {"officeConfigurationAssignments": [target]})

    def await_policies(self, token: str) -> None:
        """Until every server has it: the load must not begin before the servers know what to answer."""
        for server in self.servers.servers:
            wire = Wire(server.port, token)
            wait_for(
                f"the policies at {server.name}",
                VISIBLE_WITHIN_S,
                # A device of its own, so that no client's row is touched.
                lambda wire=wire: wire.good("GET", POLICIES, Device_Name="rig").json()["value"],
            )
            wire.close()

    def audit(self) -> Findings:
        """Through each of the servers: they must agree."""
        time.sleep(SEEN_WITHIN_S)
        found = Findings()
        for server in self.servers.servers:
            wire = Wire(server.port, self.token)
            ids = Count(row["id"] for row in wire.rows(f"{ADMIN}/officeConfigurations?$select=id"))
            rows = wire.rows(f"{STATUSES}?$select=userPrincipalName,deviceName,errorMessage")
            one = self.compare(ids, rows, wire)
            wire.close()
            # Three audits of the same effects are not three times as many effects.
            one.checked = one.checked if server is self.servers.servers[0] else 0
            for faults in (one.lost, one.doubled, one.wrong):
                faults[:] = [f"{server.name}: {fault}" for fault in faults]
            found.add(one)
        return found

    def compare(self, ids: Count[str], rows: list[dict[str, str]], wire: Wire) -> Findings:
        found = Findings()
        by_device: RowsByDevice = {}
        for row in rows:
            by_device.setdefault(row["deviceName"], []).append(row)
        for creator in self.creators:
            found.add(creator.audit(ids))
        for counter in self.counters:
            found.add(counter.audit(wire))
        for client in (*self.devices, *self.readers):
            found.add(client.audit(by_device))
        found.doubled += [f"{id} is listed {count} times" for id, count in ids.items() if count > 1]
        found.doubled += [f"{device} has {len(them)} rows" for device, them in by_device.items() if len(them) > 1]
        # The default configuration has an id that nobody chose.
        strange = set(ids).difference(*(creator.attempted for creator in self.creators))
        if len(strange) > 1:
            found.wrong.append(f"configurations that nobody sent: {sorted(strange)[:5]}")
        return found


class Service(Workload):
    def __init__(self, cluster: Cluster, servers: Servers) -> None:
        self.cluster = cluster
        self.servers = servers

    def start(self) -> None:
        self.servers.start()

    def estate(self, name: str, ledger: Ledger) -> ServiceEstate:
        return ServiceEstate(self.servers, ledger)

    def ailments(self) -> list[str]:
        return self.servers.ailments()
