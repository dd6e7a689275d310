"""What type checkers are told of rows is what the declarations say."""

import sys

import pytest
from docs.generate_rows import STUB, class_name, stub

from meterd import datasets
from meterd.datasets import DATASETS, MODEL_CALLS, QUEUE_SAMPLES, Dataset


def test_the_generated_types_are_up_to_date() -> None:
    assert stub() == STUB.read_text(encoding="utf-8"), "run make docs"


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_a_dataset_is_declared_with_the_type_of_its_rows(dataset: Dataset) -> None:
    constant = dataset.name.upper()
    declared = {
        module.__annotations__.get(constant)
        for name, module in sys.modules.items()
        if name.startswith(f"{datasets.__name__}.") and constant in vars(module)
    }
    assert declared == {f"Dataset[{class_name(dataset)}]"}


class TestAMisspeltColumn:
    """Each comment fails the check if mypy no longer sees the mistake beside it (`warn_unused_ignores`)."""

    def test_is_refused_where_a_row_is_made(self) -> None:
        with pytest.raises(TypeError, match="latency_msec"):
            MODEL_CALLS.row_type(latency_msec=1.0)  # type: ignore[call-arg]

    def test_is_refused_where_a_row_is_read(self) -> None:
        row = MODEL_CALLS.row_type(latency_ms=1.0)

        with pytest.raises(AttributeError, match="latency_msec"):
            row.latency_msec  # type: ignore[attr-defined]  # noqa: B018

    def test_is_refused_where_a_row_is_completed(self) -> None:
        row = MODEL_CALLS.row_type()

        with pytest.raises(AttributeError, match="latency_msec"):
            row.latency_msec = 1.0  # type: ignore[attr-defined]

    def test_and_a_missing_one_that_is_required(self) -> None:
        with pytest.raises(TypeError, match="value"):
            QUEUE_SAMPLES.row_type(metric="ActiveMessages")  # type: ignore[call-arg]
