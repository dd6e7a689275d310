"""Makes one stored fact of two that are of one call (`docs/decisions/0031-nested-spans.md`).

Rows are not changed: the whole fact is a later version of the outer one, and a later version of the inner one says that
it is gone. Done twice it changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from meterd.datasets import Dataset
from meterd.datasets.merging import Merge, merged_columns
from meterd.store.base import Lines
from meterd.store.clickhouse.schema import DELETED, IDENTITY, VERSION
from meterd.store.pairs import ResolvedPair, pairs_of, resolved

_AT_A_TIME = 500
"""Pairs whose facts are looked up in one question."""
_FOUND_PER_KEY = 4
"""Rows for each fact that is looked up, above which the engine compares more."""
_IS_ASKED_FOR = "(trace_id, span_id, toUnixTimestamp64Micro(ts)) IN {keys:Array(Tuple(String, String, Int64))}"
_READ = {"final": 1, "output_format_json_quote_64bit_integers": 0, "output_format_json_quote_denormals": 0}
_Row = dict[str, Any]
_Key = tuple[str, str, int]
"""A trace, a span in it, and when that began."""
_rows = msgspec.json.Decoder(_Row)


def merged_rows(client: Client, lines: Lines) -> Iterator[list[_Row]]:
    """Yield rows to add for the facts that the lines name. What is not there stays as it is."""
    by_outer: dict[_Key, list[ResolvedPair]] = defaultdict(list)
    for pair in resolved(pairs_of(lines.text)):
        by_outer[pair.trace, pair.outer_span, pair.outer_at].append(pair)
    chosen: list[ResolvedPair] = []
    for pairs in by_outer.values():  # those of one outer fact stay together
        chosen += pairs
        if len(chosen) >= _AT_A_TIME:
            yield _merged(client, lines, chosen)
            chosen = []
    if chosen:
        yield _merged(client, lines, chosen)


def _merged(client: Client, lines: Lines, pairs: Sequence[ResolvedPair]) -> list[_Row]:
    there = _facts(client, lines, pairs)
    inner_of: dict[_Key, list[_Row]] = defaultdict(list)
    gone: list[_Row] = []
    for pair in sorted(pairs, key=lambda pair: pair.rank):
        outer, inner = (pair.trace, pair.outer_span, pair.outer_at), (pair.trace, pair.inner_span, pair.inner_at)
        if outer in there and inner in there and there[outer] is not there[inner]:
            inner_of[outer].append(there[inner])
            gone.append(_later(there[inner]) | {DELETED: 1})
    whole = [_later(_whole(lines.dataset, there[outer], inner)) for outer, inner in inner_of.items()]
    return whole + gone


def _later(row: _Row) -> _Row:
    return row | {VERSION: row[VERSION] + 1}


def _facts(client: Client, lines: Lines, pairs: Sequence[ResolvedPair]) -> Mapping[_Key, _Row]:
    """Return the facts of spans, as rows; of several with the same span and time any one.

    What shares a trace and a span with any of them is left out here, which takes the engine less than each key does.
    Where that is too much, because spans of many traces have the same names, the engine compares the keys.
    """
    keys = {(pair.trace, pair.outer_span, pair.outer_at) for pair in pairs}
    keys |= {(pair.trace, pair.inner_span, pair.inner_at) for pair in pairs}
    most = _FOUND_PER_KEY * len(keys)
    found = _ask(client, lines, keys, f"LIMIT {most + 1}")
    if len(found) > most:
        found = _ask(client, lines, keys, f"AND {_IS_ASKED_FOR} LIMIT 1 BY trace_id, span_id, ts")
    rows = ((row, (row["trace_id"], row["span_id"], row.pop("fact_at"))) for row in map(_rows.decode, found))
    return {key: row for row, key in rows if key in keys}


def _ask(client: Client, lines: Lines, keys: Collection[_Key], end: str) -> list[bytes]:
    """Return the rows of traces and spans, each as JSON. The question ends with a condition, or a limit."""
    times = [at for _, _, at in keys]
    names = ", ".join([*(f"`{column.name}`" for column in lines.dataset.columns), IDENTITY, VERSION])
    parameters = {
        "tenant": lines.tenant,
        "first": min(times),
        "last": max(times),
        "traces": sorted({trace for trace, _, _ in keys}),
        "spans": sorted({span for _, span, _ in keys}),
    }
    if _IS_ASKED_FOR in end:
        parameters["keys"] = list(keys)
    found = client.raw_query(
        f"SELECT toUnixTimestamp64Micro(ts) AS fact_at, tenant, {names} FROM `{lines.dataset.name}` "
        "WHERE tenant = {tenant:String} AND ts BETWEEN fromUnixTimestamp64Micro({first:Int64}, 'UTC') "
        "AND fromUnixTimestamp64Micro({last:Int64}, 'UTC') AND trace_id IN {traces:Array(String)} "
        f"AND span_id IN {{spans:Array(String)}} {end}",
        parameters=parameters,
        settings=_READ,
        fmt="JSONEachRow",
    )
    return found.splitlines()


def _whole(dataset: Dataset, outer: _Row, inner: Sequence[_Row]) -> _Row:
    """Return the outer fact with what only the inner ones know, the nearest first."""
    whole = dict(outer)
    for name, how in merged_columns(dataset).items():
        known = outer[name]
        told = [row[name] for row in inner if row[name] is not None]
        if how is Merge.EITHER:
            whole[name] = known or any(told) if known is not None or told else None
        elif known is None:
            if how is Merge.OUTCOME:
                ended = outer["is_failure"]
                told = [row[name] for row in inner if row[name] is not None and row["is_failure"] == ended]
            whole[name] = told[0] if told else None
    return whole
