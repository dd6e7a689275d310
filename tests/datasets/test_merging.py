"""Two facts about one call become one."""

from typing import Any

import pytest

from meterd.datasets import DATASETS, GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS, MCP_CALLS, MODEL_CALLS
from meterd.datasets.merging import Merge, merge, merged_columns

TRACED = (MODEL_CALLS, MCP_CALLS, GATEWAY_REQUESTS, GUARDRAIL_EVALUATIONS)
OWN = {"ts", "subject", "subject_type", "subject_id", "teams", "metadata", "trace_id", "span_id", "is_failure"}


@pytest.mark.parametrize("dataset", TRACED, ids=lambda dataset: dataset.name)
def test_what_says_which_fact_it_is_and_whose_is_the_outer_ones(dataset: Any) -> None:
    maps = {"applied_config_ids"}

    assert set(merged_columns(dataset)) == set(dataset.by_name) - OWN - maps


@pytest.mark.parametrize(
    ("column", "outer", "inner", "expected"),
    [
        ("input_tokens", None, 5, 5),
        ("input_tokens", 0, 5, 0),
        ("streaming", None, False, False),
        ("streaming", False, True, True),
        ("streaming", True, False, True),
        ("streaming", True, None, True),
        ("subject", None, "ann", None),
        ("metadata", None, {"a": "b"}, None),
        ("http_status_code", None, 200, 200),
    ],
)
def test_a_gap_is_filled(column: str, outer: Any, inner: Any, expected: Any) -> None:
    whole = MODEL_CALLS.row_type(**{column: outer}, is_failure=False)
    merge(MODEL_CALLS, whole, MODEL_CALLS.row_type(**{column: inner}, is_failure=False))

    assert getattr(whole, column) == expected
    assert whole.is_failure is False


def test_an_outcome_comes_from_a_fact_that_ended_alike() -> None:
    whole = MODEL_CALLS.row_type(is_failure=False)
    merge(
        MODEL_CALLS, whole, MODEL_CALLS.row_type(is_failure=True, http_status_code=429, error_type="E", input_tokens=1)
    )

    assert (whole.http_status_code, whole.error_type, whole.is_failure, whole.input_tokens) == (None, None, False, 1)


def test_every_dataset_can_be_asked() -> None:
    for dataset in DATASETS.values():
        assert set(merged_columns(dataset).values()) <= set(Merge)
