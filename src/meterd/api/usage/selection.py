"""Which items the parameters of a call select, as one condition (`usage-metrics.md` section 13)."""

from meterd.api.usage.errors import invalid
from meterd.api.usage.parameters import Parameters
from meterd.calendars.errors import ExpressionError
from meterd.filters.complete import parse_filter
from meterd.filters.search import parse_search
from meterd.filters.simple import parse_simple
from meterd.filters.variables import Resolve
from meterd.query.model import Condition, OneOf, every


def selection(parameters: Parameters, resolve: Resolve, beside: frozenset[str] = frozenset()) -> Condition | None:
    """What `_id`, `_filter`, `_search` and simple filters demand together; None when they demand nothing.

    Names in `beside` are no filters. Raises `InvalidInput` with the place of a mistake.
    """
    id_ = resolve("_id")
    ids = parameters.every("_id")
    try:
        return every(
            OneOf(id_.operand, tuple(ids)) if ids and id_ else None,
            *(parse_filter(text, resolve) for text in parameters.every("_filter")),
            *(parse_search(text, resolve) for text in parameters.every("_search")),
            *(parse_simple(field, text, resolve) for field, text in parameters.simple_filters(beside)),
        )
    except ExpressionError as error:
        raise invalid(error) from None
