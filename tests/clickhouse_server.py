"""ClickHouse's engine behind the HTTP that a server of it speaks, as far as our driver asks: no server can be had here.

`python -m tests.clickhouse_server PORT DIRECTORY`. Each request has a handle of its own on the engine, so its settings
end with it. The file `fault` in the directory says what goes wrong with the next insertions: `KIND TIMES`, see `Fault`.
It is right for refused, late, cut off and repeated; it proves nothing about a server's own disk, replicas or shards.
"""

import email.parser
import email.policy
import json
import os
import re
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import chdb

OF_TRANSPORT = {
    "client_protocol_version",
    "database",
    "http_headers_progress_interval_ms",
    "query_id",
    "send_progress_in_http_headers",
    "wait_end_of_query",
}
"""Parameters of the address that are no settings of the engine, or mean nothing in one process."""
INSERT = re.compile(rb"\s*INSERT INTO (?P<where>[^\n]*) FORMAT (?P<format>\w+)\s*\n", re.IGNORECASE)
FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)")
LATE_SECONDS = 3600.0

Answer = tuple[int, dict[str, str], bytes]


class Engine:
    """The engine on a directory, and what goes wrong with it."""

    def __init__(self, directory: Path) -> None:
        self._path = str(directory / "engine")
        self._kept = chdb.connect(self._path)  # or the engine would end with each request
        self._faults = directory / "fault"
        self._lock = threading.Lock()  # guards the file of faults

    def fault(self) -> str:
        """Take one of the faults that were asked for; empty for none."""
        with self._lock:
            kind, _, times = (self._faults.read_text() if self._faults.exists() else "").partition(" ")
            if not times or int(times) < 1:
                return ""
            self._faults.write_text(f"{kind} {int(times) - 1}")
            return kind

    def insert(self, match: re.Match[bytes], settings: dict[str, str], body: bytes) -> Answer:
        with tempfile.NamedTemporaryFile(suffix=".rows") as file:
            file.write(body[match.end() :])
            file.flush()
            where, format_ = match["where"].decode(), match["format"].decode()
            return self.run(f"INSERT INTO {where} FROM INFILE '{file.name}' FORMAT {format_}", settings, {})

    def run(self, sql: str, settings: dict[str, str], parameters: dict[str, str]) -> Answer:
        trailing = FORMAT.search(sql)
        is_query = trailing and not sql.lstrip().upper().startswith("INSERT")
        format_ = trailing[1] if trailing and is_query else "TabSeparated"
        connection = chdb.connect(self._path)
        try:
            if database := settings.pop("database", ""):
                connection.query(f"USE `{database}`")
            for name, value in settings.items():
                quoted = value.replace("\\", "\\\\").replace("'", "\\'")
                connection.query(f"SET {name} = '{quoted}'")
            answer = connection.query(
                sql[: trailing.start()] if trailing and is_query else sql, format_, params=parameters
            )
            return 200, {"X-ClickHouse-Format": format_}, answer.bytes() or b""
        except RuntimeError as error:
            code = CODE.search(str(error))
            return 500, {"X-ClickHouse-Exception-Code": code[1] if code else "1002"}, str(error).encode()
        finally:
            connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine

    def do_GET(self) -> None:
        self._answer(200, {}, b"Ok.\n")

    def do_POST(self) -> None:
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self._body(parameters)
        bound = {
            name.removeprefix("param_"): parameters.pop(name) for name in list(parameters) if name.startswith("param_")
        }
        database = {"database": parameters["database"]} if parameters.get("database") else {}
        settings = database | {
            name: value for name, value in parameters.items() if name not in OF_TRANSPORT | {"query"}
        }
        if match := INSERT.match(body):
            self._insert(match, settings, body)
        else:
            sql = parameters.get("query", "") or body.decode()
            self._answer(*self.engine.run(sql, settings, bound))

    def _body(self, parameters: dict[str, str]) -> bytes:
        """Read the body, after the statement that the address may have; the fields of a form are parameters, too."""
        body = self._chunks() if self.headers.get("Transfer-Encoding") == "chunked" else self._sized()
        type_ = self.headers.get("Content-Type", "")
        if not type_.startswith("multipart/form-data"):
            statement = parameters.get("query", "").encode()
            return statement + b"\n" + body if statement and body else body
        whole = f"Content-Type: {type_}\r\n\r\n".encode() + body
        for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(whole).iter_parts():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)  # a field has no parts of its own
            parameters[str(part.get_param("name", header="content-disposition"))] = content.decode()
        return parameters.get("query", "").encode()

    def _sized(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunks(self) -> bytes:
        """Read a body that is sent in pieces, each after its size."""
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _insert(self, match: re.Match[bytes], settings: dict[str, str], body: bytes) -> None:
        kind = self.engine.fault()
        if kind.isdecimal():  # the error of this code
            self._answer(
                500, {"X-ClickHouse-Exception-Code": kind}, f"Code: {kind}. DB::Exception: no (FAULT)".encode()
            )
            return
        if kind == "die-before":
            os._exit(9)
        answer = self.engine.insert(match, settings, body)
        if kind == "die-after":
            os._exit(9)
        if kind == "late":
            time.sleep(LATE_SECONDS)
        if kind in ("cut", "late"):
            self.close_connection = True
            return
        self._answer(*answer)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        headers = headers | {
            "Content-Length": str(len(body)),
            "X-ClickHouse-Summary": json.dumps({"written_rows": "0"}),
            "X-ClickHouse-Timezone": "UTC",
        }
        head = f"HTTP/1.1 {status} -\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(head.encode() + b"\r\n" + body)  # in one piece, or the client waits for the second

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


if __name__ == "__main__":
    Handler.engine = Engine(Path(sys.argv[2]))
    with Server(("127.0.0.1", int(sys.argv[1])), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
