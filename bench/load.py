"""A small HTTP/1.1 load generator, run as a process of its own so that it takes no time from the server's.

Reads a job as JSON from standard input, writes the outcome as JSON to standard output. Every connection sends its next
request when the answer to the last one is complete.
"""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import uvloop

MARKER = b"@@@@@@@@@@@@@@@@"
"""As long as what replaces it, so that it may be inside of a message that tells its length."""


class Job(msgspec.Struct):
    """Bodies are sent in turn, each to every path. Ends after `seconds`.

    Every occurrence of `MARKER` in a body is replaced by a number that each request has for itself.
    """

    port: int
    path: str | list[str]
    bodies: list[bytes]
    connections: int
    seconds: float
    token: str = ""
    content_type: str = "application/json"


class Outcome(msgspec.Struct):
    """Counts, and latencies of single requests in milliseconds."""

    requests: int
    failures: int
    seconds: float
    median: float
    p99: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def run(job: Job) -> Outcome:
    """Run a job in a new process."""
    process = subprocess.run(
        [sys.executable, "-m", "bench.load"], input=msgspec.json.encode(job), stdout=subprocess.PIPE, check=True
    )
    return msgspec.json.decode(process.stdout, type=Outcome)


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], latencies: list[float], deadline: float) -> None:
        self._requests = requests
        self._latencies = latencies
        self._deadline = deadline
        self._buffer = b""
        self._sent = 0.0
        self.failures = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        if self._sent >= self._deadline:
            self._transport.close()
            return
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        status = head[9:12]
        length = 0 if status == b"204" else int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = b""
        self.failures += status not in (b"200", b"204")
        self._latencies.append(time.perf_counter() - self._sent)
        self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        self.done.set_result(None)


async def _run(job: Job) -> Outcome:
    requests = _requests(job)
    latencies: list[float] = []
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(job.connections):
        _, connection = await loop.create_connection(
            lambda: _Connection(requests, latencies, started + job.seconds), "127.0.0.1", job.port
        )
        connections.append(connection)
    await asyncio.gather(*(connection.done for connection in connections))
    return Outcome(
        requests=len(latencies),
        failures=sum(connection.failures for connection in connections),
        seconds=time.perf_counter() - started,
        median=statistics.median(latencies) * 1000,
        p99=statistics.quantiles(latencies, n=100)[98] * 1000,
    )


def _requests(job: Job) -> Iterator[bytes]:
    paths = [job.path] if isinstance(job.path, str) else job.path
    requests = itertools.cycle([_request(job, path, body) for body in job.bodies for path in paths])
    if not any(MARKER in body for body in job.bodies):
        return requests
    return (request.replace(MARKER, b"%016x" % number) for number, request in enumerate(requests, start=1))


def _request(job: Job, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {job.token}\r\n"
        f"Content-Type: {job.content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    received = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.write(json.dumps(msgspec.to_builtins(uvloop.run(_run(received)))))
