"""Parameters of addresses of sessions."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import parse_qs

from meterd.api.sessions.bodies import parse_stamp
from meterd.errors import InvalidInput

MAX_LIMIT = 50_000


class Parameters:
    """The query string of a request. Members raise `InvalidInput` naming the parameter."""

    def __init__(self, query_string: str, known: frozenset[str]) -> None:
        sent = parse_qs(query_string, keep_blank_values=True)
        if unknown := sorted(sent.keys() - known):
            raise InvalidInput(f"unknown parameter {unknown[0]}: use {', '.join(sorted(known))}")
        self._sent = {name: values[-1] for name, values in sent.items()}

    def text(self, name: str) -> str | None:
        return self._sent.get(name)

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        text = self.text(name)
        if text is not None and text not in allowed:
            raise InvalidInput(f"{name} must be one of {', '.join(allowed)}")
        return text

    def count(self, name: str, minimum: int = 1, maximum: int = MAX_LIMIT) -> int | None:
        text = self.text(name)
        if text is not None and not (
            text.isascii() and text.isdigit() and len(text) <= 5 and minimum <= int(text) <= maximum
        ):
            raise InvalidInput(f"{name} must be a whole number from {minimum} to {maximum}")
        return None if text is None else int(text)

    def time(self, name: str) -> datetime | None:
        try:
            return parse_stamp(self.text(name))
        except InvalidInput:
            raise InvalidInput(f"{name} must be a time in RFC 3339 with an offset") from None
