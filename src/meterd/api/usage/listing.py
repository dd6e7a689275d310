"""Lists of JSON documents by the parameters that all lists have (`docs/specifications/usage-metrics.md` section
3.2).
"""

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cmp_to_key
from typing import Any, NamedTuple

from meterd.api.http import Response
from meterd.api.usage.calls import Call
from meterd.api.usage.formats import format_response
from meterd.api.usage.parameters import Parameters
from meterd.api.usage.selection import selection
from meterd.filters.documents import document_field, matches
from meterd.query.model import Order

TOTAL = b"x-total-count"

Document = dict[str, Any]
"""A stored item as JSON: members of the application's own, of any type."""


class Page(NamedTuple):
    """A part of the documents that match, and how many do."""

    documents: list[Document]
    total: int


def listed(documents: Iterable[Document], call: Call, maximum: int) -> Response:
    """Return the page that a call asks for, or the values of one field. Raises `InvalidInput` naming the parameter."""
    field = call.parameters.text("_distinct")
    if field is not None:
        return format_response(distinct(documents, call.parameters, field, maximum), call.format)
    return page_answer(page_of(documents, call.parameters, maximum), call)


def page_answer(page: Page, call: Call) -> Response:
    projection = call.parameters.projection()
    items = [projection.of(document) for document in page.documents]
    return format_response(items, call.format, ((TOTAL, b"%d" % page.total),))


def page_of(documents: Iterable[Document], parameters: Parameters, maximum: int) -> Page:
    """Return a page of documents in the order that `_sort` asks for, otherwise in their own; no more is in memory."""
    skip, limit = parameters.skip(), parameters.limit(maximum)
    order = parameters.sort()
    total = 0

    def counted() -> Iterator[Document]:
        nonlocal total
        for document in _matching(documents, parameters):
            total += 1
            yield document

    if order:
        found = heapq.nsmallest(max(skip + limit, 1), counted(), key=cmp_to_key(_by(order)))[skip : skip + limit]
    else:
        found = [document for at, document in enumerate(counted()) if skip <= at < skip + limit]
    return Page(found, total)


def distinct(documents: Iterable[Document], parameters: Parameters, field: str, maximum: int) -> list[object]:
    """Return the values of a field, sorted: all of them, or a page."""
    skip = parameters.skip()
    end = skip + parameters.limit(maximum) if parameters.text("_limit") is not None else None
    values = {
        _text(value): value for document in _matching(documents, parameters) for value in _values(document, field)
    }
    return sorted(values.values(), key=_rank)[skip:end]


def _matching(documents: Iterable[Document], parameters: Parameters) -> Iterable[Document]:
    condition = selection(parameters, document_field)
    return documents if condition is None else (each for each in documents if matches(condition, each))


def _by(order: tuple[Order, ...]) -> Callable[[Document, Document], int]:
    """Compare two documents by the values of their fields."""

    def compare(first: Document, second: Document) -> int:
        for each in order:
            left, right = (_rank(next(_values(document, each.column), None)) for document in (first, second))
            if left != right:
                return -1 if (left < right) != each.descending else 1
        return 0

    return compare


def _rank(value: object) -> tuple[int, object]:
    """Order values of any type: what is absent, numbers, texts, everything else by its JSON."""
    match value:
        case None:
            return 0, 0
        case bool() | dict():
            return 3, _text(value)
        case int() | float():
            return 1, value
        case str():
            return 2, value
    return 3, _text(value)


def _values(document: Mapping[str, object], path: str) -> Iterator[object]:
    """Return the values at a path of names with dots between them; of an array its elements."""
    values: list[object] = [document]
    for name in path.split("."):
        values = [value[name] for value in values if isinstance(value, dict) and name in value]
        values = [element for value in values for element in (value if isinstance(value, list) else [value])]
    return (value for value in values if value is not None)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
