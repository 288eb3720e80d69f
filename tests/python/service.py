"""The service under test, as the environment tells it, and the Graph SDK put on top of it."""

import os
from pathlib import Path
from typing import Any

import httpx
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

URL = os.environ["OFFICECONFIG_URL"]
TOKEN = os.environ["OFFICECONFIG_TOKEN"]
READ_TOKEN = os.environ["OFFICECONFIG_READ_TOKEN"]


def _add_request_headers(request: RequestInformation, headers: dict[str, Any] | None) -> None:
    for name, value in (headers or {}).items():
        request.headers.add(name, value)


# The SDK of 2023 calls this by the name of its time, today's library below it has another. Without it no query
# option could be sent.
RequestInformation.add_request_headers = _add_request_headers  # type: ignore[attr-defined]


class Bearer(AuthenticationProvider):
    """Sends one token, over plain http too: the service listens on the loopback address."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def authenticate_request(
        self, request: RequestInformation, additional_authentication_context: dict[str, Any] = {}
    ) -> None:
        request.headers.add("Authorization", f"Bearer {self.token}")


def graph(token: str = TOKEN) -> GraphServiceClient:
    """The SDK, pointed at this service."""
    # A client of its own: the SDK's default one is shared and dies with the first test's event loop.
    adapter = GraphRequestAdapter(Bearer(token), client=GraphClientFactory.create_with_default_middleware())
    adapter.base_url = f"{URL}/beta"
    return GraphServiceClient(adapter)


def http(token: str = TOKEN) -> httpx.Client:
    """Plain HTTP, for what the SDK has no builder for."""
    return httpx.Client(base_url=f"{URL}/beta", headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def reference(name: str) -> Path | None:
    """A published file that lies beside the repository, or None."""
    path = Path(os.environ["OFFICECONFIG_REFERENCE"]) / name
    return path if path.exists() else None
