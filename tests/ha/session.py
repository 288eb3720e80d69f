"""A PostgreSQL connection as a careful program uses it: nothing waits for ever, and a commit whose answer is not plain is
unknown. It must never send a cancel request: a COMMIT that waits for a standby and is cancelled says success."""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg
from psycopg.rows import TupleRow

CONNECT_WITHIN_S = 2
ANSWER_WITHIN_S = 5

# It logs each rollback on a dead connection; here these are the daily bread.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)

Connection = psycopg.Connection[TupleRow]
T = TypeVar("T")


class Unknown(Exception):
    """It may have happened or not."""


class Session:
    """Connects when it needs to, and lets go of the connection after anything unclear."""

    def __init__(self, *urls: str) -> None:
        self.urls = urls
        self.turn = 0
        self.connection: Connection | None = None
        self.warnings: list[str] = []

    def transact(self, work: Callable[[Connection], T], within_s: float = ANSWER_WITHIN_S) -> T:
        """Runs `work` in a transaction; returns only when that is committed beyond doubt."""
        try:
            connection = self.connection or self.connect()
            self.warnings.clear()
            with deadline(connection, within_s), connection.transaction():
                result = work(connection)
        except psycopg.Error as error:
            self.close()
            raise Unknown(str(error).strip()) from error
        if self.warnings:
            # "Committed locally, but might not have been replicated": success only in name.
            self.close()
            raise Unknown(self.warnings[0])
        return result

    def connect(self) -> Connection:
        # Another host each time, where there is a choice.
        url = self.urls[self.turn % len(self.urls)]
        self.turn += 1
        self.connection = psycopg.connect(url, connect_timeout=CONNECT_WITHIN_S, autocommit=True)
        self.connection.add_notice_handler(self.notice)
        return self.connection

    def notice(self, told: psycopg.errors.Diagnostic) -> None:
        if told.severity_nonlocalized == "WARNING":
            self.warnings.append(told.message_primary or "")

    def close(self) -> None:
        if self.connection:
            with contextlib.suppress(psycopg.Error):
                self.connection.close()
        self.connection = None


@contextlib.contextmanager
def deadline(connection: Connection, within_s: float) -> Iterator[None]:
    """Breaks the connection when time is over: a frozen server keeps its sockets open for ever."""
    # A descriptor of our own: the connection may be closed, and its number be another's, when the time comes.
    with socket.socket(fileno=os.dup(connection.fileno())) as own:

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(within_s, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
