"""HTTP on one connection: uvicorn's protocol, with limits on what a client may send and how long it may take.

Nothing is known of a client until its headers have arrived, so everything that comes before is bounded: bytes, fields,
requests that wait for their turn, and time (`service.limits`). What is refused gets an answer in the shape that the
address's protocol has, after the answers that are due before it; then the connection ends.
"""

import asyncio
import re
import urllib.parse
from typing import TYPE_CHECKING, Any, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from meterd.access.context import context_of
from meterd.api.responses import serialize
from meterd.connections import Connections, Slot
from meterd.direct import Direct, DirectHead
from meterd.errors import AddressTooLong, HeadersTooLarge, InvalidInput, MeterdError, TooSlow, Unavailable
from meterd.server import Server
from meterd.telemetry import Telemetry
from meterd.uploads import Upload, Uploads

if TYPE_CHECKING:
    from litestar.types import HTTPScope as LitestarScope
    from uvicorn._types import ASGI3Application, ASGIReceiveEvent

_LINGER = 2.0
"""Seconds in which what a refused client still sends is read and dropped: closing at once could destroy the answer."""
_MAX_METHOD_LENGTH = 32
_REQUEST_LINE = re.compile(rb"(?P<method>[!#$%&'*+.^_`|~\w-]+) (?P<address>/[^\s]*) HTTP/1\.[01]\r?\n")
_AT_REST, _IN_HEAD, _IN_BODY = range(3)
_BLANK_LINE = b"\r\n\r\n"
_MAX_HEADS = 8
"""Heads of requests that a connection remembers, of at most `_MAX_HEAD_BYTES` each."""
_MAX_HEAD_BYTES = 1024


class _Refused(Exception):
    """Carries out of the parser why a request is refused."""

    def __init__(self, reason: str, error: MeterdError) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


class SharedState:
    """What all connections have in common."""

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


class Connection(HttpToolsProtocol):
    """One connection. `slot` is the one that it has among all; `app_state` is what the application's start left."""

    cycle: "_Exchange | Direct"  # type: ignore[assignment]  # of the latter uvicorn uses what it has

    def __init__(self, shared: SharedState, slot: Slot, app_state: dict[str, Any]) -> None:
        super().__init__(shared.config, shared.state, app_state)
        self.shared = shared
        self.slot = slot
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
        self.slot.connection = self

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.slot.release()

    def data_received(self, data: bytes) -> None:
        if self._ignores_input:
            return
        self._last_received = self.loop.time()
        self._segment = data if self._phase == _AT_REST else b""
        if self._heads and self._repeats(data):
            return
        before = self._phase, self._requests, self._received
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # there is nothing to upgrade to: the request is answered as it is
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._wait_for_body()
            self._refuse(cause if isinstance(cause, _Refused) else self._malformed(data, error))
            return
        self._wait_for_body()
        if before != (self._phase, self._requests, self._received):
            self._unfinished = 0
        elif self._phase != _AT_REST:  # all of it belongs to a field or a chunk's head that has no end yet
            self._unfinished += len(data)
            if self._unfinished > self._limits.header_bytes:
                self._refuse(self._too_large())

    def _malformed(self, data: bytes, error: httptools.HttpParserError) -> _Refused:
        """Why the parser gave up. It does so at a method that it does not know, before it tells the address."""
        sentence = f"this is no valid HTTP/1.1 request: {error}"
        if isinstance(error, httptools.HttpParserInvalidMethodError) and (line := _REQUEST_LINE.match(data)):
            self.url, self.headers = line["address"], []
            sentence = f"the method {line['method'][:_MAX_METHOD_LENGTH].decode()} is not known"
        return _Refused("malformed", InvalidInput(sentence))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._phase = _IN_HEAD
        self._phase_began = self._last_received
        self._requests += 1

    def on_headers_complete(self) -> None:
        self._check_head()
        version = self.parser.get_http_version()
        address = httptools.parse_url(self.url)
        raw_path = address.path or b"/"
        path = raw_path.decode("ascii")
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = urllib.parse.unquote(path) if "%" in path else path
        scope["raw_path"] = raw_path
        scope["query_string"] = address.query or b""
        keep_alive = version != "1.0" and self.parser.should_keep_alive()
        self._phase = _IN_BODY
        self._received = 0
        if self._is_answering:
            self.cycle = _Exchange(self, keep_alive)
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
            return
        route = self.shared.server.direct_route(scope["method"], scope["path"])
        if route and not self.expect_100_continue and not self.flow.write_paused:
            head = DirectHead(route, cast("LitestarScope", scope), keep_alive)
            self._direct = Direct(self, self.shared.server, head)
        else:
            self.cycle = _Exchange(self, keep_alive)
            self._start_asgi_task(self.cycle, self.app)

    def _check_head(self) -> None:
        limits = self._limits
        if len(self.headers) > limits.header_fields:
            message = f"the request has more than {limits.header_fields} header fields (service.limits.header-fields)"
            raise _Refused("header-fields", HeadersTooLarge(message))
        if len(self.url) + sum([len(name) + len(value) for name, value in self.headers]) > limits.header_bytes:
            raise self._too_large()
        if len(self.pipeline) >= limits.pipelined_requests:
            message = "too many requests wait for the answer to the first (service.limits.pipelined-requests)"
            raise _Refused("pipelined-requests", Unavailable(message))

    def _too_large(self) -> _Refused:
        limit = f"{self._limits.header_bytes} bytes (service.limits.header-bytes)"
        if len(self.url) > self._limits.header_bytes:
            return _Refused("address-bytes", AddressTooLong(f"the address is longer than {limit}"))
        return _Refused("header-bytes", HeadersTooLarge(f"address and headers are larger than {limit}"))

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
        direct = Direct(self, self.shared.server, known, body)
        if not direct.begin():
            return False
        self._requests += 1
        self.cycle = direct
        return True

    def _wait_for_body(self) -> None:
        """A request that has not arrived whole has a task, which waits for the rest."""
        direct, self._direct = self._direct, None
        if direct:
            self._start_task(direct, is_complete=False)

    def _start_task(self, direct: Direct, *, is_complete: bool) -> None:
        self.cycle = exchange = _Exchange(self, direct.keep_alive)
        exchange.body += direct.body
        exchange.more_body = not is_complete
        if direct.body or is_complete:
            exchange.message_event.set()
        self._start_asgi_task(exchange, self.app)

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each answer: `enforce_timeouts` ends what is idle."""
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

    def _refuse(self, refused: _Refused) -> None:
        """End the connection with an answer, after those that are due before it."""
        self.shared.refusals.labels(refused.reason).inc()
        self._ignores_input = True
        if self._phase == _IN_BODY:
            if self._is_answering:  # whoever reads the body gets to know, and answers
                self.cycle.fail(refused.error)
            else:
                self.transport.close()
            return
        content_type = next((value for name, value in self.headers or () if name == b"content-type"), b"")
        path = self.url.partition(b"?")[0]
        answer, request_id = self.shared.server.refuse(
            refused.error, path.decode("latin-1"), content_type.decode("latin-1")
        )
        self._refusal = serialize(answer, request_id, self.server_state.default_headers, keep_alive=False)
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

    def displace(self) -> None:
        self.transport.abort()

    def enforce_timeouts(self, now: float) -> None:
        """End the connection when the client let it wait too long."""
        limits, waited = self._limits, now - self._phase_began
        if isinstance(self.cycle, Direct):
            self.cycle.enforce_timeout()
        if self._is_stuck(now):
            self.shared.refusals.labels("write-timeout").inc()
            self.transport.abort()
        elif self.transport.is_closing() or self.flow.read_paused:  # it is not the client that lets us wait
            self._phase_began = now
        elif self._phase == _IN_BODY:
            if waited > limits.body_timeout and self._received < limits.body_rate * waited:
                message = f"the body came slower than {limits.body_rate} bytes a second (service.limits.body-rate)"
                self._refuse(_Refused("body-timeout", TooSlow(message)))
        elif self._is_answering:
            pass
        elif self._ignores_input:
            if waited > _LINGER:
                self.transport.close()
        elif self._phase == _IN_HEAD:
            if waited > limits.header_timeout:
                message = f"the headers took longer than {limits.header_timeout:g} s (service.limits.header-timeout)"
                self._refuse(_Refused("header-timeout", TooSlow(message)))
        elif waited > (limits.idle_timeout if self._requests else limits.header_timeout):
            self.transport.close()

    def _is_stuck(self, now: float) -> bool:
        """Whether the client has taken nothing of what was written for it, for too long."""
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent != self._unsent:
            self._unsent, self._sent_at = unsent, now
        return now - self._sent_at > self._limits.write_timeout


class _Exchange(RequestResponseCycle):
    """A request and its answer. Whoever reads the body gets an error when it can't be had."""

    def __init__(self, connection: Connection, keep_alive: bool) -> None:
        super().__init__(
            scope=connection.scope,
            transport=connection.transport,
            flow=connection.flow,
            logger=connection.logger,
            access_logger=connection.access_logger,
            access_log=False,
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=connection.expect_100_continue,
            keep_alive=keep_alive,
            on_response=connection.on_response_complete,
        )
        self._uploads = connection.shared.uploads
        self._origin = connection.slot.origin
        self._upload: Upload | None = None
        self._failure: MeterdError | None = None

    def fail(self, error: MeterdError) -> None:
        """The rest of the body will not come."""
        self._failure = error
        self.keep_alive = False
        self.message_event.set()

    async def receive(self) -> "ASGIReceiveEvent":
        message = await super().receive()
        if self._failure:
            raise self._failure
        if message["type"] == "http.request" and (message["more_body"] or self._upload):
            if self._upload is None:
                caller = context_of(self.scope).caller
                self._upload = self._uploads.begin(f"{caller.tenant}\n{caller.subject}" if caller else self._origin)
            self._upload.add(len(message["body"]))
        return message

    async def run_asgi(self, app: "ASGI3Application") -> None:
        try:
            await super().run_asgi(app)
        finally:
            if self._upload:
                self._upload.end()
