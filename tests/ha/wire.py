"""HTTP as one client of the service: a connection that is kept, a deadline for each answer, JSON. It knows no resource."""

import http.client
import json
from dataclasses import dataclass
from email.message import Message
from typing import Any

ANSWER_WITHIN_S = 10


class Broken(Exception):
    """No whole answer came; what was asked may have happened."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.body[:300].decode(errors='replace')}"


class Wire:
    """Calls to one port of this machine with one token."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Never repeats a request by itself. Underscores in names of headers stand for hyphens."""
        told = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if body is not None:
            told["Content-Type"] = "application/json"
        try:
            if not self.connection:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_WITHIN_S)
            self.connection.request(method, path, None if body is None else json.dumps(body), told)
            response = self.connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Broken(f"{type(error).__name__}: {error}") from error

    def good(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """For what must go well: setting up and auditing."""
        answer = self.call(method, path, body, **headers)
        if answer.status // 100 != 2:
            raise AssertionError(f"{method} {path}: {answer}")
        return answer

    def rows(self, path: str) -> list[dict[str, Any]]:
        """All pages of a collection."""
        found: list[dict[str, Any]] = []
        while path:
            page = self.good("GET", path).json()
            found += page["value"]
            # At the same port, whatever host the link names.
            path = "/" + page["@odata.nextLink"].split("/", 3)[3] if "@odata.nextLink" in page else ""
        return found

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None
