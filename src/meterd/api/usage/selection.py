"""Which items the parameters of a call select, as one condition (`docs/specifications/usage-metrics.md` section 13)."""

from meterd.api.usage.errors import invalid
from meterd.api.usage.parameters import Parameters
from meterd.errors import InvalidInput
from meterd.expressions.errors import ExpressionError
from meterd.filters.complete import parse_filter
from meterd.filters.search import parse_search
from meterd.filters.simple import parse_simple
from meterd.filters.variables import Resolve
from meterd.query.model import Condition, OneOf, every

_MAX_FILTERS = 50


def selection(parameters: Parameters, resolve: Resolve) -> Condition | None:
    """Return what `_id`, `_filter`, `_search` and simple filters demand together; None when they demand nothing.

    Raises `InvalidInput` with the place of a mistake.
    """
    id_ = resolve("_id")
    ids = parameters.every("_id")
    filters, searches = parameters.every("_filter"), parameters.every("_search")
    simple = list(parameters.simple_filters())
    if len(filters) + len(searches) + len(simple) > _MAX_FILTERS:
        raise InvalidInput(f"a call can have at most {_MAX_FILTERS} filters: put them into one _filter")
    try:
        return every(
            OneOf(id_.operand, tuple(ids)) if ids and id_ else None,
            *(parse_filter(text, resolve) for text in filters),
            *(parse_search(text, resolve) for text in searches),
            *(parse_simple(field, text, resolve) for field, text in simple),
        )
    except ExpressionError as error:
        raise invalid(error) from None
