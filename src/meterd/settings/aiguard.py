"""The sections of an AI Guard configuration file, with what we add (`docs/specifications/ai-guard.md` section 9)."""

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from meterd.errors import ConfigurationError
from meterd.settings.section import Count, Seconds, Section


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


Listen = str | int | Annotated[tuple[str | int, ...], Meta(min_length=1)]


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
    listen: Listen = "127.0.0.1:8080"
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
        return self.listeners_at("service.listen", self.listen)

    def listeners_at(self, setting: str, listen: Listen) -> tuple[Listener, ...]:
        """Return what a setting names, whose values are as those of `service.listen`. Raises `ConfigurationError`."""
        each = listen if isinstance(listen, tuple) else (listen,)
        return tuple(self._listener(setting, str(address)) for address in each)

    def _listener(self, setting: str, text: str) -> Listener:
        scheme, _, address = text.rpartition("://")
        host, _, port = address.rpartition(":")
        if scheme not in ("", "http", "https") or not port.isdecimal() or int(port) > 65535:
            raise ConfigurationError(f"{setting} must be HOST:PORT or a port up to 65535, got {text!r}")
        if scheme == "https" and self.tls is None:
            raise ConfigurationError(f"{setting}: {text} needs the section service.tls")
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
