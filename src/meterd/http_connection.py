"""HTTP on one connection: uvicorn's protocol, with limits on what a client may send and how long it may take.

Until the headers of a request have arrived its client could be anybody, so everything before is bounded: bytes, fields,
requests that wait for their turn, and time (`service.limits`). What is refused gets an answer in the shape that the
address's protocol has, after the answers that are due before it; then the connection ends.
"""

import asyncio
import urllib.parse
from typing import TYPE_CHECKING, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from meterd.api.responses import serialize
from meterd.connections import Connections, Slot
from meterd.direct import Direct, DirectHead
from meterd.exchange import Exchange
from meterd.refusals import (
    Refused,
    body_too_slow,
    check_head,
    head_too_slow,
    malformed,
    other_version,
    too_large,
    too_many_pipelined,
    unknown_method,
)
from meterd.server import Server
from meterd.telemetry import Telemetry
from meterd.uploads import Uploads

if TYPE_CHECKING:
    from litestar.types import HTTPScope as LitestarScope

_DRAIN_SECONDS = 2.0
"""Seconds in which what a refused client still sends is read and dropped: closing at once could destroy the answer."""
_AT_REST, _IN_HEAD, _IN_BODY = range(3)
_VERSIONS = frozenset({"1.0", "1.1"})
_BLANK_LINE = b"\r\n\r\n"
_MAX_HEADS = 8
"""Heads of requests that a connection remembers, of at most `_MAX_HEAD_BYTES` each."""
_MAX_HEAD_BYTES = 1024


class SharedState:
    """What all connections share: the application, the limits, and what counts them.

    While the service `is_leaving`, an answer is the last one of its connection.
    """

    def __init__(
        self, server: Server, config: Config, state: ServerState, connections: Connections, telemetry: Telemetry
    ) -> None:
        self.server = server
        self.config = config
        self.state = state
        self.connections = connections
        self.limits = connections.limits
        self.uploads = Uploads(connections.limits, telemetry)
        self.refusals = telemetry.http_refusals
        self.is_leaving = False


class HTTPConnection(HttpToolsProtocol):
    """Reads requests within the limits, and has them answered.

    Args:
        shared: what it has in common with all other connections.
        slot: the one that it occupies, until it is lost.
        app_state: what the application's start left.
    """

    cycle: Exchange | Direct  # type: ignore[assignment]  # of the latter uvicorn uses what it has

    def __init__(self, shared: SharedState, slot: Slot, app_state: dict[str, object]) -> None:
        super().__init__(shared.config, shared.state, app_state)
        self._shared = shared
        self._slot = slot
        self.url = b""
        self._limits = shared.limits
        self._phase = _AT_REST
        self._last_received = self._phase_began = self.loop.time()
        self._requests = self._received = self._unfinished = 0
        self._unsent, self._sent_at = 0, self._last_received
        self._ignores_input = False
        self._refusal = b""
        self._direct: Direct | None = None
        self._segment = b""
        self._heads: dict[bytes, DirectHead] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._slot.occupy(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._slot.release()

    def data_received(self, data: bytes) -> None:
        if self._ignores_input:
            return
        self._last_received = self.loop.time()
        if self._heads and self._repeats(data):
            return
        self._segment = data if self._phase == _AT_REST else b""
        before = self._phase, self._requests, self._received
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # there is nothing to upgrade to: the request is answered as it is
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._wait_for_body()
            if isinstance(cause, Refused):
                self._refuse(cause)
            else:
                self._refuse_malformed(data, error)
            return
        finally:
            self._segment = b""  # idle connections keep nothing of what they got
        self._wait_for_body()
        if before != (self._phase, self._requests, self._received):
            self._unfinished = 0
        elif self._phase != _AT_REST:  # all of it belongs to a field or a chunk's head that has no end yet
            self._unfinished += len(data)
            if self._unfinished > self._limits.header_bytes:
                self._refuse(too_large(self._limits, self.url))

    def _refuse_malformed(self, data: bytes, error: httptools.HttpParserError) -> None:
        if found := unknown_method(data, error):
            self.url, refused = found
            self.headers = []
            self._refuse(refused)
        else:
            self._refuse(malformed(error))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = _IN_HEAD
        self._phase_began = self._last_received
        self._requests += 1

    def on_headers_complete(self) -> None:
        check_head(self._limits, self.url, self.headers)
        if len(self.pipeline) >= self._limits.pipelined_requests:
            raise too_many_pipelined()
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            raise other_version(version)
        address = httptools.parse_url(self.url)
        raw_path = address.path or b"/"
        path = raw_path.decode("ascii")
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = urllib.parse.unquote(path) if "%" in path else path
        scope["raw_path"] = raw_path
        scope["query_string"] = address.query or b""
        keep_alive = version != "1.0" and not self._shared.is_leaving and self.parser.should_keep_alive()
        self._phase = _IN_BODY
        self._received = 0
        if self._is_answering:
            self.cycle = self._new_exchange(keep_alive)
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
            return
        route = self._shared.server.direct_route(scope["method"], scope["path"])
        if route and not self.expect_100_continue and not self.flow.write_paused:
            head = DirectHead(route, cast("LitestarScope", scope), keep_alive)
            self._direct = Direct(self, self._shared.server, head)
        else:
            self.cycle = self._new_exchange(keep_alive)
            self._start_asgi_task(self.cycle, self.app)

    def on_body(self, body: bytes) -> None:
        self._received += len(body)
        if self._direct:
            self._direct.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._phase = _AT_REST
        direct, self._direct = self._direct, None
        if direct is None:
            super().on_message_complete()
            return
        self.cycle = direct
        if direct.begin():
            self._remember(direct)
        else:
            self._start_task(direct, is_complete=True)

    def _remember(self, direct: Direct) -> None:
        """Keep what the head of a request means that came in one piece: clients send the same ones again and again."""
        head, blank_line, _ = self._segment.partition(_BLANK_LINE)
        size = len(direct.body)
        is_whole = len(head) + len(blank_line) + size == len(self._segment)
        if is_whole and len(head) <= _MAX_HEAD_BYTES and (b"content-length", b"%d" % size) in self.headers:
            if len(self._heads) >= _MAX_HEADS:
                self._heads.clear()
            direct.head.size = size
            self._heads[head] = direct.head

    def _repeats(self, data: bytes) -> bool:
        """Begin a request that came in one piece and has a head that is known; False when the parser must see it."""
        if self._phase != _AT_REST or self._is_answering or self.flow.write_paused:
            return False
        head, _, body = data.partition(_BLANK_LINE)
        known = self._heads.get(head)
        if known is None or len(body) != known.size:
            return False
        direct = Direct(self, self._shared.server, known, body)
        if not direct.begin():
            return False
        self._requests += 1
        self.cycle = direct
        return True

    def _wait_for_body(self) -> None:
        """Give a request that has not arrived whole a task, which waits for the rest."""
        direct, self._direct = self._direct, None
        if direct:
            self._start_task(direct, is_complete=False)

    def _new_exchange(self, keep_alive: bool) -> Exchange:
        return Exchange(self, self._shared.uploads, self._slot.origin, keep_alive)

    def _start_task(self, direct: Direct, *, is_complete: bool) -> None:
        self.cycle = exchange = self._new_exchange(direct.keep_alive)
        exchange.body += direct.body
        exchange.more_body = not is_complete
        if direct.body or is_complete:
            exchange.message_event.set()
        self._start_asgi_task(exchange, self.app)

    def on_response_complete(self) -> None:
        """Begin the next request, as uvicorn does, without a timer for each: `enforce_timeouts` ends what is idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._phase_began = self.loop.time()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal:
            self._send_refusal()
        if not self.pipeline:
            self.flow.resume_reading()

    def _refuse(self, refused: Refused) -> None:
        """End the connection with an answer, after those that are due before it."""
        self._shared.refusals.labels(refused.reason).inc()
        self._ignores_input = True
        if self._phase == _IN_BODY:
            if self._is_answering:  # whoever reads the body gets to know, and answers
                self.cycle.fail(refused.error)
            else:
                self.transport.close()
            return
        content_type = next((value for name, value in self.headers or () if name == b"content-type"), b"")
        path = self.url.partition(b"?")[0]
        response, request_id = self._shared.server.refuse(
            refused.error, path.decode("latin-1"), content_type.decode("latin-1")
        )
        self._refusal = serialize(response, request_id, self.server_state.default_headers, keep_alive=False)
        if not self._is_answering:
            self._send_refusal()

    def _send_refusal(self) -> None:
        self._phase_began = self.loop.time()
        self.transport.write(self._refusal)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def waiting_since(self) -> float | None:
        return None if self._phase == _AT_REST and self._is_answering else self._last_received

    def leave(self) -> None:
        """End with the answer to the next request."""
        self._heads.clear()

    def displace(self) -> None:
        self.transport.abort()

    def enforce_timeouts(self, now: float) -> None:
        """End the connection when the client let it wait too long."""
        limits, waited = self._limits, now - self._phase_began
        if isinstance(self.cycle, Direct):
            self.cycle.enforce_timeout()
        if self._is_stuck(now):
            self._shared.refusals.labels("write-timeout").inc()
            self.transport.abort()
        elif self.transport.is_closing() or self.flow.read_paused:  # it is not the client that lets us wait
            self._phase_began = now
        elif self._phase == _IN_BODY:
            if waited > limits.body_timeout and self._received < limits.body_rate * waited:
                self._refuse(body_too_slow(limits))
        elif self._is_answering:
            pass
        elif self._ignores_input:
            if waited > _DRAIN_SECONDS:
                self.transport.close()
        elif self._phase == _IN_HEAD:
            if waited > limits.header_timeout:
                self._refuse(head_too_slow(limits))
        elif waited > (limits.idle_timeout if self._requests else limits.header_timeout):
            self.transport.close()

    def _is_stuck(self, now: float) -> bool:
        """Return whether the client has taken nothing of what was written for it, for too long."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent != self._unsent:
            self._unsent, self._sent_at = unsent, now
        return now - self._sent_at > self._limits.write_timeout
