"""`meterd collect azure-service-bus` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meterd.collect.servicebus import Namespace
from tests.collect.monitor import Monitor, refusal
from tests.process import Meterd
from tests.waiting import eventually

COMMAND = "collect", "azure-service-bus"
IN_THE_BACKGROUND = "sh", "-c", "trap '' INT; exec \"$@\"", "sh"
"""Runs a command as a shell does in the background: interrupts are ignored, unless it says that it takes them."""


@pytest.fixture
def environment(shared: Meterd, monitor: Monitor, certificate: Path, namespace: Namespace) -> dict[str, str]:
    """All that the command needs, and where it gets a token of Azure's from."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("METERD_", "AZURE_"))}
    return inherited | {
        "METERD_URL": shared.url,
        "METERD_TOKEN": shared.token,
        "METERD_AZURE_NAMESPACE": namespace.id,
        "METERD_AZURE_ENDPOINT": monitor.url,
        "METERD_AZURE_INTERVAL": "1",
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "IDENTITY_ENDPOINT": f"{monitor.url}/token",
        "IDENTITY_HEADER": "secret",
        "REQUESTS_CA_BUNDLE": str(certificate),
    }


def sentence(environment: dict[str, str], *arguments: str) -> str:
    """The last line of a command that ends with status 1."""
    command = [sys.executable, "-m", "meterd", *COMMAND, *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (1, "") == (ended.returncode, ended.stdout), ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("meterd: "), ended.stderr
    return last


def totals(meterd: Meterd, namespace: Namespace) -> list[int]:
    """How many facts the server has of each sample of two metrics."""
    mine = {"fieldName": "metadata.namespace", "operator": "EQUAL", "value": namespace.name}
    some = {"fieldName": "metric", "operator": "IN", "value": ["Size", "ActiveConnections"]}
    query: dict[str, Any] = {"datasource": "queueMetrics", "groupBy": ["metric", "queue"], "filters": [mine, some]}
    return [point["total"] for point in meterd.points(**query)]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_collects_until_it_is_told_to_end(
    environment: dict[str, str], shared: Meterd, namespace: Namespace, monitor: Monitor, end: signal.Signals
) -> None:
    command = [*IN_THE_BACKGROUND, sys.executable, "-m", "meterd", *COMMAND]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        eventually(lambda: len(totals(shared, namespace)) == 4)
        first = len(monitor.asked)
        eventually(lambda: len(monitor.asked) >= first + 4)
    finally:
        process.send_signal(end)
        _, shown = process.communicate(timeout=60)
    assert (0, b"") == (process.returncode, shown)


def test_a_collection_that_fails_unexpectedly_is_not_the_last(
    environment: dict[str, str], shared: Meterd, namespace: Namespace, monitor: Monitor
) -> None:
    program = """
from meterd.__main__ import main
from meterd.collect.collector import Collector

original, calls = Collector.collect, 0

def collect(collector, now):
    global calls
    calls += 1
    if calls == 2:
        raise RuntimeError("injected")
    original(collector, now)

Collector.collect = collect
main()
"""
    command = [sys.executable, "-c", program, *COMMAND]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        assert process.stderr
        lines = iter(process.stderr.readline, b"")
        assert any(b"a collection failed unexpectedly; the next one makes up for it" in line for line in lines)
        first = len(monitor.asked)
        eventually(lambda: len(monitor.asked) >= first + 4)
        assert 4 == len(totals(shared, namespace))
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert 0 == process.returncode


def test_collecting_again_after_a_restart_counts_nothing_twice(
    environment: dict[str, str], shared: Meterd, namespace: Namespace, monitor: Monitor
) -> None:
    for times in (1, 2):
        monitor.asked.clear()
        process = subprocess.Popen([sys.executable, "-m", "meterd", *COMMAND], env=environment)
        eventually(lambda: len(monitor.asked) > 12)
        process.terminate()
        assert 0 == process.wait(60), times
    assert max(totals(shared, namespace)) <= 180 + 2, "three hours, and two minutes in which the test may have run"


class TestRefusals:
    def test_what_azure_says_is_told(self, environment: dict[str, str], monitor: Monitor) -> None:
        answer = refusal(403, "AuthorizationFailed", "The client may not.")
        monitor.refuse = dict.fromkeys(("Size", "UserErrors", "ReplicationLagCount", "ActiveConnections"), answer)
        assert "meterd: (AuthorizationFailed) The client may not." == sentence(environment)

    def test_what_meterd_says_is_told(self, environment: dict[str, str]) -> None:
        assert "401" in sentence(environment | {"METERD_TOKEN": "mtr_wrong"})

    def test_a_missing_token_is_told(self, environment: dict[str, str]) -> None:
        assert "METERD_TOKEN" in sentence(environment | {"METERD_TOKEN": ""})

    def test_without_a_way_to_sign_in_it_ends(self, environment: dict[str, str]) -> None:
        assert "DefaultAzureCredential" in sentence(environment | {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"})

    def test_an_option_goes_before_the_environment(self, environment: dict[str, str]) -> None:
        assert "must be a resource id" in sentence(environment, "--namespace", "etrm")

    def test_missing_packages_are_named(self, environment: dict[str, str]) -> None:
        without = f"import sys; sys.modules['azure.identity'] = None; sys.argv[1:] = {COMMAND}"
        program = f"{without}; from meterd.cli import main; main()"
        ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        assert 1 == ended.returncode
        assert "pip install azure-identity azure-monitor-querymetrics" in ended.stderr
        assert re.fullmatch(r"meterd: .*azure\.identity.*\n", ended.stderr)


def test_the_command_line_starts_without_azure() -> None:
    loaded = "print(sorted(name for name in sys.modules if name.startswith('azure')))"
    program = f"import sys, meterd.commands.collect; {loaded}"
    assert "[]\n" == subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
