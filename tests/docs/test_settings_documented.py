"""Every key of the settings is in docs/operations.md, with its default, and no other key is."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from meterd.settings import Section, Settings
from tests.docs.markdown import ROOT, code, tables

OPERATIONS = ROOT / "docs" / "operations.md"


def keys(section: type[Section], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key as it is written in a file, with its default."""
    for field in msgspec.structs.fields(section):
        kinds = [kind for kind in (field.type, *get_args(field.type)) if isinstance(kind, type)]
        below = next((kind for kind in kinds if issubclass(kind, Section)), None)
        if below is not None:
            yield from keys(below, f"{prefix}{field.encode_name}.")
        else:
            made = field.default_factory is not msgspec.NODEFAULT
            yield f"{prefix}{field.encode_name}", field.default_factory() if made else field.default


def as_documented(default: Any) -> str:
    """A default as the tables write it."""
    if default is None:
        return "none"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def documented() -> list[dict[str, str]]:
    return [row for table in tables(OPERATIONS) for row in table if "setting" in row]


def test_every_key_is_documented_and_no_other() -> None:
    assert sorted(code(row["setting"]) for row in documented()) == sorted(key for key, _ in keys(Settings))


def test_defaults_are_the_real_ones() -> None:
    defaults = {key: as_documented(default) for key, default in keys(Settings)}
    assert {code(row["setting"]): row["default"] for row in documented()} == defaults


def test_every_key_has_a_meaning() -> None:
    assert [row["setting"] for row in documented() if not row["meaning"]] == []
