"""Filters as clients write them, read into conditions of a query (`docs/specifications/usage-metrics.md` section
13).
"""

from meterd.filters.complete import filter_of, parse_filter
from meterd.filters.documents import document_field, matches
from meterd.filters.search import SEARCHED, parse_search
from meterd.filters.simple import parse_simple
from meterd.filters.variables import Resolve, Variable

__all__ = [
    "SEARCHED",
    "Resolve",
    "Variable",
    "document_field",
    "filter_of",
    "matches",
    "parse_filter",
    "parse_search",
    "parse_simple",
]
