"""The operations that tell how the service itself is."""

from meterd.api.openapi import PLAIN_ERRORS, TEXT, Described, Media, Operation

_TAG = "Operations"
_PAGE = (Media(TEXT, "text/plain"),)

OPERATIONS = (
    Described(
        "GET",
        "/healthz",
        Operation(
            "isAlive", _TAG, "The process is alive", PLAIN_ERRORS, success="Alive", responses=_PAGE, is_open=True
        ),
    ),
    Described(
        "GET",
        "/readyz",
        Operation(
            "isReady", _TAG, "A write and a read work", PLAIN_ERRORS, success="Ready", responses=_PAGE, is_open=True
        ),
    ),
    Described(
        "GET",
        "/metrics",
        Operation(
            "readServiceMetrics",
            _TAG,
            "The service's own health for Prometheus",
            PLAIN_ERRORS,
            success="Metrics in Prometheus' text format",
            responses=_PAGE,
        ),
    ),
    Described(
        "GET",
        "/export/prometheus",
        Operation(
            "exportMeters",
            _TAG,
            "AI Guard's meters for Prometheus",
            PLAIN_ERRORS,
            success="Metrics in Prometheus' text format",
            responses=_PAGE,
        ),
    ),
)
