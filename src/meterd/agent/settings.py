"""The configuration: a JSON file with DataCat's keys (`docs/specifications/sessions.md` section 8.4) and a few of
ours.
"""

import hashlib
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from meterd.agent.errors import ConfigurationError

DEFAULT_FILE = "daemon_config.json"
DEFAULT_URL = "http://127.0.0.1:8080"

Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is left out has the default shown here. Durations are in seconds.

    `max_batch_size` is read for compatibility and has no meaning.
    """

    daemon_port: str | int = "8079"
    server_url: str = ""
    api_key: str = ""
    batch_interval_seconds: Seconds = 5
    max_batch_size: int = 100
    heartbeat_timeout_seconds: Seconds = 60
    enable_compression: bool = True
    tls_verify: bool = True
    tls_insecure_skip_verify: bool = False
    data_dir: str = ""
    max_queue_bytes: Annotated[int, msgspec.Meta(gt=0)] = 2**30
    allow_users: tuple[str, ...] = ()
    linger_seconds: Annotated[float, msgspec.Meta(ge=0)] = 60

    @property
    def port(self) -> int:
        return int(self.daemon_port)

    @property
    def users(self) -> frozenset[int]:
        """The ids of those who may use the agent beside its own user."""
        return frozenset(pwd.getpwnam(name).pw_uid for name in self.allow_users)

    @property
    def verifies_tls(self) -> bool:
        return self.tls_verify and not self.tls_insecure_skip_verify

    @property
    def directory(self) -> Path:
        """Where the queues are kept."""
        return Path(self.data_dir)

    @property
    def destination(self) -> str:
        """A short name for the server's address: what is queued for one server never goes to another."""
        return hashlib.sha256(self.server_url.encode()).hexdigest()[:16]


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the file that `DATACAT_CONFIG` names, else `daemon_config.json` if there is one, else the defaults.

    What the file leaves empty comes from `METERD_URL`, `METERD_TOKEN` and `METERD_AGENT_DATA`.

    Raises:
        ConfigurationError: the file can't be read, or says what makes no sense.
    """
    named = environment.get("DATACAT_CONFIG")
    path = Path(named or DEFAULT_FILE)
    try:
        text = path.read_bytes() if named or path.exists() else b"{}"
        settings = msgspec.json.decode(text, type=Settings)
    except OSError as error:
        raise ConfigurationError(f"can't read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    return _checked(_completed(settings, path, environment))


def _completed(settings: Settings, path: Path, environment: Mapping[str, str]) -> Settings:
    url = settings.server_url or environment.get("METERD_URL") or DEFAULT_URL
    data = settings.data_dir or environment.get("METERD_AGENT_DATA") or str(_usual_directory(path, environment))
    return msgspec.structs.replace(
        settings,
        server_url=url.rstrip("/"),
        api_key=settings.api_key or environment.get("METERD_TOKEN", ""),
        data_dir=data,
    )


def _usual_directory(path: Path, environment: Mapping[str, str]) -> Path:
    """Return the user's directory for state; the configuration's own when there is none that can be written."""
    home = environment.get("HOME", "")
    state = environment.get("XDG_STATE_HOME") or (f"{home}/.local/state" if home else "")
    if state:
        directory = Path(state) / "meterd-agent"
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError:
            pass
        else:
            if os.access(directory, os.W_OK):
                return directory
    return path.absolute().parent / "meterd-agent"


def _checked(settings: Settings) -> Settings:
    url = urlsplit(settings.server_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ConfigurationError(f"server_url must look like {DEFAULT_URL}, got {settings.server_url!r}")
    text = str(settings.daemon_port)
    if not text.isdecimal() or int(text) > 65535:
        raise ConfigurationError(f"daemon_port must be a port number, got {text!r}")
    if not (settings.api_key.isascii() and settings.api_key.isprintable()):
        raise ConfigurationError("api_key must be printable ASCII, without line breaks")
    for name in settings.allow_users:
        try:
            pwd.getpwnam(name)
        except KeyError:
            raise ConfigurationError(f"allow_users must name users of this machine, got {name!r}") from None
    return settings
