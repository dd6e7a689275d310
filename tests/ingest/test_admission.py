import json

import pytest

from meterd.datasets import DEEPEST_JSON
from meterd.ingest.admission import json_flaw


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        ' {"a": [1, 2.5e3, null, true, "\u2028"]} ',
        '{"a": "}, {"}',
        '{"a":' * DEEPEST_JSON + "1" + "}" * DEEPEST_JSON,
        json.dumps({"brackets": "[" * 1000}),
    ],
)
def test_an_object_in_json_may_be_shown_as_it_is(text: str) -> None:
    assert json_flaw(text) == ""


@pytest.mark.parametrize(
    "text",
    ["", "5", "null", "[]", '"{}"', "{", "{}}", "{} {}", '{"a": 1}, "forged": {"b": 2}', '{"a": NaN}', "{'a': 1}",
     '{"a": "\n"}', '{"a": "\\ud800"}', '{"a": "\ud800"}', '{"a": 1,}', "\ufeff{}", '{"a": 1} // x'],
)  # fmt: skip
def test_what_is_no_single_object_is_not(text: str) -> None:
    assert json_flaw(text).startswith("must hold a JSON object")


@pytest.mark.parametrize("levels", [DEEPEST_JSON + 1, 100_000])
@pytest.mark.parametrize("bracket", ['{"a":', "["])
def test_an_object_that_is_nested_too_deeply_is_not(bracket: str, levels: int) -> None:
    assert str(DEEPEST_JSON) in json_flaw('{"a":' + bracket * levels)
