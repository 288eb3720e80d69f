"""HAProxy in front of the servers, as an operator would set it up. It must never know what is asked for."""

import socket
from pathlib import Path

from processes import Program, free_ports
from tools import Tools

# Two planes, two questions. A client's policies come from a server's memory, so any server that lives (`/healthz`) will do,
# and none must be taken out because the database fails over: all would be. An administrator's request needs a server that
# can write (`/readyz`); when none can, it goes to any that lives, for its own 503 with Retry-After and its reads.
# A GET whose server died is sent to another one; a POST never is: it may have happened.
CONFIGURATION = """
global
    maxconn 1000
defaults
    mode http
    timeout connect 1s
    timeout client 75s
    timeout server 30s
    timeout check 1s
    option redispatch 1
    retries 3
    retry-on conn-failure empty-response response-timeout
    default-server inter 500ms fall 2 rise 1
frontend planes
    bind 127.0.0.1:{port}
    use_backend alive if {{ path_beg /user/ }}
    use_backend alive if {{ nbsrv(ready) eq 0 }}
    default_backend ready
backend alive
    balance roundrobin
    option httpchk GET /healthz
    http-request disable-l7-retry unless METH_GET
{servers}
backend ready
    balance roundrobin
    option httpchk GET /readyz
    http-request disable-l7-retry unless METH_GET
{servers}
"""


class Balancer:
    def __init__(self, tools: Tools, folder: Path, servers: list[int]) -> None:
        (self.port,) = free_ports(1)
        lines = "\n".join(f"    server server{n} 127.0.0.1:{port} check" for n, port in enumerate(servers, 1))
        file = folder / "haproxy.cfg"
        file.write_text(CONFIGURATION.format(port=self.port, servers=lines))
        self.program = Program("haproxy", [tools.haproxy, "-db", "-f", file], folder)

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
