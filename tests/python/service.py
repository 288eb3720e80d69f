"""The service under test, as the environment tells it, and the Graph SDK put on top of it."""

import os
from pathlib import Path
from typing import Any

import httpx
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphRequestAdapter, GraphServiceClient

URL = os.environ["OFFICECONFIG_URL"]
TOKEN = os.environ["OFFICECONFIG_TOKEN"]
READ_TOKEN = os.environ["OFFICECONFIG_READ_TOKEN"]


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
    adapter = GraphRequestAdapter(Bearer(token))
    adapter.base_url = f"{URL}/beta"
    return GraphServiceClient(adapter)


def http(token: str = TOKEN) -> httpx.Client:
    """Plain HTTP, for what the SDK has no builder for."""
    return httpx.Client(base_url=f"{URL}/beta", headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def reference(name: str) -> Path | None:
    """A published file that lies beside the repository, or None."""
    path = Path(os.environ["OFFICECONFIG_REFERENCE"]) / name
    return path if path.exists() else None
