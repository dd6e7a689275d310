"""Builds the exporter that the settings ask for."""

import itertools
from datetime import timedelta

from meterd.errors import ConfigurationError
from meterd.export.families import FAMILIES
from meterd.export.onetrust import OneTrust
from meterd.export.prometheus import PrometheusPage
from meterd.export.schedule import Exporter, Schedule
from meterd.export.series import Reader
from meterd.export.windows import SETTLING
from meterd.metadata import Metadata
from meterd.query.engine import QueryEngine
from meterd.settings import Metrics, Settings
from meterd.supervision import Supervisor
from meterd.telemetry import Telemetry


def schedules(
    settings: Settings, engine: QueryEngine, metadata: Metadata, supervisor: Supervisor
) -> tuple[Schedule, ...]:
    """Make what exports the families; nothing when the settings ask for no exporter. Raises `ConfigurationError`."""
    if settings.metrics is None or settings.metrics.exporter is None:
        return ()
    settling = timedelta(seconds=settings.service.timeout + SETTLING)
    exporter = _exporter(settings, settings.metrics, engine, supervisor.telemetry)
    return (Schedule(exporter, metadata.exports, metadata.election("exporters"), settling, supervisor),)


def prometheus_page(settings: Settings, engine: QueryEngine) -> PrometheusPage:
    """Make what answers `/export/prometheus`."""
    allowed = settings.metrics.allowed_attributes if settings.metrics else ()
    return PrometheusPage(engine, allowed, settings.prometheus.max_series, _kept(settings))


def _exporter(settings: Settings, metrics: Metrics, engine: QueryEngine, telemetry: Telemetry) -> Exporter:
    wanted = metrics.exporter
    assert wanted is not None  # the caller has looked
    bounds = wanted.histogram_boundaries
    if any(lower >= upper for lower, upper in itertools.pairwise(bounds)):
        raise ConfigurationError("metrics.exporter.histogram-boundaries must ascend")
    reader = Reader(engine, metrics.allowed_attributes, bounds, settings.query.max_rows)
    if wanted.type == "onetrust":
        return OneTrust(wanted, reader, telemetry)
    from meterd.export.otlp import Otlp  # half a second of start-up, and memory, that others need not spend

    return Otlp(wanted, reader, _kept(settings), telemetry)


def _kept(settings: Settings) -> timedelta | None:
    """Return for how long all that families are made of is kept; None for ever."""
    days = [settings.store.retention.get(family.dataset.name) for family in FAMILIES]
    return min((timedelta(days=each) for each in days if each), default=None)
