"""The parameters that calls of these services share (`docs/specifications/usage-metrics.md` section 3.2)."""

import asyncio
import json
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from meterd.api.http import Request
from meterd.calendars.model import UTC_ZONE
from meterd.calendars.zones import zone_of
from meterd.errors import InvalidInput
from meterd.query.model import Order

DEFAULT_LIMIT = 100
_MAX_SKIPPED = 2**40
_MAX_BYTES = 2**20
_SLOW_TO_READ = 2**16
_FORM = "application/x-www-form-urlencoded"

COMMON = (
    "_limit",
    "_skip",
    "_sort",
    "_project",
    "_distinct",
    "_filter",
    "_search",
    "_function",
    "_id",
    "_metric",
    "_calendar",
    "_observed",
    "_range",
    "_scaling",
    "_profile",
    "_replace",
    "_reason",
)
"""Every parameter that begins with `_`; others are simple filters."""
_FIELDS = ("_type", "_user", "_timestamp", "_version", "_tag", "_oid", "_objid", "_dataid", "_objtype")
"""Fields that the server adds to items; they are simple filters, too."""
OF_PAGES = ("_limit", "_skip")
OF_VALUES = ("_distinct", "_filter", "_search", "_id", *OF_PAGES)
OF_LISTS = ("_filter", "_search", "_id", "_sort", "_project", *OF_PAGES)
OF_DATA = ("_range", "_scaling")
"""Parameters that may apply to pages, to the values of a field, to lists, and to the data of stored series."""
_NOT_HERE = ("_aggregate", "_searchinfo", "_fieldinfo", "_template")


class Parameters:
    """The parameters of a call, from its address and, of a GET with a form as body, from there."""

    def __init__(self, sent: list[tuple[str, str]]) -> None:
        self._sent: dict[str, list[str]] = {}
        for name, value in sent:
            self._sent.setdefault(name, []).append(value)
        for name in self._sent:
            if name in _NOT_HERE:
                raise InvalidInput(f"{name} is not supported here")
            if name.startswith("_") and name not in COMMON and name not in _FIELDS:
                raise InvalidInput(f"there is no parameter {name}: use {', '.join(COMMON)}, or the name of a field")

    def text(self, name: str) -> str | None:
        """Return the last value of a parameter; an empty one counts as not given."""
        return self._sent[name][-1] or None if name in self._sent else None

    def every(self, name: str) -> list[str]:
        return self._sent.get(name, [])

    def sent_without(self, *names: str) -> Iterator[tuple[str, str]]:
        """Return parameters with their values, but for those of some names."""
        return ((name, value) for name, values in self._sent.items() if name not in names for value in values)

    def simple_filters(self) -> Iterator[tuple[str, str]]:
        """Return fields and what they must be."""
        for name, values in self._sent.items():
            if _is_filter(name):
                yield from ((name, value) for value in values)

    def require_only(self, names: Collection[str], where: str, has_filters: bool = False) -> None:
        """Refuse what can't apply to a call, rather than leave it out: whoever sends it counts on it.

        Raises `InvalidInput` naming a parameter that was given and is none of `names`, nor a filter if there may be
        some.
        """
        for name in self._sent:
            if name in names or self.text(name) is None or (has_filters and _is_filter(name)):
                continue
            allowed = ", ".join(names) or "no parameters"
            raise InvalidInput(f"{name} does not apply to {where}: use {allowed}")

    def require_of_list(self, what: str) -> None:
        """Refuse what can't apply to a list, or to the values of a field of one. Raises `InvalidInput`."""
        if self.text("_distinct") is not None:
            self.require_only(OF_VALUES, "the values of a field", has_filters=True)
        else:
            self.require_only(OF_LISTS, f"a list of {what}", has_filters=True)

    def zone(self, name: str) -> ZoneInfo:
        """Return the time zone that is asked for, UTC without one."""
        text = self.text(name)
        try:
            return UTC_ZONE if text is None else zone_of(text)
        except ValueError as error:
            raise InvalidInput(f"{name}: {error}") from None

    def flag(self, name: str) -> bool:
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise InvalidInput(f"{name} must be true or false, got {text!r}")
        return text == "true"

    def limit(self, maximum: int) -> int:
        """Tell how many items are wanted, `maximum` for -1. Raises `InvalidInput` above that."""
        wanted = self._whole_number("_limit", DEFAULT_LIMIT, minimum=-1)
        if wanted > maximum:
            raise InvalidInput(f"_limit must be at most {maximum}, or -1 for all that fit: go on with _skip")
        return maximum if wanted == -1 else wanted

    def skip(self) -> int:
        return self._whole_number("_skip", 0, minimum=0)

    def _whole_number(self, name: str, default: int, minimum: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 14 and minimum <= int(text) <= _MAX_SKIPPED):
            raise InvalidInput(f"{name} must be a whole number, at least {minimum}, got {text!r}")
        return int(text)

    def sort(self) -> tuple[Order, ...]:
        """Read how to sort, from JSON, `{"timestamp": -1}`, or text, `service,-timestamp`."""
        text = self.text("_sort")
        if text is None:
            return ()
        if not text.lstrip().startswith("{"):
            names = [name.strip() for name in text.split(",")]
            if "" in names or "-" in names:
                raise InvalidInput(f"_sort {text!r} must be fields with commas between, a - before one for descending")
            return tuple(Order(name.removeprefix("-"), name.startswith("-")) for name in names)
        wanted = _object("_sort", text)
        if any(direction not in (1, -1) for direction in wanted.values()):
            raise InvalidInput("_sort must have 1, ascending, or -1, descending, for each field")
        return tuple(Order(name, direction == -1) for name, direction in wanted.items())

    def projection(self) -> "Projection":
        text = self.text("_project")
        if text is None:
            return Projection()
        if not text.lstrip().startswith("{"):
            return Projection(only=("_id", *(name.strip() for name in text.split(","))))
        wanted = _object("_project", text)
        if any(shown not in (0, 1) for shown in wanted.values()):
            raise InvalidInput("_project must have 1, shown, or 0, not shown, for each field")
        without = tuple(name for name, shown in wanted.items() if not shown)
        only = tuple(name for name, shown in wanted.items() if shown)
        if only and any(name != "_id" for name in without):
            raise InvalidInput("_project must not mix 1 and 0, except for _id")
        return Projection(() if not only else (*(() if "_id" in without else ("_id",)), *only), without)


class Projection:
    """Which members of an item are shown: `only` these, if any are named, or all but `without`."""

    def __init__(self, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> None:
        self._only = dict.fromkeys(only)
        self._without = without

    def of(self, item: Mapping[str, object]) -> dict[str, object]:
        if self._only:
            return {name: item[name] for name in self._only if name in item}
        return {name: value for name, value in item.items() if name not in self._without}


def _is_filter(name: str) -> bool:
    return not name.startswith("_") or name in _FIELDS


async def parameters_of(request: Request, has_form: bool) -> Parameters:
    """Read the parameters of a call, of one that may have a form as body from there too. Raises `InvalidInput`."""
    sent = _pairs("the address", request.query_string)
    if has_form and request.content_type.partition(";")[0].strip().lower() == _FORM:
        text = (await request.body(_MAX_BYTES)).decode("latin-1")
        if len(text) < _SLOW_TO_READ:
            sent += _pairs("the body", text)
        else:
            sent += await asyncio.to_thread(_pairs, "the body", text)
    return Parameters(sent)


def _pairs(where: str, text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError:
        raise InvalidInput(f"{where} must hold parameters as form-encoded UTF-8, at most 1000") from None


def _object(name: str, text: str) -> dict[str, object]:
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} is not valid JSON: {error}") from None
    if not isinstance(decoded, dict):
        raise InvalidInput(f"{name} must be a JSON object")
    return decoded
