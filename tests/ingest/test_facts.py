from typing import Any

import msgspec
import pytest

from meterd.datasets import DATASETS, GUARDRAIL_EVALUATIONS, METER_EVENTS, Dataset
from meterd.ingest.facts import Facts, Identities, Submission, digest, encode


def guardrail(**values: Any) -> msgspec.Struct:
    return GUARDRAIL_EVALUATIONS.row_type(**values)


def identities(*rows: msgspec.Struct, tenant: str = "acme") -> tuple[bytes | None, ...]:
    return encode(GUARDRAIL_EVALUATIONS, tenant, rows).identities


def test_a_fact_is_a_line_of_json() -> None:
    facts = encode(METER_EVENTS, "acme", [METER_EVENTS.row_type(meter="a\nb", value=1)] * 2)

    assert Facts("meter_events", "acme", b'{"meter":"a\\nb","value":1}\n' * 2, 2) == facts


def test_text_that_looks_like_line_ends_stays_in_its_line() -> None:
    facts = encode(METER_EVENTS, "acme", [METER_EVENTS.row_type(meter="a\r\n\v\f\x1c\x85\u2028b", value=1)])

    assert len(facts.lines.splitlines()) == 1


def test_no_rows_are_no_facts() -> None:
    assert Facts("guardrail_evaluations", "acme", b"", 0) == encode(GUARDRAIL_EVALUATIONS, "acme", [])


def test_facts_without_identity_have_none() -> None:
    assert identities(guardrail(guardrail_name="a"), guardrail(guardrail_name="b")) == ()


def test_an_identity_has_sixteen_bytes() -> None:
    (identity,) = identities(guardrail(trace_id="t", span_id="s"))

    assert identity is not None
    assert len(identity) == 16


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset.name)
@pytest.mark.parametrize("sender", [(), ("user", "ann")])
def test_an_identity_is_the_digest_of_all_its_parts(dataset: Dataset, sender: tuple[str, ...]) -> None:
    required: dict[str, Any] = {column.name: "x" for column in dataset.columns if column.required}
    values = {name: f"{name} é" * 20 for name in dataset.identity}
    identities = Identities(dataset, "acme", sender)
    for _ in range(2):  # what is hashed once stays as it is
        found = identities.digest(dataset.row_type(**(required | values)))

        assert found == (digest(dataset.name, "acme", *sender, *values.values()) if values else None)


def test_every_fact_has_its_entry_when_one_has_an_identity() -> None:
    one, none, again = identities(
        guardrail(trace_id="t", span_id="s"), guardrail(), guardrail(trace_id="t", span_id="s", latency_ms=5.0)
    )

    assert none is None
    assert one == again


def test_identities_differ_by_sender() -> None:
    row = guardrail(trace_id="t", span_id="s")
    senders = [(), ("user", "ann"), ("virtualaccount", "ann"), ("user", "bob"), ("user", "an"), ("userann", "")]
    found = [encode(GUARDRAIL_EVALUATIONS, "acme", [row], sender).identities for sender in senders]

    assert len(set(found)) == len(senders)
    assert encode(GUARDRAIL_EVALUATIONS, "acme", [row], ("user", "ann")).identities == found[1]


def test_identities_differ_by_trace_span_tenant_and_place() -> None:
    found = [
        *identities(guardrail(trace_id="t", span_id="s"), guardrail(trace_id="s", span_id="t")),
        *identities(guardrail(trace_id="ts", span_id=""), guardrail(trace_id="", span_id="ts")),
        *identities(guardrail(trace_id="t", span_id="s"), tenant="other"),
    ]

    assert len(set(found)) == 5


@pytest.mark.parametrize(
    ("one", "other"), [(("a", "bc"), ("ab", "c")), (("a",), ("a", "")), ((), ("",)), (("a", "b"), ("b", "a"))]
)
def test_parts_of_a_digest_can_not_run_into_each_other(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert digest(*one) != digest(*other)
    assert digest(*one) == digest(*one)


def test_the_size_of_a_submission_is_that_of_its_lines() -> None:
    facts = Facts("meter_events", "acme", b"12345\n", 1)

    assert Submission((facts, facts)).size == 12
    assert Submission(()).size == 0


def test_only_what_can_be_repeated_needs_deduplication() -> None:
    plain = Facts("meter_events", "acme", b"{}\n", 1)
    identified = msgspec.structs.replace(plain, identities=(b"1" * 16,))

    assert not Submission((plain, plain)).needs_deduplication
    assert Submission((plain, identified)).needs_deduplication
    assert Submission((plain,), request_key=b"k").needs_deduplication
