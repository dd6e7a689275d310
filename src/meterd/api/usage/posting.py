"""Posted items, to be created or updated: one JSON object, or an array of them
(`docs/specifications/usage-metrics.md` section 8).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from meterd.api.usage.calls import EVERY_VERSION
from meterd.api.usage.errors import InvalidUpdate
from meterd.errors import Forbidden

MAX_DEPTH = 64
"""Levels of nesting in what is posted."""
MAX_ID_LENGTH = 512
PUBLIC = "#"
"""What ids of public items begin with."""
_SERVER = ("_id", "_oid", "_timestamp", "_user", "_tag", "_version")
"""Members that the server adds: what clients send back of them changes nothing."""


class Posted(NamedTuple):
    """An item that was posted: `members` are those to be stored, `replaces` whether they are all that it has."""

    id: str
    members: dict[str, Any]  # of the application's own, of any type
    replaces: bool


class Posting(NamedTuple):
    """Items that were posted together; `is_array` when they came as an array."""

    items: list[Posted]
    is_array: bool


def posting_of(body: bytes, maximum: int, replaces: bool) -> Posting:
    """Read a body of at most `maximum` items; `replaces` goes for all of them. Raises `InvalidUpdate`, `Forbidden`."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidUpdate(f"the body is not valid JSON: {error}") from None
    except RecursionError:
        raise _too_deep() from None
    _check_depth(decoded, MAX_DEPTH)
    if not isinstance(decoded, list):
        return Posting([_posted("the body", decoded, replaces)], is_array=False)
    if len(decoded) > maximum:
        raise InvalidUpdate(f"at most {maximum} items can be posted at once, got {len(decoded)}")
    return Posting([_posted(f"[{at}]", each, replaces) for at, each in enumerate(decoded)], is_array=True)


def merged(stored: Mapping[str, object], posted: Posted) -> dict[str, object]:
    """Return the members of an item after an update: those posted take the place of those stored, each as a whole.

    A reference to the data of the member itself, which a client may have read elsewhere, leaves it as it is stored.
    """
    members: dict[str, object] = {} if posted.replaces else dict(stored)
    for name, value in posted.members.items():
        if not _is_reference(value, f"{posted.id}:{name}"):
            members[name] = value
        elif name in stored:
            members[name] = stored[name]
        else:
            raise InvalidUpdate(f"{name} refers to the data of {posted.id}:{name}: there are none")
    return members


def _posted(where: str, item: object, replaces: bool) -> Posted:
    if not isinstance(item, dict):
        raise InvalidUpdate(f"{where} must be an object")
    id_ = item.get("_id")
    if not isinstance(id_, str) or not 0 < len(id_) <= MAX_ID_LENGTH or id_.endswith(EVERY_VERSION):
        raise InvalidUpdate(
            f"{where} needs an _id: a text of 1 to {MAX_ID_LENGTH} characters, without {EVERY_VERSION} at its end"
        )
    refuse_public(id_)
    if not isinstance(item.get("_type", ""), str):
        raise InvalidUpdate(f"{id_}: _type must be a text")
    replaces_itself = item.pop("_replace", False)
    if not isinstance(replaces_itself, bool):
        raise InvalidUpdate(f"{id_}: _replace must be true or false")
    return Posted(
        id_, {name: value for name, value in item.items() if name not in _SERVER}, replaces or replaces_itself
    )


def refuse_public(id_: str) -> None:
    """Raise `Forbidden` for the id of a public item."""
    if id_.startswith(PUBLIC):
        raise Forbidden(f"{id_} is public, ids of your own items must not begin with {PUBLIC}")


def _check_depth(value: object, left: int) -> None:
    if not isinstance(value, dict | list):
        return
    if not left:
        raise _too_deep()
    for inner in value.values() if isinstance(value, dict) else value:
        _check_depth(inner, left - 1)


def _too_deep() -> InvalidUpdate:
    return InvalidUpdate(f"the body is nested deeper than {MAX_DEPTH} levels")


def _is_reference(value: object, id_: str) -> bool:
    return (
        isinstance(value, dict)
        and value.get("_type") == "VarReference"
        and value.get("_service") == "data"
        and value.get("_oid") == id_
    )
