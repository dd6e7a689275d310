"""A stand-in for Azure Monitor: an HTTPS server that answers `metrics:getBatch` in the documented shape, and hands out
tokens as the managed identity of an App Service does.
"""

import json
import re
import ssl
import threading
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

TOKEN = "token-of-azure"
QUEUES = ("orders", "invoices")
WITHOUT_QUEUES = {"ActiveConnections", "PendingCheckpointOperationCount"}
UNITS = {"Size": "Bytes", "ServerSendLatency": "MilliSeconds", "ReplicationLagDuration": "Seconds"}
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Refusal(NamedTuple):
    """An answer that is none of the samples that were asked for."""

    status: int
    body: str
    type: str = "application/json"


def refusal(status: int, code: str, message: str) -> Refusal:
    """In the shape of Azure's errors."""
    return Refusal(status, json.dumps({"error": {"code": code, "message": message}}))


def value_of(metric: str, minute: datetime) -> float | None:
    """What a metric is in a minute; nothing each half hour."""
    return None if minute.minute % 30 == 0 else len(metric) + minute.minute / 100


class _Handler(BaseHTTPRequestHandler):
    server: "Monitor"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """A token."""
        self.reply(200, json.dumps({"access_token": TOKEN, "expires_on": "4102444800", "token_type": "Bearer"}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        address = urlsplit(self.path)
        asked = dict(parse_qsl(address.query))
        assert re.fullmatch(r"/subscriptions/[^/]+/metrics:getBatch", address.path)
        self.server.asked.append(asked)
        refused = self.server.refused(asked)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            refused = refusal(401, "Unauthorized", "The token is not valid.")
        if refused:
            self.reply(*refused)
        else:
            self.reply(200, json.dumps({"values": [self.values(asked, each) for each in body["resourceids"]]}))

    def values(self, asked: dict[str, str], resource: str) -> dict[str, Any]:
        """What is known of one resource."""
        return {
            "starttime": asked["starttime"],
            "endtime": asked["endtime"],
            "interval": asked["interval"],
            "namespace": asked["metricnamespace"],
            "resourceregion": "westeurope",
            "resourceid": resource,
            "value": [metric(name, asked, resource) for name in asked["metricnames"].split(",")],
        }

    def reply(self, status: int, body: str, type_: str = "application/json") -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Quiet."""


def metric(name: str, asked: dict[str, str], resource: str) -> dict[str, Any]:
    """The member of a metric, with a time series for each queue if those are asked for."""
    entities = [*QUEUES, "-NamespaceOnlyMetric-"] if "filter" in asked else [None]
    return {
        "id": f"{resource}/providers/Microsoft.Insights/metrics/{name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": name, "localizedValue": name},
        "displayDescription": name,
        "unit": UNITS.get(name, "Count"),
        "timeseries": [
            {"metadatavalues": dimension(entity), "data": samples(name, asked)}
            for entity in entities[: int(asked.get("top", 10))]
        ],
        "errorCode": "Success",
    }


def dimension(entity: str | None) -> list[dict[str, Any]]:
    name = {"value": "entityname", "localizedValue": "entityname"}
    return [{"name": name, "value": entity}] if entity else []


def samples(name: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    """A sample for each minute from the start to just before the end."""
    found = []
    minute, end = (datetime.fromisoformat(asked[each]) for each in ("starttime", "endtime"))
    while minute < end:
        value = value_of(name, minute)
        found.append({"timeStamp": minute.strftime(_TIME)} | ({} if value is None else {asked["aggregation"]: value}))
        minute += timedelta(minutes=1)
    return found


class Monitor(ThreadingHTTPServer):
    """`asked` has the parameters of every query; `refuse` holds what to answer instead, by the name of a metric."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server_port}"
        self.asked: list[dict[str, str]] = []
        self.refuse: dict[str, Refusal] = {}

    def refused(self, asked: dict[str, str]) -> Refusal | None:
        names = asked["metricnames"].split(",")
        if "filter" in asked and not WITHOUT_QUEUES.isdisjoint(names):
            return refusal(HTTPStatus.BAD_REQUEST, "BadRequest", "Metric does not support requested dimension.")
        return next((self.refuse[name] for name in names if name in self.refuse), None)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None = None,
        _value: BaseException | None = None,
        _traceback: TracebackType | None = None,
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
