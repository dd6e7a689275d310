"""Calendars made of stored definitions, which may refer to one another (`docs/specifications/usage-metrics.md` section
10).
"""

from collections.abc import Callable
from typing import NamedTuple

from meterd.calendars.definitions import DefinitionError, calendar_of
from meterd.calendars.model import Calendar
from meterd.errors import InvalidInput

_MAX_CHAIN_LENGTH = 8

Read = Callable[[str], object]
"""The definition of a stored calendar by its id; None when there is no such calendar."""


class _Resolved(NamedTuple):
    """A calendar, or that there is none, and how many there are from it on, each of which refers to the next."""

    calendar: Calendar | None
    length: int


class CalendarResolver:
    """Builds calendars from their definitions, each once. `definitions` are those that were read, by id."""

    def __init__(self, read: Read) -> None:
        self.definitions: dict[str, object] = {}
        self._read = read
        self._resolved: dict[str, _Resolved] = {}

    def resolve(self, id_: str, within: tuple[str, ...] = ()) -> Calendar | None:
        """Return a calendar; None when there is none. Raises `InvalidInput` naming the member of the definition.

        Args:
            within: the calendars that lead to this one.
        """
        chain = (*within, id_)
        if id_ in within:
            raise InvalidInput(f"calendars must not refer to themselves: {' -> '.join(chain)}")
        if id_ not in self._resolved and len(chain) <= _MAX_CHAIN_LENGTH:
            self._resolved[id_] = self._build(id_, chain)
        resolved = self._resolved.get(id_)
        if resolved is None or len(within) + resolved.length > _MAX_CHAIN_LENGTH:
            raise InvalidInput(f"at most {_MAX_CHAIN_LENGTH} calendars may refer to one another: {' -> '.join(chain)}")
        return resolved.calendar

    def _build(self, id_: str, chain: tuple[str, ...]) -> _Resolved:
        self.definitions[id_] = definition = self._read(id_)
        if definition is None:
            return _Resolved(None, 1)
        if not isinstance(definition, dict):
            raise InvalidInput(f"{id_}: calendar must be the object that defines it")
        below = 0

        def find(other: str) -> Calendar | None:
            nonlocal below
            calendar = self.resolve(other, chain)
            below = self._resolved[other].length
            return calendar

        try:
            return _Resolved(calendar_of(definition, find), below + 1)
        except DefinitionError as error:
            member = error.member.removeprefix("definition")
            raise InvalidInput(f"{id_}: calendar{member}: {error.problem}") from None
