import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process import Meterd

HEAD = """
import logging
import structlog
from meterd import logs
from meterd.settings import Logging
log = structlog.get_logger()
"""
FAILURE = (
    HEAD
    + """
logs.configure(Logging(format=FORMAT))
def handle():
    token = "mtr_" + "5ec2e7" * 7
    raise ValueError("boom")
for write in (log.exception, logging.getLogger("uvicorn.error").exception):
    try:
        handle()
    except ValueError:
        write("request failed")
"""
)


def errors_of(program: str, stderr: int = subprocess.PIPE) -> str:
    ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=stderr, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, b""), ended.stderr
    return (ended.stderr or b"").decode()


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_is_json_when_it_does_not_go_to_a_terminal() -> None:
    program = HEAD + 'logs.configure(Logging()); log.info("ready", port=8080)'

    (record,) = records(errors_of(program))
    assert {"event": "ready", "port": 8080, "level": "info"}.items() <= record.items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(record["timestamp"]))


def test_is_text_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    try:
        errors_of(HEAD + 'logs.configure(Logging()); log.info("ready", port=8080)', stderr=theirs)
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)

    assert not shown.startswith("{")
    assert "ready" in shown
    assert "8080" in shown


@pytest.mark.parametrize(("format_", "is_json"), [("json", True), ("text", False)])
def test_the_format_can_be_set(format_: str, is_json: bool) -> None:
    line = errors_of(HEAD + f'logs.configure(Logging(format="{format_}")); log.info("ready")')

    assert is_json == line.startswith("{")
    assert "ready" in line


def test_what_is_below_the_level_is_left_out() -> None:
    program = HEAD + 'logs.configure(Logging(level="warning")); log.debug("a"); log.info("b"); log.warning("c")'

    assert [record["event"] for record in records(errors_of(program))] == ["c"]


def test_libraries_log_in_the_same_form_from_warnings_on() -> None:
    program = HEAD + (
        'logs.configure(Logging(level="debug")); library = logging.getLogger("uvicorn.error")\n'
        'library.info("quiet"); library.warning("%d left", 3)'
    )

    (record,) = records(errors_of(program))
    assert {"event": "3 left", "level": "warning"}.items() <= record.items()
    assert "timestamp" in record


def test_libraries_that_repeat_what_is_asked_log_nothing() -> None:
    program = HEAD + (
        "logs.configure(Logging(level='debug'))\n"
        "for name in ('urllib3.connectionpool', 'clickhouse_connect.driver.httpclient'):\n"
        "    logging.getLogger(name).error('/?param_p1=somebody')"
    )

    assert "" == errors_of(program)


def test_an_exception_is_one_json_line_with_its_traceback() -> None:
    ours, library = records(errors_of(FAILURE.replace("FORMAT", '"json"')))

    for record in (ours, library):
        assert record["event"] == "request failed"
        assert "ValueError: boom" in str(record.get("exception"))
        assert "in handle" in str(record.get("exception"))


@pytest.mark.parametrize("format_", ["json", "text"])
def test_an_exception_never_shows_the_values_of_variables(format_: str) -> None:
    shown = errors_of(FAILURE.replace("FORMAT", f'"{format_}"'))

    assert shown.count("request failed") == 2
    assert "5ec2e7" * 7 not in shown


def test_text_with_an_exception_raises_no_warning() -> None:
    assert "Warning" not in errors_of(FAILURE.replace("FORMAT", '"text"'))


@pytest.mark.parametrize("format_", ["json", "text"])
def test_what_anybody_wrote_is_one_line_of_bounded_length_without_control_characters(format_: str) -> None:
    hostile = "/\\r\\n\\x1b[31m\\x00\\x9b\\u202e\\u2028\\ud800" + "x" * 65_000
    program = HEAD + (
        f'logs.configure(Logging(format="{format_}")); log.info("request", path="{hostile}")\n'
        f'logging.getLogger("uvicorn.error").warning("{hostile}")'
    )

    shown = errors_of(program)
    assert 2 == len(shown.splitlines())
    assert all(line.isprintable() and len(line) < 2500 for line in shown.replace("\x1b[", "").split("\n"))
    assert 2 == shown.count("characters)")


def test_a_log_that_can_not_be_written_disturbs_nobody() -> None:
    with Path("/dev/full").open("wb") as full:
        errors_of(HEAD + 'logs.configure(Logging()); log.error("lost"); log.error("lost too")', stderr=full.fileno())


def test_a_server_never_logs_tokens_or_texts(tmp_path: Path) -> None:
    wrong = "mtr_" + "0bad" * 10
    with Meterd(tmp_path / "data", environment={"METERD_LOGGING__LEVEL": "debug"}) as meterd:
        assert meterd.ingest({"guardrailName": "secret words"}).status_code == 200
        assert meterd.ingest({"latencyMs": "secret words"}).status_code == 400
        assert meterd.ingest({"metadata": {"note": "secret words" * 20}}).status_code == 400
        assert meterd.ingest({"guardrailName": "secret words"}, token=wrong).status_code == 401
        assert meterd.query().status_code == 200
        assert meterd.query(filters="secret words").status_code == 400
        assert meterd.query(token=wrong).status_code == 401
        assert meterd.client.get("/nothing", params={"token": meterd.token}).status_code == 404

    lines = [line for line in meterd.log.decode().splitlines() if line and not line.startswith("meterd ready")]
    logged = [record for record in records("\n".join(lines)) if record["event"] == "request"]
    assert [record["status"] for record in logged] == [200, 400, 400, 401, 200, 400, 401, 404]
    assert len({record["id"] for record in logged}) == 8
    for secret in (meterd.token, wrong, "secret words"):
        assert secret not in meterd.log.decode()
