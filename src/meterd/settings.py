"""Typed settings from one YAML file, the environment and flags, in that order of precedence.

An AI Guard configuration file is valid as it is (`docs/specifications/ai-guard.md` section 9): the sections `service`,
`classification` and `metrics` are its own. `docs/operations.md` documents every key, a test keeps it so.
"""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import yaml
from msgspec import Meta

from meterd import memory
from meterd.errors import ConfigurationError
from meterd.validation import Problem, explain, members_of

_MERGE = "tag:yaml.org,2002:merge"
Seconds = Annotated[float, Meta(gt=0)]
Days = Annotated[float, Meta(gt=0, le=36_500)]
Count = Annotated[int, Meta(ge=1)]
Size = Annotated[
    str, Meta(pattern=r"^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$", description="a size such as 512MB, 4GB or 1.5GiB")
]


class Section(msgspec.Struct, kw_only=True, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """A mapping of the settings file: keys in kebab-case, unknown keys are refused."""


class Authorization(Section, frozen=True):
    """How AI Guard clients prove themselves, beside meterd's own tokens."""

    type: Literal["onetrust", "shared-secret"] = "onetrust"
    secret_path: str | None = None
    validation_endpoint: str | None = None
    trusted_root_path: str | None = None
    trusted_root_address: str | None = None
    initial_backoff: Seconds = 0.15
    max_retry_duration: Seconds = 2.0
    cache_max_capacity: Count = 1000
    cache_ttl: Seconds = 300.0
    cache_refused_ttl: Seconds = 5.0
    concurrency: Count = 16


class Tls(Section, frozen=True):
    key_path: str = "/etc/ssl/litenode/tls.key"
    certificate_path: str = "/etc/ssl/litenode/tls.crt"


class Listener(NamedTuple):
    """An address to listen on, with TLS or without."""

    host: str
    port: int
    tls: bool


class Limits(Section, frozen=True):
    """What connections may take before and while a request is read. Sizes are in bytes, rates in bytes a second."""

    connections: Count = 4096
    connections_per_address: Count = 1024
    header_bytes: Annotated[int, Meta(ge=1024)] = 64 * 2**10
    header_fields: Count = 128
    header_timeout: Seconds = 10.0
    body_timeout: Seconds = 10.0
    body_rate: Count = 4096
    write_timeout: Seconds = 30.0
    idle_timeout: Seconds = 75.0
    pipelined_requests: Count = 64
    uploads: Count = 256
    uploads_per_caller: Count = 64
    upload_bytes: Count = 512 * 2**20
    upload_bytes_per_caller: Count = 256 * 2**20


class Service(Section, frozen=True):
    listen: str | int | Annotated[tuple[str | int, ...], Meta(min_length=1)] = "127.0.0.1:8080"
    timeout: Seconds = 10.0
    limits: Limits = Limits()
    authorization: Authorization | None = None
    tls: Tls | None = None

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """What `listen` names. Raises `ConfigurationError`.

        An address is `host:port`, `[ipv6]:port` or a port alone (then every interface). It has TLS when there is a
        section `tls`; `http://` before it says without, `https://` with.
        """
        listen = self.listen if isinstance(self.listen, tuple) else (self.listen,)
        return tuple(self._listener(str(each)) for each in listen)

    def _listener(self, text: str) -> Listener:
        scheme, _, address = text.rpartition("://")
        host, _, port = address.rpartition(":")
        if scheme not in ("", "http", "https") or not port.isdecimal() or int(port) > 65535:
            raise ConfigurationError(f"service.listen must be HOST:PORT or a port up to 65535, got {text!r}")
        if scheme == "https" and self.tls is None:
            raise ConfigurationError(f"service.listen: {text} needs the section service.tls")
        host = host.strip("[]") or "0.0.0.0"  # noqa: S104 - what AI Guard's file means
        return Listener(host, int(port), self.tls is not None and scheme != "http")


class ClassificationSource(Section, frozen=True):
    """Where an operator's profiles and classifiers are: at an address (`client`), or in a directory (`fs`)."""

    type: Literal["client", "fs"] = "client"
    classifier_base_url: str = "http://scan-job-manager:8080"
    refresh_interval: Seconds | None = None

    @property
    def seconds(self) -> float:
        """Between two looks at the source: a minute for `client`, 2 s for `fs` unless the settings say otherwise."""
        return self.refresh_interval or (60.0 if self.type == "client" else 2.0)


class Presidio(Section, frozen=True):
    """The language model that finds names and places, a package's name or a directory; without it none are found."""

    model: str | None = None


class InlineClassifiers(Section, frozen=True):
    """Limits of the classifiers that a request defines, all of them together."""

    max_bytes: Count = 2**20
    max_classifiers: Count = 100
    max_expressions: Count = 500
    max_instructions: Count = 100_000
    max_work: Count = 4_000_000_000


class Classification(Section, frozen=True):
    min_allowed_likelihood: Literal["VERY_UNLIKELY", "UNLIKELY", "POSSIBLE", "LIKELY", "VERY_LIKELY"] = "LIKELY"
    client: ClassificationSource | None = None
    presidio: Presidio = Presidio()
    max_text_characters: Count = 16_000_000
    max_matches: Count = 10_000
    max_matched_characters: Count = 2_000_000
    max_context_bytes: Count = 2**16
    inline: InlineClassifiers = InlineClassifiers()


class MetricsExporter(Section, frozen=True):
    """Where AI Guard's meters are sent, by time intervals."""

    type: Literal["onetrust", "otlp"] = "onetrust"
    protocol: Literal["grpc", "http"] = "grpc"
    collector_endpoint: str | None = None
    interval: Literal["hour"] | Seconds | None = None
    initial_backoff: Seconds = 0.15
    max_retry_duration: Seconds = 30.0
    max_message_bytes: Annotated[int, Meta(ge=1024)] = 2**20
    trusted_root_path: str | None = None
    trusted_root_address: str | None = None
    histogram_boundaries: Annotated[tuple[float, ...], Meta(min_length=1)] = (
        0,
        5,
        10,
        25,
        50,
        75,
        100,
        250,
        500,
        750,
        1000,
        2500,
        5000,
        7500,
        10000,
    )

    @property
    def seconds(self) -> float:
        """Length of an interval: an hour for `onetrust`, a minute for `otlp` unless the settings say otherwise."""
        if self.interval is None:
            return 60.0 if self.type == "otlp" else 3600.0
        return 3600.0 if self.interval == "hour" else self.interval


class Metrics(Section, frozen=True):
    """AI Guard meters. A settings file without this section refuses `POST /metric`."""

    allowed_attributes: tuple[str, ...] = ()
    exporter: MetricsExporter | None = None


class Prometheus(Section, frozen=True):
    """AI Guard's meters at `/export/prometheus`."""

    max_series: Count = 1000


class Ingest(Section, frozen=True):
    """Limits of what is taken in. Sizes are in bytes."""

    max_body_bytes: Count = 64 * 2**20
    max_event_bytes: Count = 2**20
    max_rows: Count = 100_000
    max_growth: Count = 500
    queue_bytes: Count = 256 * 2**20
    backlog_bytes: Count = 4 * 2**30
    disk_reserve_bytes: Annotated[int, Meta(ge=0)] = 256 * 2**20
    deduplication_window: Seconds = 86_400.0
    set_aside_bytes: Count = 2**30


class LiteLLM(Section, frozen=True):
    """What the operator knows of LiteLLM and its callback does not tell."""

    assume_cache_misses: bool = False


class Otlp(Section, frozen=True):
    """OpenTelemetry exports. Attributes are not kept unless they are named here."""

    max_body_bytes: Count = 20 * 2**20
    metadata_attributes: tuple[str, ...] = ()
    point_attributes: tuple[str, ...] = (
        "error.type",
        "gen_ai.framework",
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.response.model",
        "gen_ai.system",
        "gen_ai.token.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "server.address",
        "server.port",
    )


class Sessions(Section, frozen=True):
    """Sessions of running applications."""

    anonymous: Literal["loopback", "never", "always"] = "loopback"
    heartbeat_timeout: Seconds = 60.0
    max_document_bytes: Count = 32 * 2**20


class Usage(Section, frozen=True):
    """What of the calls to this service is recorded, and for how long the last ones may be in memory only."""

    record: Literal["all", "api", "off"] = "api"
    flush_interval: Seconds = 0.2
    unknown_callers_per_minute: Annotated[int, Meta(ge=0)] = 600


class Store(Section, frozen=True):
    """The embedded DuckDB store."""

    memory: Size = msgspec.field(default_factory=memory.for_store)
    spill: Size = "4GB"
    threads: Count | None = None
    load_interval: Seconds = 1.0
    checkpoint_interval: Seconds = 60.0
    checkpoint_bytes: Count = 256 * 2**20
    retention: dict[str, Days] = {}


class Query(Section, frozen=True):
    """Limits of one query."""

    timeout: Seconds = 30.0
    memory: Size = msgspec.field(default_factory=memory.for_query)
    max_rows: Count = 50_000
    max_buckets: Count = 50_000
    max_conditions: Count = 100
    max_values: Count = 10_000
    max_groups: Count = 32
    max_aggregates: Count = 100
    concurrency: Count = 4
    max_waiting: Count = 100


class Access(Section, frozen=True):
    metrics_without_token: Literal["loopback", "never", "always"] = "loopback"


class Logging(Section, frozen=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"
    unknown_callers_per_minute: Annotated[int, Meta(ge=0)] = 600


class Settings(Section, frozen=True):
    service: Service = Service()
    classification: Classification | None = None
    metrics: Metrics | None = None
    prometheus: Prometheus = Prometheus()
    ingest: Ingest = Ingest()
    litellm: LiteLLM = LiteLLM()
    otlp: Otlp = Otlp()
    sessions: Sessions = Sessions()
    usage: Usage = Usage()
    store: Store = Store()
    query: Query = Query()
    access: Access = Access()
    logging: Logging = Logging()


_RUST_LEVELS = {"trace": "debug", "debug": "debug", "info": "info", "warn": "warning", "error": "error"}
"""What AI Guard's operators set in `RUST_LOG`; counts when no level is configured."""


def load(
    path: Path | None, environment: Mapping[str, str] = os.environ, flags: Mapping[str, Any] | None = None
) -> Settings:
    """Settings from the file at `path` (may be None), `METERD_SECTION__KEY` variables, and `flags` (dotted keys).

    Raises `ConfigurationError` naming the key for anything unknown, of a wrong type, or unset in the environment.
    """
    raw = _read(path, environment) if path else {"metrics": {}}
    raw = {name: {} if section is None else section for name, section in raw.items()}
    for name, value in environment.items():
        if name.startswith("METERD_") and "__" in name:
            keys = name.removeprefix("METERD_").lower().replace("__", ".").replace("_", "-")
            _put(raw, keys, _environment_value(name, value))
    if level := _RUST_LEVELS.get(environment.get("RUST_LOG", "").lower()):
        raw.setdefault("logging", {}).setdefault("level", level)
    for dotted, value in (flags or {}).items():
        _put(raw, dotted, value)
    try:
        return msgspec.convert(_without_empty(raw), Settings, strict=False)
    except msgspec.ValidationError as error:
        problem = explain(error, Settings)
        raise ConfigurationError(f"settings: {problem.sentence('the file')}{_hint(problem)}") from None


def _hint(problem: Problem) -> str:
    """For a key that is not known: one of the same section that looks like it, or of that name in another one."""
    if not problem.is_unknown:
        return ""
    *section, name = problem.field.split(".")
    alike = get_close_matches(name, members_of(Settings, section), 1)
    meant = [".".join([*section, each]) for each in alike] or [
        f"{other}.{name}" for other in members_of(Settings, []) if name in members_of(Settings, [other])
    ]
    return f": did you mean {meant[0]}?" if meant else ""


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML would take the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE:
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise ConfigurationError(f"{key.value} is there twice, in the lines {seen[key.value]} and {line}")
                seen[key.value] = line
        return super().construct_mapping(node, deep)


def _environment_value(name: str, value: str) -> Any:
    """A string, or what a list or mapping in YAML's short form holds."""
    if value[:1] not in ("[", "{"):
        return value
    try:
        return yaml.load(value, _Loader)  # noqa: S506 - a safe loader
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error.message}") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{name} starts like a list or mapping in YAML, but is none") from None


def describe(settings: Settings) -> str:
    """The effective settings as YAML; credentials inside addresses are masked."""
    plain = msgspec.to_builtins(settings)
    return re.sub(r"://[^/\s]+@", "://***@", yaml.safe_dump(plain, sort_keys=False))


def _read(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    except ConfigurationError as error:
        raise ConfigurationError(f"the settings file {path}: {error.message}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read the settings file {path}: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the settings file {path} is not valid YAML: {error}") from None
    if not isinstance(content, dict | None):
        raise ConfigurationError(f"the settings file {path} must hold a mapping of sections")
    expanded: dict[str, Any] = _expand(content or {}, environment)
    return expanded


_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _expand(value: Any, environment: Mapping[str, str]) -> Any:
    """Replace `${VAR}` and `${VAR:-default}` in every string; an empty variable counts as unset."""

    def variable(match: re.Match[str]) -> str:
        found = environment.get(match[1]) or match[2]
        if found is None:
            raise ConfigurationError(f"the settings file needs the environment variable {match[1]}, which is not set")
        return found

    if isinstance(value, str):
        return _VARIABLE.sub(variable, value)
    if isinstance(value, dict):
        return {key: _expand(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, environment) for item in value]
    return value


def _put(raw: dict[str, Any], dotted: str, value: Any) -> None:
    *sections, key = dotted.split(".")
    for section in sections:
        below = raw.setdefault(section, {})
        if not isinstance(below, dict):
            raise ConfigurationError(f"settings: {section} must be an object")
        raw = below
    raw[key] = value


def _without_empty(value: Any) -> Any:
    """Drop members that are null or an empty string, of mappings and lists: such an option counts as not given."""
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item is not None and item != ""}
    if isinstance(value, list):
        return [_without_empty(item) for item in value if item is not None and item != ""]
    return value
