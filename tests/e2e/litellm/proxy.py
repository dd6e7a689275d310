"""The real LiteLLM proxy, in a virtual environment and a process of its own."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import yaml

from tests.process import plain_client

HERE = Path(__file__).parent
LITELLM = HERE.parents[2] / ".venv/litellm/bin/litellm"


class Transport(StrEnum):
    """How the proxy reports what it did."""

    CALLBACK = "callback"
    OTLP = "otlp"


class Proxy:
    """LiteLLM in `folder`, reporting to `url` with `token`; a context manager that enters when it answers.

    It sends when it is told to, `flush` or `stop`, not every few seconds: what finishes while LiteLLM flushes is
    lost (`docs/specifications/ingest-sources.md` section 1.3), and what belongs together should arrive in one body.
    """

    def __init__(self, folder: Path, transport: Transport, url: str, token: str) -> None:
        self.folder = folder
        self.transport = transport
        self._report_to = (url, token)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        assert LITELLM.exists(), "run `make .venv/litellm/.ready` first"
        self.folder.mkdir(parents=True)
        for module in ("auth.py", "guardrails.py"):
            shutil.copy(HERE / module, self.folder)
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self._settings()))
        self._log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [LITELLM, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(self.port)],
            cwd=self.folder,
            env=self._environment(),
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, gracefully if it can; what OpenTelemetry has queued is sent on the way (not so after SIGTERM)."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def flush(self) -> None:
        """Let every call be reported, and send what the callback has queued."""
        with plain_client("sk-flush", self.url) as client:
            response = client.get("/health/backlog")
        assert response.status_code == 200, response.text

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = yaml.safe_load((HERE / "config.yaml").read_text())
        url, token = self._report_to
        if self.transport is Transport.OTLP:
            settings["litellm_settings"]["callbacks"] = ["otel"]
            return settings
        settings["litellm_settings"]["callbacks"] = ["meterd"]
        settings["callback_settings"] = {
            "meterd": {
                "callback_type": "generic_api",
                "endpoint": f"{url}/ingest/litellm",
                "headers": {"Authorization": f"Bearer {token}"},
                "max_retries": 2,
                "retry_delay": 0.5,
            }
        }
        return settings

    def _environment(self) -> dict[str, str]:
        url, token = self._report_to
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
        environment = inherited | {
            "HOME": str(self.folder),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_MASTER_KEY": f"sk-{secrets.token_hex(32)}",  # it does not start without; nobody uses it
            "DEFAULT_FLUSH_INTERVAL_SECONDS": "3600",
            # No garbage collection: in a ContextVar's change it can crash Python before 3.12 (python/cpython#148891).
            "PYTHON_GC_THRESHOLD": "0,0,0",
        }
        if self.transport is Transport.CALLBACK:
            return environment
        return environment | {
            "LITELLM_OTEL_V2": "true",
            "LITELLM_OTEL_INTEGRATION_ENABLE_METRICS": "true",
            "LITELLM_OTEL_BAGGAGE_METADATA_KEYS": (
                "user_api_key_user_id,user_api_key_alias,requester_metadata.project"
            ),
            "OTEL_EXPORTER": "otlp_http",
            "OTEL_ENDPOINT": url,
            "OTEL_HEADERS": f"authorization=Bearer%20{token}",
            "OTEL_BSP_SCHEDULE_DELAY": "3600000",
            "OTEL_BSP_MAX_QUEUE_SIZE": "20000",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "20000",
        }

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 300  # it takes as long on a machine that is very busy
        with plain_client(url=self.url) as client:
            while not self._answers(client):
                ended = self.process.poll() is not None or time.monotonic() > deadline
                assert not ended, (self.folder / "log").read_text()[-4000:]
                time.sleep(0.2)

    def _answers(self, client: httpx2.Client) -> bool:
        try:
            return client.get("/health/readiness", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False
