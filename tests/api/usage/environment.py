"""An environment of its own on a server that tests share: nothing that others do is in it."""

import json
import uuid
from typing import Any

import httpx2

from tests.process import Meterd


class Environment:
    """Calls in one environment, by someone with a token; the server's administrator without one."""

    def __init__(self, meterd: Meterd, token: str = "", name: str = "") -> None:
        self.name = name or uuid.uuid4().hex
        self.url = httpx2.URL(meterd.url)
        self._client = meterd.client
        self._headers = {"x-odsl-environment": self.name}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self.headers = {"Authorization": f"Bearer {meterd.token}"} | self._headers

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """`path` is below `/api/`. A server that fails is never what a test wants."""
        headers = self._headers | options.pop("headers", {})
        response = self._client.request(method, f"/api/{path}", headers=headers, **options)
        assert response.status_code < 500, response.text
        return response

    def read(self, path: str, *parameters: tuple[str, str], **named: str) -> Any:
        """What a read answers that must succeed."""
        response = self.send("GET", path, params=[*parameters, *named.items()] or None)
        assert 200 == response.status_code, response.text
        return response.json()

    def post(self, service: str, item: Any, **parameters: str) -> Any:
        """What a write answers that must succeed."""
        response = self.send(
            "POST", service, content=json.dumps(item, separators=(",", ":")), params=parameters or None
        )
        assert 200 == response.status_code, response.text
        return response.json()

    def refused(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Status and sentence of a refusal."""
        response = self.send(method, path, **options)
        assert response.headers["x-odsl-error"] == response.text[:1000]
        return response.status_code, response.text
