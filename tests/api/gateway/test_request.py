import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import parse_query
from meterd.errors import InvalidInput
from meterd.query.buckets import Interval, Unit
from meterd.query.model import Function, Group, GroupElement, Query, Ranking

DATASOURCES = datasources()


def parse(**body: Any) -> Query:
    """A distribution over a day unless `body` says otherwise; members that are UNSET are left out."""
    whole = {
        "startTs": "2026-01-01T00:00:00Z",
        "endTs": "2026-01-02T00:00:00Z",
        "type": "distribution",
        "datasource": "guardrailMetrics",
    } | body
    sent = {name: value for name, value in whole.items() if value is not msgspec.UNSET}
    return parse_query(json.dumps(sent).encode(), DATASOURCES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T10:00:00.123Z", datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00.123456Z", datetime(2026, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-03-01T10:00:00+05:30", datetime(2026, 3, 1, 4, 30, tzinfo=UTC)),
        ("2026-03-01T10:00:00-0800", datetime(2026, 3, 1, 18, tzinfo=UTC)),
        ("2026-03-01T10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_times_are_iso_8601_with_any_offset_and_utc_without_one(text: str, expected: datetime) -> None:
    assert parse(startTs=text, endTs="2027-01-01T00:00:00Z").start == expected


@pytest.mark.parametrize("member", ["startTs", "endTs"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "1767225600",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "2026-01-01T00:00:00+99:99",
    ],
)
def test_other_times_are_refused_by_name(member: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{member} must be an ISO 8601 time"):
        parse(**{member: text})


@pytest.mark.parametrize("member", ["startTs", "endTs"])
def test_a_refusal_repeats_little_of_a_time(member: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(**{member: "x" * 100_000})
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("end", ["2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00+01:00"])
def test_a_window_must_not_be_empty(end: str) -> None:
    with pytest.raises(InvalidInput, match="endTs must be later than startTs"):
        parse(endTs=end)


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("1 second", 1, Unit.SECOND),
        ("30 seconds", 30, Unit.SECOND),
        ("5 minute", 5, Unit.MINUTE),
        ("1 hours", 1, Unit.HOUR),
        ("12 hour", 12, Unit.HOUR),
        ("1 day", 1, Unit.DAY),
        ("2   weeks", 2, Unit.WEEK),
        ("3\tmonths", 3, Unit.MONTH),
        ("01 year", 1, Unit.YEAR),
    ],
)
def test_an_interval_is_a_number_blanks_and_a_unit(text: str, count: int, unit: Unit) -> None:
    assert parse(type="timeseries", interval=text).interval == Interval(count, unit)


@pytest.mark.parametrize("type_", ["distribution", "timeseries"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "hour",
        "1",
        "1hour",
        " 1 hour",
        "1 hour ",
        "0 hour",
        "00 day",
        "-1 hour",
        "+1 hour",
        "1.5 hour",
        "1e3 hour",
        "1 Hour",
        "1 HOURS",
        "1 hourss",
        "1 fortnight",
        "1 millisecond",
        "1 hour 30 minute",
        "1 hour, 30 minute",
        "one hour",
        "1\nhour",
        "1 hour\n",
        "１ hour",
        "1_0 hour",
        "5 min",
        "1 quarter",
    ],
)
def test_other_intervals_are_refused_even_where_none_is_needed(type_: str, text: str) -> None:
    with pytest.raises(InvalidInput, match="interval"):
        parse(type=type_, interval=text)


@pytest.mark.parametrize("digits", [20, 400, 5000])
@pytest.mark.parametrize("unit", ["second", "year"])
def test_immense_intervals_are_refused(digits: int, unit: str) -> None:
    with pytest.raises(InvalidInput, match="interval"):
        parse(type="timeseries", interval=f"{'9' * digits} {unit}")


def test_a_timeseries_needs_an_interval() -> None:
    with pytest.raises(InvalidInput, match="interval is required"):
        parse(type="timeseries")


@pytest.mark.parametrize("seconds", [1, 60, 86_400, 90.0])
def test_the_old_interval_in_seconds_still_works(seconds: float) -> None:
    assert parse(type="timeseries", intervalInSeconds=seconds).interval == Interval(int(seconds), Unit.SECOND)


@pytest.mark.parametrize("seconds", [0, -1, 0.5, 1.5, "60", True, [60], 1e300])
def test_other_intervals_in_seconds_are_refused(seconds: Any) -> None:
    with pytest.raises(InvalidInput, match="interval"):
        parse(type="timeseries", intervalInSeconds=seconds)


def test_interval_wins_over_interval_in_seconds() -> None:
    assert parse(type="timeseries", interval="1 day", intervalInSeconds=60).interval == Interval(1, Unit.DAY)


def test_a_distribution_has_no_buckets_whatever_interval_says() -> None:
    assert parse(interval="1 day").interval is None


@pytest.mark.parametrize("member", ["startTs", "endTs", "datasource", "type"])
def test_required_members_are_named_when_missing(member: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{member} is required$"):
        parse(**{member: msgspec.UNSET})


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("startTs", 5),
        ("endTs", None),
        ("datasource", ["guardrailMetrics"]),
        ("type", 1),
        ("aggregations", "count"),
        ("aggregations", [{"type": "count"}]),
        ("aggregations", [{"type": "count", "column": 5}]),
        ("aggregations", ["count"]),
        ("groupBy", "guardrailName"),
        ("groupBy", [5]),
        ("groupBy", [None]),
        ("filters", {"fieldName": "team"}),
        ("filters", ["team"]),
        ("filters", [{"fieldName": "team", "value": []}]),
        ("filters", [{"fieldName": 5, "operator": "IN", "value": []}]),
        ("interval", 5),
    ],
)
def test_members_of_a_wrong_type_are_named(member: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=member):
        parse(**{member: value})


@pytest.mark.parametrize("member", ["aggregations", "groupBy", "filters", "interval", "intervalInSeconds"])
def test_optional_members_may_be_null(member: str) -> None:
    assert parse(**{member: None}) == parse()


@pytest.mark.parametrize("member", ["aggregations", "groupBy", "filters"])
def test_optional_lists_may_be_empty(member: str) -> None:
    assert parse(**{member: []}) == parse()


def test_unknown_members_are_ignored() -> None:
    assert parse(limit=5, sort="total", tenant="rival") == parse()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"startTs": "\xff"}',
        b'{"startTs": "\\ud800"}',
        b"[" * 100_000,
        b'{"x":' * 100_000,
        b'{"x":' + b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="body"):
        parse_query(body, DATASOURCES)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"5", b"true"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="the body must be an object"):
        parse_query(body, DATASOURCES)


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({"operator": "IN", "value": []}, "fieldName or metadataKey"),
        ({"fieldName": "team", "metadataKey": "env", "operator": "IN", "value": []}, "fieldName or metadataKey"),
        ({"fieldName": "guardrailName", "operator": "IN"}, r"value is required .*guardrailName"),
        ({"metadataKey": "env", "operator": "EQUAL"}, r"value is required .*metadata\.env"),
        ({"fieldName": "guardrailName", "operator": "IN", "value": None}, "must be an array"),
        ({"fieldName": "latencyMs", "operator": "BETWEEN", "value": 5}, "must be an array"),
    ],
)
def test_an_incomplete_filter_is_refused_with_its_position(sent: dict[str, Any], complaint: str) -> None:
    good = {"fieldName": "guardrailName", "operator": "IN", "value": ["a"]}

    with pytest.raises(InvalidInput, match=rf"filters\[1\].*{complaint}"):
        parse(filters=[good, sent])


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        (["guardrailName"], ["guardrailName"]),
        (["userEmail"], ["createdBySubjectSlug"]),
        (["virtualaccount"], ["createdBySubjectSlug"]),
        (["virtualAccount"], ["createdBySubjectSlug"]),
        (["userEmail", "team", "virtualaccount"], ["createdBySubjectSlug", "team"]),
        (["team", "team"], ["team"]),
        (["metadata.env", "metadata.a.b"], ["metadata.env", "metadata.a.b"]),
    ],
)
def test_groups_are_answered_under_the_specified_keys(names: list[str], keys: list[str]) -> None:
    assert [group.key for group in parse(groupBy=names).groups] == keys


def test_teams_are_grouped_by_element() -> None:
    element, plain = parse(groupBy=["team", "guardrailName"]).groups

    assert isinstance(element, GroupElement)
    assert isinstance(plain, Group)


@pytest.mark.parametrize(
    ("type_", "column", "key"),
    [
        ("count", "guardrailName", "countGuardrailName"),
        ("countDistinct", "team", "countDistinctTeam"),
        ("p99", "latencyMs", "p99LatencyMs"),
        ("p999", "latencyMs", "p999LatencyMs"),
        ("rateSum", "latencyMs", "rateSumLatencyMs"),
        ("ratePerMinute", "guardrailName", "ratePerMinuteGuardrailName"),
        ("count", "metadata.env", "countMetadata.env"),
    ],
)
def test_an_aggregation_is_answered_under_its_type_and_column(type_: str, column: str, key: str) -> None:
    query = parse(type="timeseries", interval="1 hour", aggregations=[{"type": type_, "column": column}] * 2)

    assert [aggregate.key for aggregate in query.aggregates] == [key]


def test_the_window_is_half_open_and_exact() -> None:
    query = parse(startTs="2026-01-01T00:00:00.000001Z", endTs="2026-01-01T00:00:00.000002Z")

    assert query.end - query.start == timedelta(microseconds=1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    member=st.sampled_from(
        [
            "startTs",
            "endTs",
            "datasource",
            "type",
            "aggregations",
            "groupBy",
            "filters",
            "interval",
            "intervalInSeconds",
        ]
    ),
    value=JSON,
)
def test_any_member_of_any_shape_is_parsed_or_refused_as_invalid_input(member: str, value: Any) -> None:
    with contextlib.suppress(InvalidInput):
        query = parse(**{member: value})

        assert query.end > query.start


@pytest.mark.parametrize("name", ["", "utc+2", "Europe/Nowhere", "localtime", "../UTC", "Europe/Berlin\n"])
@pytest.mark.parametrize("kind", ["distribution", "timeseries"])
def test_a_time_zone_is_named_as_in_the_database(name: str, kind: str) -> None:
    with pytest.raises(InvalidInput, match="timezone must be a name of the IANA database such as Europe/Berlin, got"):
        parse(type=kind, interval="1 day", timezone=name)


def test_buckets_are_cut_in_the_time_zone_and_in_utc_without_one() -> None:
    whole = {"type": "timeseries", "interval": "1 day"}
    assert parse(**whole, timezone="Europe/Berlin").zone == ZoneInfo("Europe/Berlin")
    assert parse(**whole, timezone="UTC") == parse(**whole, timezone=None) == parse(**whole)


def test_a_time_zone_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="timezone"):
        parse(timezone=2)


def test_groups_are_ranked_by_what_the_answer_names() -> None:
    whole: dict[str, Any] = {
        "groupBy": ["guardrailName", "team"],
        "aggregations": [{"type": "p99", "column": "latencyMs"}],
    }
    assert parse(**whole, orderBy="p99LatencyMs").ranking == Ranking("p99LatencyMs")
    assert parse(**whole, orderBy="p99LatencyMs", order="asc").ranking == Ranking("p99LatencyMs", is_descending=False)
    assert parse(**whole, orderBy="team").ranking == Ranking("team", is_descending=False)
    assert parse(**whole, orderBy="team", order="desc").ranking == Ranking("team")
    assert parse(**whole, orderBy="total", limit=3).ranking == Ranking("total", limit=3)
    assert parse(**whole, orderBy="total", limit=3, other=True).ranking == Ranking("total", limit=3, has_other=True)
    assert parse(**whole, orderBy="total", other=True).ranking == Ranking("total")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("virtualModel", "virtualModelName"),
        ("virtualModelName", "virtualModelName"),
        ("userEmail", "createdBySubjectSlug"),
        ("createdBySubjectSlug", "createdBySubjectSlug"),
        ("countVirtualModel", "countVirtualModelName"),
        ("countVirtualModelName", "countVirtualModelName"),
    ],
)
def test_an_order_takes_every_spelling_of_a_field(name: str, key: str) -> None:
    query = parse(
        datasource="modelMetrics",
        groupBy=["virtualModelName", "userEmail"],
        aggregations=[{"type": "count", "column": "virtualModelName"}],
        orderBy=name,
    )
    assert query.ranking == Ranking(key, is_descending=key.startswith("count"))


@pytest.mark.parametrize("limit", [0, -1, 1.5, "ten", None, [], True])
def test_a_limit_without_an_order_is_ignored(limit: object) -> None:
    assert parse(groupBy=["team"], limit=limit) == parse(groupBy=["team"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"groupBy": []}, "orderBy needs groupBy"),
        ({"orderBy": "avgLatencyMs"}, r'orderBy must be one of total, team, got "avgLatencyMs"'),
        ({"orderBy": "guardrailName"}, r'orderBy must be one of total, team, got "guardrailName"'),
        ({"orderBy": ""}, r'orderBy must be one of total, team, got ""'),
        ({"order": "down"}, "order"),
        ({"orderBy": {"name": "total"}}, "orderBy"),
        ({"limit": 0}, "limit must be a whole number of at least 1"),
        ({"limit": True}, "limit must be"),
        ({"limit": "1"}, "limit must be"),
        ({"other": "yes"}, "other"),
        (
            {"aggregations": [{"type": "countDistinct", "column": "team"}], "limit": 1, "other": True},
            "countDistinctTeam can't",
        ),
    ],
)
def test_an_order_that_can_not_be_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse(**({"groupBy": ["team"], "orderBy": "total"} | changes))


def test_a_histogram_says_how_many_bins_are_wanted() -> None:
    wanted = {"type": "histogram", "column": "latencyMs", "buckets": 20}
    (aggregate,) = parse(aggregations=[wanted, wanted]).aggregates
    assert (aggregate.key, aggregate.function, aggregate.bin_count) == ("histogramLatencyMs", Function.HISTOGRAM, 20)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({"buckets": buckets}, "buckets of a histogram must be") for buckets in (0, 101, 2.5, "10", True, None)),
        ({"column": "guardrailName", "buckets": 5}, 'does not support aggregation "histogram"'),
    ],
)
def test_a_histogram_that_can_not_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse(aggregations=[{"type": "histogram", "column": "latencyMs"} | changes])


def test_a_histogram_has_one_number_of_bins_and_no_order() -> None:
    histograms = [{"type": "histogram", "column": "latencyMs", "buckets": buckets} for buckets in (5, 6)]
    with pytest.raises(InvalidInput, match="histogramLatencyMs is asked for with different buckets"):
        parse(aggregations=histograms)
    with pytest.raises(InvalidInput, match="orderBy must be one of total, team, got"):
        parse(aggregations=histograms[:1], groupBy=["team"], orderBy="histogramLatencyMs")


def test_what_other_aggregations_say_of_buckets_is_ignored() -> None:
    p99 = {"type": "p99", "column": "latencyMs"}
    assert parse(aggregations=[p99 | {"buckets": "many"}]) == parse(aggregations=[p99])


def test_totals_are_beside_groups() -> None:
    assert parse(groupBy=["team"], totals=True).has_totals
    assert not parse(groupBy=["team"]).has_totals
    with pytest.raises(InvalidInput, match="totals needs groupBy"):
        parse(totals=True)
