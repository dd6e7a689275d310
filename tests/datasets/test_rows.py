"""What type checkers are told of rows is what the declarations say."""

import sys

import pytest
from docs.generate_rows import STUB, class_name, stub

from meterd import datasets
from meterd.datasets import DATASETS, Dataset


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
