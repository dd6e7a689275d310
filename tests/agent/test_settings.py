"""The configuration file."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from meterd.agent.errors import ConfigurationError
from meterd.agent.settings import load
from tests.agent.process import PROGRAM, Daemon


def write(directory: Path, **keys: Any) -> dict[str, str]:
    """The environment of an agent whose file has these keys."""
    path = directory / "config.json"
    path.write_text(json.dumps(keys))
    return {"DATACAT_CONFIG": str(path), "HOME": str(directory)}


def test_a_key_that_is_left_out_has_its_default(tmp_path: Path) -> None:
    settings = load(write(tmp_path, daemon_port="1234", server_url="http://server:9090/"))
    assert (1234, "http://server:9090", 5, 60, True, True) == (
        settings.port,
        settings.server_url,
        settings.batch_interval_seconds,
        settings.heartbeat_timeout_seconds,
        settings.enable_compression,
        settings.verifies_tls,
    )
    assert tmp_path / ".local/state/meterd-agent" == settings.directory


def test_the_environment_says_what_the_file_leaves_open(tmp_path: Path) -> None:
    environment = {"METERD_URL": "http://a", "METERD_TOKEN": "one", "METERD_AGENT_DATA": "/queue"}
    settings = load(write(tmp_path, api_key="") | environment)
    assert ("http://a", "one", Path("/queue")) == (settings.server_url, settings.api_key, settings.directory)
    settings = load(write(tmp_path, api_key="two", server_url="http://b") | environment)
    assert ("http://b", "two") == (settings.server_url, settings.api_key)


def test_queues_are_beside_the_file_where_there_is_no_home(tmp_path: Path) -> None:
    environment = write(tmp_path) | {"HOME": "/proc/nowhere"}
    assert tmp_path / "meterd-agent" == load(environment).directory


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"daemon_port": "auto"}, "daemon_port must be a port number, got 'auto'"),
        ({"daemon_port": 70000}, "daemon_port must be a port number, got '70000'"),
        ({"server_url": "server:9090"}, "server_url must look like"),
        ({"api_key": "a\nb"}, "api_key must be printable ASCII"),
        ({"batch_interval_seconds": 0}, "batch_interval_seconds"),
    ],
)
def test_a_key_that_makes_no_sense_is_named(tmp_path: Path, keys: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(expected)):
        load(write(tmp_path, **keys))


def test_a_taken_port_is_a_sentence_and_status_1(daemon: Daemon) -> None:
    environment = os.environ | {"DATACAT_CONFIG": str(daemon.config)}
    done = subprocess.run([PROGRAM], capture_output=True, text=True, env=environment, check=False)
    expected = f"datacat-daemon: can't listen on 127.0.0.1:{daemon.port}: Address already in use\n"
    assert (1, expected) == (done.returncode, done.stderr)


def test_help_is_printed_and_nothing_is_started() -> None:
    ended = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60, check=True)

    assert ended.stderr == ""
    assert "DATACAT_CONFIG" in ended.stdout
    assert "METERD_URL" in ended.stdout
