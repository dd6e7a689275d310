import contextlib
import json
import os
import pkgutil
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
import yaml

from meterd import __version__, commands
from meterd.cli import COMMANDS, Declaration
from tests.process import METRICS, Meterd, run_command

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("METERD_")}
INGEST = f"{METRICS}/ingest?datasource=guardrailMetrics"
SERVE = [sys.executable, "-m", "meterd", "serve", "--listen", "127.0.0.1:0", "--data"]
INTERFACE = {"id", "token", "subject", "type", "teams", "tenant", "tenantAdmin", "scopes", "expiresAt"}


def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return run_command(*arguments, environment=ENVIRONMENT | environment)


def output(*arguments: str | Path, **environment: str) -> str:
    ended = run(*arguments, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def sentence(*arguments: str | Path, **environment: str) -> str:
    """The one sentence of an error."""
    ended = run(*arguments, **environment)
    assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
    assert re.fullmatch(r"meterd: [^\n]+\n", ended.stderr)
    return ended.stderr


def create(data: Path, *arguments: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(output("token", "create", "--data", data, "--json", *arguments))
    return made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that tests of tokens share."""
    data = tmp_path_factory.mktemp("tokens") / "data"
    output("token", "create", "--subject", "first", "--data", data, "--create")
    return data


def loaded_by(*arguments: str) -> set[str]:
    """Return the modules that a command has imported when it ends."""
    program = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    command = [sys.executable, "-c", f"{program}; from meterd.__main__ import main; main()", *arguments]
    return set(subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60).stderr.split())


class TestSignIn:
    def test_it_prints_a_link_for_a_subject_that_is_created_when_it_is_new(self, data: Path) -> None:
        link = output(
            "sign-in", "--subject", "gina", "--team", "red", "--data", data, METERD_URL="https://meterd.test/"
        )
        as_json = json.loads(output("sign-in", "--subject", "gina", "--data", data, "--json", METERD_URL=""))

        assert re.fullmatch(r"https://meterd\.test/sign-in\?code=[\w-]{43}\n", link)
        assert as_json["link"].startswith("http://127.0.0.1:8080/sign-in?code=")

    def test_a_directory_without_metadata_is_named(self, tmp_path: Path) -> None:
        assert f"nothing of meterd is in {tmp_path}" in sentence("sign-in", "--subject", "gina", "--data", tmp_path)

    @pytest.mark.parametrize("name", ["", "a\nb", "x" * 129])
    def test_names_that_nobody_can_read_are_refused(self, data: Path, name: str) -> None:
        assert "--subject must have 1 to 128" in sentence("sign-in", "--subject", name, "--data", data)


class TestImports:
    HEAVY = ("meterd.service", "meterd.api", "duckdb", "litestar", "sqlalchemy", "uvicorn", "hyperscan", "grpc")

    @pytest.mark.parametrize("arguments", [("version",), ("--help",), ("collect", "--help"), ()])
    def test_a_command_that_needs_no_service_imports_none(self, arguments: tuple[str, ...]) -> None:
        loaded = loaded_by(*arguments)

        assert "meterd.cli" in loaded
        assert loaded.intersection(self.HEAVY) == set()

    def test_a_command_about_tokens_imports_what_keeps_them_only(self) -> None:
        loaded = loaded_by("token", "list", "--data", "nothing-like-it")

        assert "meterd.metadata.sql" in loaded
        assert loaded.intersection(self.HEAVY) == {"sqlalchemy"}


class TestCommands:
    @pytest.mark.parametrize("declaration", COMMANDS.values(), ids=lambda declaration: declaration.name)
    def test_the_list_of_commands_has_the_help_that_each_has_itself(self, declaration: Declaration) -> None:
        assert declaration.help == declaration.load().help

    def test_every_module_is_declared(self) -> None:
        modules = {module.name for module in pkgutil.iter_modules(commands.__path__)} - {"options", "progress"}

        assert {name.replace("-", "_") for name in COMMANDS} == modules

    def test_an_unknown_one_is_refused_with_one_that_is_like_it(self) -> None:
        ended = run("vers", COLUMNS="200")

        assert (ended.returncode, ended.stdout) == (2, "")
        assert "Did you mean 'version'?" in ended.stderr


class TestVersion:
    def test_is_printed(self) -> None:
        assert f"meterd {__version__}\n" == output("version")


class TestCheckConfig:
    def test_prints_the_effective_settings(self, tmp_path: Path) -> None:
        file = tmp_path / "meterd.yaml"
        file.write_text("metrics: {exporter: {collector-endpoint: 'http://collector:${PORT:-4317}'}}")

        shown = output("check-config", "--config", file, METERD_SERVICE__LISTEN="10.0.0.1:99")

        settings = yaml.safe_load(shown)
        assert settings["service"]["listen"] == "10.0.0.1:99"
        assert settings["metrics"]["exporter"]["collector-endpoint"] == "http://collector:4317"

    def test_names_what_is_wrong(self, tmp_path: Path) -> None:
        file = tmp_path / "meterd.yaml"
        file.write_text("service: {lissten: 1}")

        assert "service.lissten" in sentence("check-config", METERD_CONFIG=str(file))

    @pytest.mark.parametrize(
        ("named", "settings"),
        [
            ("store.retention", {"STORE__RETENTION": "{nothing_like_it: 3}"}),
            ("service.tls", {"SERVICE__TLS__KEY_PATH": "/nothing/like/it"}),
            ("metrics.exporter", {"METRICS__EXPORTER__TYPE": "otlp"}),
            ("classification.presidio.model", {"CLASSIFICATION__PRESIDIO__MODEL": "nothing_like_it"}),
            (
                "service.authorization.secret-path",
                {
                    "SERVICE__AUTHORIZATION__TYPE": "shared-secret",
                    "SERVICE__AUTHORIZATION__SECRET_PATH": "/nothing/like/it",
                },
            ),
            ("store.memory", {"STORE__MEMORY": "1KB"}),
            ("store.url", {"STORE__URL": "clickhouse://me:secret@db"}),
            ("store.password-file", {"STORE__URL": "clickhouse://db", "STORE__PASSWORD_FILE": "/nothing/like/it"}),
        ],
    )
    def test_refuses_what_a_start_refuses(self, named: str, settings: dict[str, str]) -> None:
        environment = {f"METERD_{name}": value for name, value in settings.items()}

        assert named in sentence("check-config", **environment)

    def test_asks_no_server_of_facts_and_shows_no_password(self) -> None:
        shown = output("check-config", METERD_STORE__URL="clickhouse://127.0.0.1:1", METERD_STORE__PASSWORD="secret")

        assert yaml.safe_load(shown)["store"]["url"] == "clickhouse://127.0.0.1:1"
        assert "secret" not in shown

    def test_leaves_nothing_behind(self, tmp_path: Path) -> None:
        output("check-config", METERD_DATA=str(tmp_path / "data"), TMPDIR=str(tmp_path))

        assert list(tmp_path.iterdir()) == []

    def test_checks_the_address(self) -> None:
        assert "service.listen" in sentence("check-config", METERD_SERVICE__LISTEN="nowhere")


class TestTokens:
    def test_a_created_token_is_printed_alone(self, data: Path) -> None:
        assert re.fullmatch(r"mtr_[0-9a-f]{40}\n", output("token", "create", "--subject", "alone", "--data", data))

    def test_a_new_data_directory_is_made_only_when_that_is_said(self, tmp_path: Path) -> None:
        assert "--create" in sentence("token", "create", "--subject", "a", "--data", tmp_path / "typo")
        assert not (tmp_path / "typo").exists()

    def test_a_created_token_is_described_as_json(self, data: Path) -> None:
        before = datetime.now(UTC)
        made = create(
            data,
            "--subject",
            "bot",
            "--type",
            "virtualaccount",
            "--team",
            "red",
            "--team",
            "blue",
            "--tenant",
            "acme",
            "--tenant-admin",
            "--scope",
            "ingest",
            "--scope",
            "ingest:any-subject",
            "--expires",
            "30d",
        )

        assert made.keys() >= INTERFACE
        assert re.fullmatch(r"mtr_[0-9a-f]{40}", made["token"])
        expected = {"subject": "bot", "type": "virtualaccount", "tenant": "acme", "tenantAdmin": True}
        assert expected.items() <= made.items()
        assert {"red", "blue"} == set(made["teams"])
        assert made["scopes"] == ["ingest", "ingest:any-subject"]
        expires = datetime.fromisoformat(made["expiresAt"])
        assert timedelta(days=30) <= expires - before < timedelta(days=30, minutes=5)

    def test_a_token_has_modest_defaults(self, data: Path) -> None:
        made = create(data, "--subject", "alice@example.com")

        expected = {"type": "user", "teams": [], "tenant": "default", "tenantAdmin": False, "expiresAt": None}
        assert expected.items() <= made.items()
        assert made["scopes"] == ["ingest", "query"]

    def test_a_revoked_token_is_listed_as_such_and_none_is_shown(self, data: Path) -> None:
        made = create(data, "--subject", "gone")

        assert made["id"] in output("token", "revoke", made["id"], "--data", data)

        listed = output("token", "list", "--json", METERD_DATA=str(data))
        (found,) = [each for each in json.loads(listed) if each["id"] == made["id"]]
        assert INTERFACE - {"token"} <= found.keys()
        assert found["revokedAt"]
        assert "mtr_" not in listed
        table = output("token", "list", "--data", data, COLUMNS="200")
        assert made["id"] in table
        assert "revoked" in table
        assert "mtr_" not in table

    def test_an_unknown_id_is_named(self, data: Path) -> None:
        assert "nothing-like-it" in sentence("token", "revoke", "nothing-like-it", "--data", data)
        assert r"caf\udce9" in sentence("token", "revoke", os.fsdecode(b"caf\xe9"), "--data", data)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["--subject", ""], "--subject"),
            (["--subject", "a\nb"], "--subject"),
            (["--subject", "a", "--team", ""], "--team"),
            (["--subject", "a", "--tenant", "x" * 129], "--tenant"),
            (["--subject", "a", "--expires", "soon"], "--expires"),
            (["--subject", "a", "--expires", "0d"], "--expires"),
        ],
    )
    def test_a_bad_option_is_named(self, data: Path, arguments: list[str], named: str) -> None:
        assert named in sentence("token", "create", "--data", data, *arguments)

    def test_an_unknown_scope_is_refused_with_the_known_ones(self, data: Path) -> None:
        ended = run("token", "create", "--subject", "a", "--scope", "everything", "--data", data, COLUMNS="200")

        assert ended.returncode != 0
        assert "ingest:any-subject" in ended.stderr

    def test_a_file_where_the_directory_should_be_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_text("")

        assert str(file) in sentence("token", "list", "--data", file)

    def test_a_damaged_directory_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "directory.sqlite").write_bytes(b"no database" * 1000)

        assert "directory.sqlite" in sentence("token", "list", "--data", tmp_path)


class TestServing:
    def test_tokens_are_created_listed_and_revoked_while_it_runs(self, shared: Meterd) -> None:
        made = create(shared.data, "--subject", "cli-test", "--tenant", "cli-test")

        assert shared.query(token=made["token"]).status_code == 200
        assert shared.ingest([], token=made["token"]).status_code == 200
        assert made["id"] in output("token", "list", "--json", "--data", shared.data)
        output("token", "revoke", made["id"], "--data", shared.data)

    def test_a_second_one_on_the_same_directory_is_refused(self, shared: Meterd) -> None:
        refused = sentence("serve", "--data", shared.data, "--listen", "127.0.0.1:0")

        assert str(shared.data) in refused
        assert shared.client.get("/healthz").status_code == 200

    def test_a_taken_port_is_refused(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"

            assert address in sentence("serve", "--data", tmp_path / "data", METERD_SERVICE__LISTEN=address)

    def test_a_host_that_is_not_known_is_refused(self, tmp_path: Path) -> None:
        refused = sentence("serve", "--data", tmp_path / "data", "--listen", "no host:80")

        assert "no host:80" in refused
        assert "Unknown error" not in refused

    @pytest.mark.parametrize("name", ["directory.sqlite", "journal.sqlite", "store.duckdb"])
    def test_a_damaged_file_is_named(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_bytes(b"no database" * 1000)

        assert name in sentence("serve", "--data", tmp_path, "--listen", "127.0.0.1:0", METERD_LOGGING__LEVEL="error")

    def test_missing_certificates_are_named(self, tmp_path: Path) -> None:
        file = tmp_path / "meterd.yaml"
        file.write_text(f"{{metrics: {{}}, service: {{tls: {{key-path: {tmp_path}/tls.key}}}}}}")

        refused = sentence("serve", "--config", file, "--data", tmp_path / "data", "--listen", "127.0.0.1:0")
        assert f"{tmp_path}/tls.key" in refused

    def test_the_first_start_keeps_a_token_in_a_file_and_signals_stop_it_with_status_0(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        file = data / "administrator-token"
        with served(data, signal.SIGINT) as (url, shown):
            assert "mtr_" not in shown, "what is no terminal may be a log that others read"
            assert str(file) in shown
            assert file.stat().st_mode & 0o777 == 0o600
            authorization = {"Authorization": f"Bearer {file.read_text().strip()}"}
            assert data.stat().st_mode & 0o777 == 0o700
            assert httpx2.post(f"{url}{INGEST}", headers=authorization, json=[{}]).json()["accepted"] == 1
        file.unlink()

        with served(data, signal.SIGTERM) as (url, shown):
            assert "token" not in shown
            assert not file.exists()
            assert httpx2.post(f"{url}{INGEST}", headers=authorization, json=[{}]).json()["accepted"] == 1

    def test_the_first_start_shows_a_token_on_a_terminal(self, tmp_path: Path) -> None:
        ours, terminal = pty.openpty()
        server = subprocess.Popen([*SERVE, tmp_path / "data"], stderr=terminal, env=ENVIRONMENT)
        os.close(terminal)
        shown = b""
        while b"meterd ready on" not in shown:
            readable, _, _ = select.select([ours], [], [], 60)
            part = os.read(ours, 65536) if readable else b""
            assert part, shown
            shown += part
        (link,) = re.findall(r"http://\S+/sign-in\?code=\S+", shown.decode())
        with httpx2.Client() as browser:
            assert browser.get(link).headers["location"] == "/overview"
            assert browser.get(urljoin(link, "/api/me")).json()["tenantAdmin"] is True
        server.terminate()

        assert server.wait(timeout=60) == 0
        assert len(set(re.findall(rb"mtr_[0-9a-f]{40}", shown))) == 1
        assert not (tmp_path / "data" / "administrator-token").exists()
        os.close(ours)

    @pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_while_it_starts_ends_it_quietly(self, end: signal.Signals, tmp_path: Path) -> None:
        data = tmp_path / "data"
        server = subprocess.Popen([*SERVE, data], stderr=subprocess.PIPE, env=ENVIRONMENT)
        while not (data / "lock").exists():
            assert server.poll() is None
            time.sleep(0.001)
        server.send_signal(end)

        _, shown = server.communicate(timeout=60)
        assert server.returncode == 0
        assert b"Traceback" not in shown
        assert b"Error" not in shown


@contextlib.contextmanager
def served(data: Path, end: signal.Signals) -> Iterator[tuple[str, str]]:
    """Address of a server and what it wrote until it was ready; the signal must end it with status 0."""
    server = subprocess.Popen(
        [sys.executable, "-m", "meterd", "serve", "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        env=ENVIRONMENT | {"METERD_DATA": str(data)},
    )
    assert server.stderr is not None
    try:
        shown = b""
        while not (ready := re.search(rb"meterd ready on (http://127\.0\.0\.1:\d+)\n", shown)):
            readable, _, _ = select.select([server.stderr], [], [], 60)
            part = os.read(server.stderr.fileno(), 65536) if readable else b""
            assert part, shown
            shown += part
        yield ready[1].decode(), shown.decode()
    finally:
        server.send_signal(end)
        server.communicate(timeout=60)
    assert server.returncode == 0
