import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from meterd.api.sessions.model import Session
from meterd.api.sessions.rows import document

NOW = datetime(2026, 1, 31, tzinfo=UTC)
SESSION = Session("s-1", "acme", "ann", "user", (), "product", "1", NOW, NOW)


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
    event = (1, NOW, None, "name", "info", "", [], "", stored, [], None, None, None, None, None)

    (found,) = json.loads(msgspec.json.encode(document(SESSION, [[], [event], []], timedelta(minutes=1))))["events"]

    assert found["data"] == shown
