"""The endpoints that applications call (`docs/specifications/sessions.md` section 8.1), as a plain ASGI application."""

import logging
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from meterd.agent.agent import Agent
from meterd.agent.bodies import encode
from meterd.agent.errors import Refused
from meterd.agent.peers import user_of
from meterd.loopback import is_local

log = logging.getLogger(__name__)

_OK = b'{"status":"ok"}\n'
_JSON, _TEXT = b"application/json", b"text/plain; charset=utf-8"
_MAX_BYTES = 8 * 2**20

Write = Callable[[bytes, int], Awaitable[object]]
Message = MutableMapping[str, Any]
"""A scope or a message of ASGI, whose members are of many types."""
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
"""Answers a body that a user sent."""


class Application:
    """Answers programs of this machine and nobody else, least of all web pages. Errors are plain lines.

    `users` are the ids of those whose programs these may be, beside the agent's own.
    """

    def __init__(self, agent: Agent, users: frozenset[int]) -> None:
        self._agent = agent
        self._users = users | {os.getuid()}
        self._writes: dict[str, Write] = {
            "/register": agent.requests.register,
            "/state": agent.requests.state,
            "/event": agent.requests.event,
            "/metric": agent.requests.metric,
            "/heartbeat": agent.requests.heartbeat,
            "/pause_heartbeat": agent.requests.pause,
            "/resume_heartbeat": agent.requests.resume_heartbeat,
            "/end": agent.requests.end,
        }

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            status, type_, body = 200, _JSON, await self._response(scope, receive)
        except Refused as error:
            status, type_, body = error.status, _TEXT, f"{error.message}\n".encode(errors="replace")
        except Exception:
            log.exception("request to %s failed", scope["path"])
            status, type_, body = 500, _TEXT, b"Internal error\n"
        headers = [(b"content-type", type_), (b"content-length", str(len(body)).encode())]
        if type_ is _TEXT:
            headers.append((b"x-content-type-options", b"nosniff"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _response(self, scope: Message, receive: Receive) -> bytes:
        _check_sender(scope)
        path, method = scope["path"], scope["method"]
        if path == "/health":
            return encode(self._agent.health()) + b"\n"
        user = self._user(scope)
        if write := self._writes.get(path):
            _check_method(method, "POST")
            result = await write(await _body(receive), user)
            return _OK if result is None else encode(result) + b"\n"
        if path == "/session":
            _check_method(method, "GET")
            query = parse_qs(scope["query_string"].decode("latin-1"))
            return await self._agent.documents.read(query.get("session_id", [""])[0], user)
        if path == "/sessions":
            _check_method(method, "GET")
            return await self._agent.documents.read_all(user)
        raise Refused(404, "404 page not found")

    def _user(self, scope: Message) -> int:
        """Return who asks: the agent speaks with its own token, and not for every user of the machine."""
        user = user_of(tuple(scope["client"]), tuple(scope["server"]))
        if user not in self._users:
            raise Refused(403, "Only programs of the agent's own user are answered, and of those in allow_users")
        return user


def _check_method(method: str, allowed: str) -> None:
    if method != allowed:
        raise Refused(405, "Method not allowed")


def _check_sender(scope: Message) -> None:
    """Refuse pages in a browser, which send `Origin`, also those of this machine."""
    if not is_local(scope) or any(name == b"origin" for name, _ in scope["headers"]):
        raise Refused(403, "Only programs of this machine are answered, as localhost and without Origin")


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "Invalid request: the body has no end")
        body += message.get("body", b"")
        if len(body) > _MAX_BYTES:
            raise Refused(413, f"The body has more than {_MAX_BYTES} bytes")
        more = message.get("more_body", False)
    return bytes(body)
