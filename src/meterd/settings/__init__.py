"""Typed settings from one YAML file, the environment and flags, in that order of precedence.

An AI Guard configuration file is valid as it is: the sections `service`, `classification` and `metrics` are its own.
`docs/operations.md` documents every key, a test keeps it so.
"""

from meterd.settings.aiguard import (
    Authorization,
    Classification,
    ClassificationSource,
    InlineClassifiers,
    Limits,
    Listener,
    Metrics,
    MetricsExporter,
    Presidio,
    Service,
    Tls,
)
from meterd.settings.loading import describe, load
from meterd.settings.section import Section
from meterd.settings.sections import (
    Access,
    Directory,
    Ingest,
    LiteLLM,
    Logging,
    Otlp,
    Prometheus,
    Query,
    Sessions,
    Settings,
    Store,
    Usage,
    Web,
)

__all__ = [
    "Access",
    "Authorization",
    "Classification",
    "ClassificationSource",
    "Directory",
    "Ingest",
    "InlineClassifiers",
    "Limits",
    "Listener",
    "LiteLLM",
    "Logging",
    "Metrics",
    "MetricsExporter",
    "Otlp",
    "Presidio",
    "Prometheus",
    "Query",
    "Section",
    "Service",
    "Sessions",
    "Settings",
    "Store",
    "Tls",
    "Usage",
    "Web",
    "describe",
    "load",
]
