"""The settings: all sections together, and those that are our own."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from meterd import memory
from meterd.errors import ConfigurationError
from meterd.settings.aiguard import Classification, Listen, Listener, Metrics, Service
from meterd.settings.section import Count, Days, Seconds, Secret, Section, Size

_OPENTELEMETRY_PORT = 4317
"""Where exporters send by gRPC unless they are told otherwise."""


NodeName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z",
        description="a name of at most 64 letters, digits, dots, dashes and underscores, such as node-1",
    ),
]


class Node(Section, frozen=True):
    """What tells one node from others."""

    id: NodeName | None = None


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


class Grpc(Section, frozen=True):
    """OpenTelemetry exports over gRPC. `auto` listens where HTTP does, at OpenTelemetry's port unless it is taken."""

    listen: Listen | bool = "auto"
    connections: Count = 256

    @property
    def is_automatic(self) -> bool:
        return self.listen == "auto"

    def listeners(self, service: Service) -> tuple[Listener, ...]:
        """Return the addresses to listen on, none when it is off. Raises `ConfigurationError`."""
        if self.listen is False or self.listen == "off":  # YAML reads the word as False
            return ()
        if self.listen is True:
            raise ConfigurationError("otlp.grpc.listen must be auto, off, HOST:PORT or a port, got on")
        if self.is_automatic:
            first = service.listeners[0]
            return (first._replace(port=first.port and _OPENTELEMETRY_PORT),)
        return service.listeners_at("otlp.grpc.listen", self.listen)


class Otlp(Section, frozen=True):
    """OpenTelemetry exports. Attributes are not kept unless they are named here."""

    max_body_bytes: Count = 20 * 2**20
    grpc: Grpc = Grpc()
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


class Directory(Section, frozen=True):
    """Where all is kept that is no fact: in the data directory, or in PostgreSQL, which several nodes share."""

    url: str = "sqlite:"
    password_file: str | None = None
    connections: Annotated[int, Meta(ge=2)] = 10
    timeout: Seconds = 5.0

    @property
    def is_postgresql(self) -> bool:
        return self.url.startswith(("postgresql://", "postgres://"))


class Store(Section, frozen=True):
    """Where facts are queried: an embedded DuckDB file, or ClickHouse."""

    url: str = "duckdb:"
    cluster: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")] | None = None
    password: Secret | None = None
    password_file: str | None = None
    memory: Size = msgspec.field(default_factory=memory.for_store)
    spill: Size = "4GB"
    threads: Count | None = None
    load_interval: Seconds = 1.0
    checkpoint_interval: Seconds = 60.0
    checkpoint_bytes: Count = 256 * 2**20
    retention: dict[str, Days] = msgspec.field(default_factory=dict)


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
    max_cache_bytes: Annotated[int, Meta(ge=0)] = 32 * 2**20


class Access(Section, frozen=True):
    metrics_without_token: Literal["loopback", "never", "always"] = "loopback"
    sign_in_failures_per_minute: Count = 30
    trusted_proxies: tuple[str, ...] = ()


class Web(Section, frozen=True):
    """Limits of the dashboards that people save."""

    max_dashboards: Count = 100
    max_dashboard_bytes: Count = 2**17


class Logging(Section, frozen=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"
    unknown_callers_per_minute: Annotated[int, Meta(ge=0)] = 600


class Settings(Section, frozen=True):
    service: Service = Service()
    node: Node = Node()
    classification: Classification | None = None
    metrics: Metrics | None = None
    prometheus: Prometheus = Prometheus()
    ingest: Ingest = Ingest()
    litellm: LiteLLM = LiteLLM()
    otlp: Otlp = Otlp()
    sessions: Sessions = Sessions()
    usage: Usage = Usage()
    store: Store = Store()
    directory: Directory = Directory()
    query: Query = Query()
    access: Access = Access()
    web: Web = Web()
    logging: Logging = Logging()
