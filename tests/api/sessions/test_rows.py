import json
from datetime import UTC, datetime

import msgspec
import pytest

from meterd.api.sessions.rows import shown_event

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (None, None),
        ('{"a": [1]}', {"a": [1]}),
        ('{"a": 1}, "forged": {}', '{"a": 1}, "forged": {}'),
        ("", ""),
        ("5", "5"),
    ],
)
def test_a_document_is_shown_as_json_only_when_it_is_an_object(stored: str | None, shown: object) -> None:
    event: tuple[object, ...] = (1, NOW, None, "name", "info", "", [], "", stored, [], None, None, None, None, None)

    found = json.loads(msgspec.json.encode(shown_event(event)))

    assert found["data"] == shown
