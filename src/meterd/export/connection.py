"""The address of the collector that the settings name: `metrics.exporter`."""

from meterd.endpoints import Endpoint, endpoint_of
from meterd.errors import ConfigurationError
from meterd.settings import MetricsExporter

_SECTION = "metrics.exporter"


def collector(settings: MetricsExporter, default: str | None = None) -> Endpoint:
    """Return the collector that the settings name. Raises `ConfigurationError` for what can't be used."""
    url = settings.collector_endpoint or default
    if url is None:
        raise ConfigurationError(f"{_SECTION}.type {settings.type} needs collector-endpoint, such as http://host:4317")
    return endpoint_of(_SECTION, "collector-endpoint", url, settings.trusted_root_address, settings.trusted_root_path)
