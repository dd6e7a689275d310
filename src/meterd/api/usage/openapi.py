"""The operations of usage metrics: services with a release, sources and ids in their addresses."""

from collections.abc import Collection, Iterator

from meterd.access import SubjectType
from meterd.api.openapi import OBJECT, TEXT, Described, Media, Operation, Parameter
from meterd.api.usage.calls import RELEASE, SOURCES

_TAG = "Usage metrics"
_TEXTS = (Media(TEXT, "text/plain"),)
_ITEM = {"oneOf": [OBJECT, {"type": "array", "items": OBJECT}]}
_RESPONSES = (Media(_ITEM), Media(TEXT, "text/csv"), Media(TEXT, "application/xml"))
_VERBS = {
    "GET": ("read", "read", "What was asked for"),
    "POST": ("write", "create or update", "Durable"),
    "DELETE": ("delete", "delete", "Durable"),
}
_EXAMPLES = {
    "object": {"_id": "limits", "requests": 100},
    "calendar": {
        "_id": "NL",
        "calendar": {"_type": "IntradayCalendar", "period": "PT1H", "timezone": "Europe/Amsterdam"},
    },
}
_SOURCE = Parameter("source", "Whose items", {"type": "string", "enum": list(SOURCES)}, "path")
_ID = Parameter("id", "The id of an item; slashes in it may stay as they are", TEXT, "path")
_STATUSES = {404: "There is no such item or calendar"}


def _or_empty(schema: dict[str, object]) -> dict[str, object]:
    """Describe a parameter that counts as not given where it is empty."""
    return {"anyOf": [schema, {"type": "string", "maxLength": 0}]}


_READING = (
    Parameter("_limit", "At most so many items; -1 for all that fit", _or_empty({"type": "integer", "minimum": -1})),
    Parameter("_skip", "Leave out so many first", _or_empty({"type": "integer", "minimum": 0})),
    Parameter("_sort", "Fields with commas between, `-` before one for descending", example="-timestamp"),
    Parameter("_filter", "A filter in one of the languages of OpenDataDSL", example="service = 'object'"),
    Parameter("_project", "Fields to show, with commas between"),
    Parameter("_metric", "Make a series of this metric instead", example="ODSLRequest/ReadRequests"),
    Parameter("_calendar", "The calendar of the series", example="#P1D"),
    Parameter("_range", "The range of the series", example="from(2026-01-01)"),
)


def service_operations(service: str, methods: Collection[str], has_sources: bool) -> Iterator[Described]:
    """Describe a service: at its root, for all items, for those of a source if there are any, for one item."""
    release = f"/api/{service}/{RELEASE}"
    source = "/{source}" if has_sources else ""
    segments = (_SOURCE,) if has_sources else ()
    addresses: dict[str, tuple[str, tuple[Parameter, ...], str]] = {
        "Service": (f"/api/{service}", (), f"The {service} service"),
        "Items": (release, (), f"Items of the {service} service"),
        "": (f"{release}{source}/{{id}}", (*segments, _ID), "One item"),
    }
    if has_sources:
        addresses["Source"] = (f"{release}{source}", segments, "Items of a source")
    for suffix, (path, parameters, summary) in addresses.items():
        for method in sorted(methods):
            verb, words, success = _VERBS[method]
            yield Described(
                method,
                path,
                Operation(
                    f"{verb}{service.capitalize()}{suffix}",
                    _TAG,
                    f"{summary}: {words}",
                    _TEXTS,
                    parameters=(*parameters, *(_READING if method == "GET" and suffix != "Service" else ())),
                    body=(Media(_ITEM, example=_EXAMPLES[service]),) if method == "POST" else (),
                    success=success,
                    responses=_RESPONSES,
                    statuses=_STATUSES,
                ),
            )


STATEMENT = Operation(
    "readStatement",
    _TAG,
    "What a user's calls come to, by service and day",
    _TEXTS,
    parameters=(
        Parameter("from", "The first day or month", required=True, example="2026-01"),
        Parameter("to", "The last day or month", required=True, example="2026-01"),
        Parameter("user", "Whose calls; default: yours. Of others, for administrators of a tenant"),
        Parameter(
            "userType", "What the user is; default: user", _or_empty({"type": "string", "enum": list(SubjectType)})
        ),
        Parameter(
            "timezone", "Zone in which dates are written and lines are cut; default: UTC", example="Europe/Berlin"
        ),
        Parameter("calendar", "The calendar of the lines; default: days", example="#P1D"),
        Parameter("environment", "Only calls of this environment"),
        Parameter(
            "format",
            "Default: what `Accept` names first",
            _or_empty({"type": "string", "enum": ["json", "csv", "html"]}),
        ),
    ),
    success="The statement",
    responses=(Media(OBJECT), Media(TEXT, "text/csv"), Media(TEXT, "text/html")),
    statuses=_STATUSES,
)
