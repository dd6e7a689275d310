"""Points of OpenTelemetry metrics (`docs/specifications/ingest-sources.md` section 2.1)."""

from typing import TYPE_CHECKING

from meterd.datasets.model import COMMON, Column, Dataset, Kind

if TYPE_CHECKING:
    from meterd.datasets.rows import OtlpPoint

OTLP_POINTS: "Dataset[OtlpPoint]" = Dataset(
    name="otlp_points",
    description="One data point of an OpenTelemetry metric. Allowed attributes are kept in `metadata`.",
    columns=(
        *COMMON,
        Column("point_id", Kind.TEXT, "identity of the point: resource, scope, name, attributes, start and time"),
        Column("metric_name", Kind.TEXT, "name of the metric", required=True, few=True),
        Column(
            "metric_type", Kind.TEXT, "gauge, sum, histogram, exponential_histogram or summary", required=True, few=True
        ),
        Column("unit", Kind.TEXT, "unit in UCUM notation, such as s or {token}", few=True),
        Column("temporality", Kind.TEXT, "delta or cumulative, for sums and histograms", few=True),
        Column("is_monotonic", Kind.BOOLEAN, "a sum that only grows"),
        Column("started_at", Kind.TIME, "start of what a cumulative or delta point covers"),
        Column("service_name", Kind.TEXT, "service.name of the resource", few=True),
        Column("scope_name", Kind.TEXT, "instrumentation scope", few=True),
        Column("value", Kind.NUMBER, "value of a gauge or sum"),
        Column("count", Kind.INTEGER, "how many values a histogram or summary has"),
        Column("sum", Kind.NUMBER, "their sum"),
        Column("minimum", Kind.NUMBER, "the smallest of them"),
        Column("maximum", Kind.NUMBER, "the largest of them"),
        Column("bucket_counts", Kind.NUMBERS, "counts of a histogram's buckets"),
        Column("bucket_bounds", Kind.NUMBERS, "upper bounds of the buckets but the last"),
    ),
    identity=("point_id",),
)
