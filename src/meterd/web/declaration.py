"""The declaration of a dashboard: what it may say, and whether the server could answer what its panels ask.

A panel's query is a body of the public metrics query. Placeholders stand for whole values in it, which the browser
fills: `$start`, `$end`, `$interval`, `$zone`, and `"$filters"` in `filters` for those of the page.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from meterd.api.gateway.datasource import Datasource
from meterd.api.gateway.request import parse_query
from meterd.errors import InvalidInput
from meterd.query.model import Query
from meterd.validation import explain

COLUMNS = 12
"""Columns of the grid."""

_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_NAME = "lower-case letters, digits and hyphens, beginning with a letter or a digit, up to 64 characters"
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description=_NAME)]
Title = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,80}$", description="1 to 80 characters on one line")]
Line = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,240}$", description="up to 240 characters on one line")]
Text = Annotated[str, Meta(max_length=200)]
Path = Annotated[
    str,
    Meta(
        pattern=r"^(/([A-Za-z0-9_.~-][A-Za-z0-9_.~/?&=:,%+-]{0,300})?)?$",
        description="an address here, such as /models",
    ),
]
Kind = Literal["number", "lines", "areas", "bars", "top", "table", "heatmap"]
OVER_TIME = frozenset({"lines", "areas", "bars", "heatmap"})
"""Kinds whose query is a time series; that of the others is a distribution."""


class FilterField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field that the page offers to filter by."""

    field: Annotated[str, Meta(min_length=1, max_length=140)]
    label: Title


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Those groups whose fields have one of some values."""

    where: Annotated[
        dict[Text, Annotated[list[Any], Meta(min_length=1, max_length=50)]], Meta(min_length=1, max_length=8)
    ]


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of something: a key of the answer, or groups; and the key of what it is a part of."""

    part: Text | Where
    of: Text


class AggregationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An aggregation of the public query."""

    type: Text
    column: Text
    buckets: Annotated[int, Meta(ge=1, le=100)] | None = None


class FilterBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A filter of the public query, which is always there, whatever the page filters."""

    operator: Text
    field_name: Text | None = None
    metadata_key: Text | None = None
    value: Any = None


class QueryBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The body of a public query, with placeholders."""

    datasource: Text
    type: Literal["distribution", "timeseries"]
    start_ts: Text
    end_ts: Text
    interval: Text | None = None
    timezone: Text | None = None
    aggregations: Annotated[list[AggregationBody], Meta(max_length=40)] = msgspec.field(default_factory=list)
    group_by: Annotated[list[Text], Meta(max_length=8)] = msgspec.field(default_factory=list)
    filters: Annotated[list[Literal["$filters"] | FilterBody], Meta(max_length=40)] = msgspec.field(
        default_factory=list
    )
    order_by: Text | None = None
    order: Literal["asc", "desc"] | None = None
    limit: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    other: bool = False
    totals: bool = False


class Panel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A picture of one answer.

    Attributes:
        value: the key of the answer that it shows, or a share.
        series: keys of the answer that are a series each; without them each group is one.
        better: whether more of it is better or worse; without it, neither.
        link: the page that a click opens.
    """

    id: Name
    title: Title
    unit: Literal["count", "usd", "ms", "share", "tokens", "perSecond", "bytes"]
    kind: Kind
    width: Annotated[int, Meta(ge=1, le=COLUMNS)]
    height: Annotated[int, Meta(ge=1, le=12)]
    query: QueryBody
    description: Line = ""
    value: Text | Share = "total"
    series: Annotated[list[Text], Meta(max_length=12)] = msgspec.field(default_factory=list)
    better: Literal["more", "less"] | None = None
    link: Path = ""


class Dashboard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A page of panels, and the fields that it offers to filter by."""

    id: Name
    title: Title
    panels: tuple[Panel, ...]
    description: Line = ""
    filters: tuple[FilterField, ...] = ()


class _Sent(msgspec.Struct, forbid_unknown_fields=True):
    """A declaration as it is sent: its panels are looked at one by one, so that an error names the panel."""

    title: Title
    panels: Annotated[list[Any], Meta(min_length=1, max_length=40)]
    id: Any = None
    description: Line = ""
    filters: Annotated[list[FilterField], Meta(max_length=20)] = []


def declared(sent: object, datasources: Mapping[str, Datasource], name: str | None = None) -> Dashboard:
    """Check a declaration that is decoded already. Raises `InvalidInput` that names the panel and the member."""
    raw = _convert(sent, _Sent, "the dashboard")
    panels = tuple(_panel(each, number, datasources) for number, each in enumerate(raw.panels, 1))
    _require_different("panels", [panel.id for panel in panels], "id")
    _require_different("filters", [each.field for each in raw.filters], "field")
    _require_known(raw.filters, [datasources[panel.query.datasource] for panel in panels])
    head = {"id": raw.id if name is None else name, "title": raw.title, "description": raw.description, "panels": ()}
    dashboard = _convert(head, Dashboard, "the dashboard")
    return msgspec.structs.replace(dashboard, panels=panels, filters=tuple(raw.filters))


def _convert(sent: object, type_: type[_Struct], where: str) -> _Struct:
    try:
        return msgspec.convert(sent, type_)
    except msgspec.ValidationError as error:
        problem = explain(error, type_)
        raise InvalidInput(f"{where}: {problem.sentence('it')}") from None


def _panel(sent: object, number: int, datasources: Mapping[str, Datasource]) -> Panel:
    name = sent.get("id") if isinstance(sent, dict) else None
    where = f'panel "{name[:64]}"' if isinstance(name, str) else f"panel {number}"
    panel = _convert(sent, Panel, where)
    over_time = panel.kind in OVER_TIME
    wanted = "timeseries" if over_time else "distribution"
    if panel.query.type != wanted:
        raise InvalidInput(f"{where}: query.type must be {wanted} for {panel.kind}, got {panel.query.type}")
    try:
        query = parse_query(msgspec.json.encode(filled(panel.query)), datasources)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: query: {error.message}") from None
    _require_keys(panel, query, where)
    return panel


_SAMPLES = {
    "$start": "2026-01-01T00:00:00Z",
    "$end": "2026-01-02T00:00:00Z",
    "$interval": "1 hour",
    "$zone": "UTC",
}


def filled(
    query: QueryBody, values: Mapping[str, str] = _SAMPLES, filters: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return the public query that a browser asks: placeholders filled, and a page's filters in their place."""
    body: dict[str, Any] = msgspec.to_builtins(query)
    asked = {member: _fill(value, values) for member, value in body.items()}
    if query.filters:
        of_page = [dict(each) for each in filters]
        asked["filters"] = [one for each in body["filters"] for one in (of_page if each == "$filters" else [each])]
    return asked


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    return values.get(value, value) if isinstance(value, str) else value


def _require_keys(panel: Panel, query: Query, where: str) -> None:
    """Refuse a value or a series that is not in the answer, where a picture would stay empty."""
    groups = {group.key for group in query.groups}
    keys = ["total", *(aggregate.key for aggregate in query.aggregates)]
    shown = [("series", each) for each in panel.series]
    if isinstance(panel.value, Share):
        shown.append(("value.of", panel.value.of))
        if isinstance(panel.value.part, Where):
            _require_groups(panel.value.part, groups, where)
        else:
            shown.append(("value.part", panel.value.part))
    else:
        shown.append(("value", panel.value))
    for member, key in shown:
        if key not in keys:
            raise InvalidInput(f'{where}: {member} must be one of {", ".join(keys)}, got "{key[:64]}"')


def _require_groups(part: Where, groups: set[str], where: str) -> None:
    for key in part.where:
        if key not in groups:
            allowed = ", ".join(sorted(groups)) or "none, as groupBy is empty"
            raise InvalidInput(f'{where}: value.part.where takes groups of the answer ({allowed}), got "{key[:64]}"')


def _require_different(what: str, names: list[str], member: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f'{what}: {member} "{name}" is there twice')


def _require_known(filters: list[FilterField], datasources: list[Datasource]) -> None:
    """Refuse a filter that no panel could take."""
    for each in filters:
        if not any((field := known.find(each.field)) and field.operators for known in datasources):
            raise InvalidInput(f'filters: no panel has a datasource that is filtered by "{each.field[:64]}"')
