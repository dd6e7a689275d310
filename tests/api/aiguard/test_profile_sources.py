"""Profiles and classifiers of an operator, at an address or in a directory, as requests meet them."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx2
import pytest

from meterd.api.aiguard import remote_profiles
from meterd.api.aiguard.remote_profiles import RemoteProfiles
from meterd.classify import Engine, UnusableSource, profile
from meterd.errors import ConfigurationError
from tests.classify.declarations import LIBRARY
from tests.process import OF_ONE_NODE, Meterd, run_command
from tests.waiting import eventually

MINE = "11111111-2222-3333-4444-555555555555"
UNKNOWN = "99999999-2222-3333-4444-555555555555"
DEFAULT = "7dbf380f-0af8-4276-acb0-85413db2dbff"
TEXT = "phone 321-507-0525, see TCK-1234"


def document(detector: str = "token", **more: Any) -> bytes:
    """A profile `MINE` of one classifier."""
    mine = {"id": MINE, "name": "Mine", "profileSettings": [{"detectorCode": detector, "detectorVersion": 1}]}
    return json.dumps({"profiles": [mine]} | more).encode()


class Asked(NamedTuple):
    path: str
    condition: str | None


class WebServer:
    """Serves `document` at every address, with an entity tag if it has one; `status` 0 hangs up instead."""

    def __init__(self) -> None:
        self.document, self.tag, self.status = b"", "", 200
        self.asked: list[Asked] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        condition = handler.headers["If-None-Match"]
        self.asked.append(Asked(handler.path, condition))
        if self.status == 0:
            handler.close_connection = True
            return
        status = 304 if self.status == 200 and self.tag and condition == self.tag else self.status
        body = b"" if status == 304 else self.document
        handler.send_response(status)
        if self.tag:
            handler.send_header("ETag", self.tag)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as web:
        yield web


class TestAnAddress:
    async def test_its_document_adds_to_what_is_built_in(self, web: WebServer) -> None:
        web.document = document()
        library = await RemoteProfiles(web.url, LIBRARY).changed()

        assert library is not None
        matches = Engine(library).classify("tok_0123456789abcdef", profile(MINE, 1))
        assert ["TOKEN"] == [match.classifier for match in matches]
        assert set(LIBRARY.profiles) < set(library.profiles)

    @pytest.mark.parametrize(
        ("below", "path"),
        [
            ("", "/profiles.json"),
            ("/", "/profiles.json"),
            ("/a/b/", "/a/b/profiles.json"),
            ("/a?key=1", "/a/profiles.json?key=1"),
        ],
    )
    async def test_the_document_is_below_the_base_url(self, web: WebServer, below: str, path: str) -> None:
        web.document = document()
        await RemoteProfiles(web.url + below, LIBRARY).changed()

        assert [Asked(path, None)] == web.asked

    async def test_a_document_with_a_tag_is_sent_again_only_after_a_change(self, web: WebServer) -> None:
        web.document, web.tag = document(), '"one"'
        remote = RemoteProfiles(web.url, LIBRARY)
        assert await remote.changed() is not None
        assert await remote.changed() is None

        web.document, web.tag = document("card"), '"two"'
        assert await remote.changed() is not None
        assert await remote.changed() is None
        assert [None, '"one"', '"one"', '"two"'] == [each.condition for each in web.asked]

    async def test_a_document_without_a_tag_is_compared(self, web: WebServer) -> None:
        web.document = document()
        remote = RemoteProfiles(web.url, LIBRARY)
        assert await remote.changed() is not None
        assert await remote.changed() is None

        web.document = document("card")
        assert await remote.changed() is not None

    @pytest.mark.parametrize("status", [0, 204, 301, 304, 401, 404, 500])
    async def test_any_other_answer_is_trouble_that_passes(self, web: WebServer, status: int) -> None:
        web.document, web.status = document(), status
        remote = RemoteProfiles(web.url, LIBRARY)
        for _ in range(2):
            with pytest.raises(UnusableSource, match=rf"profiles\.json: .*{status or 'disconnected'}"):
                await remote.changed()

        web.status = 200
        assert await remote.changed() is not None

    async def test_an_address_where_nobody_is_is_trouble(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UnusableSource, match=r"profiles\.json: "):
            await RemoteProfiles(nowhere, LIBRARY).changed()

    async def test_an_address_that_never_answers_is_trouble(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(remote_profiles, "_TIMEOUT", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            remote = RemoteProfiles(f"http://127.0.0.1:{silent.getsockname()[1]}", LIBRARY)
            with pytest.raises(UnusableSource, match=r"profiles\.json: "):
                await remote.changed()

    async def test_trouble_does_not_make_it_forget_what_it_has_read(self, web: WebServer) -> None:
        web.document, web.tag = document(), '"one"'
        remote = RemoteProfiles(web.url, LIBRARY)
        await remote.changed()
        web.status = 503
        with pytest.raises(UnusableSource):
            await remote.changed()

        web.status = 200
        assert await remote.changed() is None

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"<html>", "the document: "),
            (b"[]", "the document: "),
            (b'{"error": "down for maintenance"}', "`profiles`"),
            (b"[" * 100_000, "the document: "),
            (b'{"profiles": [{"id": "x"}]}', r"profiles\[0\]: "),
            (document("nope"), f"profile {MINE}: Classifier not found: nope"),
            (document(classifiers=[{"name": "BAD", "detections": []}]), r"classifiers\[0\]: "),
            (document(classifiers=[{"name": "B", "detections": [{"pattern": {"regex": "("}}]}]), r"classifiers\[0\]: "),
            (b" " * (16 * 2**20 + 1), "more than 16777216 bytes"),
        ],
        ids=range(9),
    )
    async def test_a_document_that_can_not_be_used_is_said_each_time(
        self, web: WebServer, content: bytes, why: str
    ) -> None:
        web.document, web.tag = content, '"bad"'
        remote = RemoteProfiles(web.url, LIBRARY)
        for _ in range(2):
            with pytest.raises(UnusableSource, match=why):
                await remote.changed()

    @pytest.mark.parametrize(
        "url", ["/etc/profiles", "profiles.example", "ftp://profiles.example", "https://alice:hunter2@profiles.example"]
    )
    def test_a_url_that_can_not_work_is_refused_with_its_setting(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match=r"classification\.client\.classifier-base-url must be") as caught:
            RemoteProfiles(url, LIBRARY)
        assert "hunter2" not in caught.value.message


def started(folder: Path, **client: Any) -> Meterd:
    """A server whose source is looked at ten times a second."""
    config = folder / "config.yaml"
    settings = {"classification": {"client": {"refresh-interval": 0.1, **client}}}
    config.write_text(json.dumps(settings))
    return Meterd(folder / "data", config=config)


def by_profile(meterd: Meterd, wanted: str) -> httpx2.Response:
    return classify(meterd, {"type": "profile", "uuid": wanted, "version": 1})


def by_code(meterd: Meterd, code: str, version: int) -> httpx2.Response:
    return classify(meterd, {"type": "codes", "codes": [{"code": code, "version": version}]})


def classify(meterd: Meterd, description: object) -> httpx2.Response:
    context = {"actor": "user", "agent_id": "bot", "platform": "DATABRICKS"}
    body = {"context": context, "classifierDescription": description, "structured": False, "text": TEXT}
    return meterd.client.post("/classifications/v1", json=body)


def refusal(meterd: Meterd, wanted: str) -> str:
    message: str = by_profile(meterd, wanted).json()["message"]
    return message


def found(response: httpx2.Response) -> list[str]:
    return [match["classifier"] for match in response.json()["matches"]]


TICKET = {
    "name": "TICKET",
    "otCode": "ticket",
    "VERSION": 6,
    "isCustom": True,
    "detections": [{"type": "PATTERN", "pattern": {"regex": "TCK-[0-9]{4}"}, "likelihood": "VERY_LIKELY"}],
}


@pytest.fixture
def remote(web: WebServer, tmp_path: Path) -> Iterator[Meterd]:
    """A server whose source has no document yet."""
    web.status = 404
    with started(tmp_path, **{"classifier-base-url": web.url}) as meterd:
        yield meterd
        meterd.kill()  # it compiles patterns, and a stop would wait for that


@OF_ONE_NODE
def test_a_source_comes_changes_and_goes_without_a_restart(web: WebServer, remote: Meterd) -> None:
    assert ["US_PHONE_NUMBER"] == found(by_profile(remote, DEFAULT))
    absent = by_profile(remote, MINE)
    message = f"Profile not found: {MINE}, and the source of profiles can't be read"
    assert (502, {"code": 502, "message": message}) == (absent.status_code, absent.json())
    assert 502 == by_code(remote, "ticket", 6).status_code
    assert (400, "Profile not found: mine") == (by_profile(remote, "mine").status_code, refusal(remote, "mine"))

    web.document, web.tag, web.status = document("ticket", classifiers=[TICKET]), '"one"', 200
    eventually(lambda: by_profile(remote, MINE).status_code == 200)
    assert ["TICKET"] == found(by_profile(remote, MINE))
    assert (400, f"Profile not found: {UNKNOWN}") == (by_profile(remote, UNKNOWN).status_code, refusal(remote, UNKNOWN))
    assert [200, 400] == [by_code(remote, "ticket", version).status_code for version in (6, 1)]

    web.document, web.tag = document("US_PHONE_NUMBER"), '"two"'
    eventually(lambda: found(by_profile(remote, MINE)) == ["US_PHONE_NUMBER"])

    web.status = 500
    eventually(lambda: by_profile(remote, UNKNOWN).status_code == 502)
    assert ["US_PHONE_NUMBER"] == found(by_profile(remote, MINE))
    assert 1 == remote.log.count(b"the answer was 404")


def test_a_directory_that_is_not_there_leaves_what_is_built_in(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    with started(tmp_path, type="fs", **{"classifier-base-url": str(profiles)}) as meterd:
        assert ["US_PHONE_NUMBER"] == found(by_profile(meterd, DEFAULT))
        assert 502 == by_profile(meterd, MINE).status_code

        profiles.mkdir()
        (profiles / f"{MINE}.json").write_bytes(json.dumps(json.loads(document("ticket"))["profiles"][0]).encode())
        (profiles / "ticket.json").write_text(json.dumps(TICKET))
        eventually(lambda: by_profile(meterd, MINE).status_code == 200)
        assert ["TICKET"] == found(by_profile(meterd, MINE))
        meterd.kill()


def test_an_address_that_can_not_work_stops_the_start(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("{service: {listen: '127.0.0.1:0'}, classification: {client: {classifier-base-url: /profiles}}}")
    ended = run_command("serve", "--config", config, "--data", tmp_path / "data")
    assert 1 == ended.returncode
    assert "classification.client.classifier-base-url must be an http or https URL" in ended.stderr
