"""The clients of the real workload: administrators' tools that repeat what they are not sure of, and devices. Each looks for
what it was promised. A status that neither promises nor refuses for now is a fault, whatever dies."""

import uuid
from collections import Counter as Count

from ledger import Ledger, Outcome
from wire import Answer, Broken, Wire
from workload import Client, Findings

ADMIN = "/beta"
POLICIES = "/user/v1.0/windows/policies"
STATUSES = f"{ADMIN}/officeConfiguration/tenantCheckinStatuses"

RowsByDevice = dict[str, list[dict[str, str]]]


class Caller(Client):
    """What all have in common."""

    def __init__(self, name: str, wire: Wire, ledger: Ledger) -> None:
        self.name, self.wire, self.ledger = name, wire, ledger

    def close(self) -> None:
        self.wire.close()

    def unclear(self, answer: Answer) -> Outcome:
        """Neither done nor refused for good."""
        is_json = "json" in (answer.headers.get("Content-Type") or "")
        # 502 and 504 are the balancer's: a server died under the request.
        if answer.status not in (502, 503, 504):
            self.ledger.accuse(f"{self.name}: {answer}")
        elif answer.status == 503 and is_json and "Retry-After" not in answer.headers:
            self.ledger.accuse(f"{self.name}: a 503 without Retry-After")
        return Outcome.UNKNOWN


class Creator(Caller):
    """`POST /officeConfigurations` with ids that it chose: 409 for one that was sent before means that it is done."""

    is_write = True
    interval_s = 0.1

    def __init__(self, name: str, wire: Wire, ledger: Ledger) -> None:
        super().__init__(name, wire, ledger)
        self.acknowledged: set[str] = set()
        self.attempted: set[str] = set()
        self.pending: str | None = None

    def step(self) -> Outcome:
        again, key = self.pending is not None, self.pending or str(uuid.uuid4())
        self.pending = key
        self.attempted.add(key)
        try:
            answer = self.wire.call("POST", f"{ADMIN}/officeConfigurations", {"id": key})
        except Broken:
            return Outcome.UNKNOWN
        if answer.status != 201 and not (answer.status == 409 and again):
            return self.unclear(answer)
        self.pending = None
        self.acknowledged.add(key)
        return Outcome.DONE

    def audit(self, stored: Count[str]) -> Findings:
        return Findings(
            lost=[f"officeConfiguration {key}" for key in self.acknowledged - stored.keys()],
            checked=len(self.acknowledged),
        )


class Counter(Caller):
    """`PATCH` of one client configuration over and over, each time on condition that it is as it was left: a change that took
    effect twice, or one of somebody else's, would break the chain."""

    is_write = True
    interval_s = 0.1

    def __init__(self, name: str, wire: Wire, collection: str, ledger: Ledger) -> None:
        super().__init__(name, wire, ledger)
        body = {
            "@odata.type": "#microsoft.graph.windowsOfficeClientConfiguration",
            "displayName": name,
            "description": "0",
        }
        made = wire.good("POST", collection, body)
        self.path, self.tag = f"{collection}/{made.json()['id']}", made.headers["ETag"]
        self.done = 0
        self.is_again = False

    def step(self) -> Outcome:
        wanted = str(self.done + 1)
        try:
            answer = self.wire.call("PATCH", self.path, {"description": wanted}, If_Match=self.tag)
            if answer.status == 412 and self.is_again:
                # It may be the try before that took effect.
                answer = self.wire.call("GET", self.path)
                if answer.status == 200 and answer.json()["description"] != wanted:
                    self.ledger.accuse(f"{self.name}: changed by somebody else after {self.done}")
        except Broken:
            self.is_again = True
            return Outcome.UNKNOWN
        if answer.status != 200:
            self.is_again = True
            return self.unclear(answer)
        self.done, self.tag, self.is_again = self.done + 1, answer.headers["ETag"], False
        return Outcome.DONE

    def audit(self, wire: Wire) -> Findings:
        answer = wire.good("GET", self.path)
        value, found = int(answer.json()["description"]), Findings(checked=self.done)
        if value < self.done:
            found.lost.append(f"{self.name} is {value}, {self.done} was acknowledged")
        if value > self.done + 1:
            found.wrong.append(f"{self.name} is {value}, {self.done + 1} was the last sent")
        tag = answer.headers["ETag"]
        if value == self.done and own_version(tag) != own_version(self.tag):
            found.doubled.append(f"{self.name} is as it was left, and yet was changed: {self.tag} became {tag}")
        return found


def own_version(tag: str) -> str:
    """The part of a tag that only a change of the thing itself moves; what follows are its check-ins and the day."""
    return tag.partition(".")[0].rstrip('"')


class Device(Caller):
    """Reports how it went, over and over: 204 is a promise."""

    is_write = True
    interval_s = 0.1
    done = 0

    def step(self) -> Outcome:
        body = {"deviceName": self.name, "lastStatus": False, "lastTaskErrorMessage": str(self.done + 1)}
        try:
            answer = self.wire.call("POST", POLICIES, body)
        except Broken:
            return Outcome.UNKNOWN
        if answer.status != 204:
            return self.unclear(answer)
        self.done += 1
        return Outcome.DONE

    def audit(self, stored: RowsByDevice) -> Findings:
        rows, found = stored.get(self.name, []), Findings(checked=self.done)
        message = max((int(row["errorMessage"]) for row in rows), default=0)
        if message < self.done:
            found.lost.append(f"{self.name} is {message}, {self.done} was acknowledged")
        if message > self.done + 1:
            found.wrong.append(f"{self.name} is {message}, {self.done + 1} was the last sent")
        return found


class Reader(Caller):
    """Gets policies, each time as another device: every GET must be answered with them, and one that does not say that it is
    not on record is."""

    is_write = False
    interval_s = 0.3

    def __init__(self, name: str, wire: Wire, ledger: Ledger) -> None:
        super().__init__(name, wire, ledger)
        self.count = 0
        self.tag: str | None = None
        self.recorded: list[str] = []

    def step(self) -> Outcome:
        self.count += 1
        device = f"{self.name}-{self.count}"
        # Every other one has them already.
        known = {"If_None_Match": self.tag} if self.tag and self.count % 2 else {}
        try:
            answer = self.wire.call("GET", POLICIES, Device_Name=device, **known)
        except Broken as error:
            self.ledger.accuse(f"{device}: {error}")
            return Outcome.UNANSWERED
        is_whole = answer.status == 200 and answer.json()["value"]
        if not is_whole and not (answer.status == 304 and known):
            self.ledger.accuse(f"{device}: {answer}")
            return Outcome.UNANSWERED
        self.tag = answer.headers["ETag"]
        if answer.headers.get("officeconfig-recorded") == "false":
            return Outcome.UNRECORDED
        self.recorded.append(device)
        return Outcome.DONE

    def audit(self, stored: RowsByDevice) -> Findings:
        return Findings(
            lost=[f"the delivery to {device}" for device in self.recorded if device not in stored],
            checked=len(self.recorded),
        )
