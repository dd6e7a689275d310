"""Work of the agent that goes on whatever is raised in it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Supervisor:
    """Keeps which parts of the agent fail, for its log and for whoever asks for its health."""

    def __init__(self) -> None:
        self._failing: set[tuple[str, str]] = set()

    @property
    def failing(self) -> list[str]:
        """The parts whose last attempt failed."""
        return sorted({part for part, _ in self._failing})

    @contextmanager
    def attempt(self, part: str, concern: str = "") -> Iterator[None]:
        """Do some of a part's work inside, which concerns a session for example.

        What it raises goes no further, and is logged unless the attempt before failed as well.
        """
        key = (part, concern)
        name = f"{part} of {concern}" if concern else part
        try:
            yield
        except Exception:
            if key not in self._failing:
                log.exception("%s failed; the agent goes on and tries again", name)
            self._failing.add(key)
        else:
            if key in self._failing:
                log.warning("%s works again", name)
            self._failing.discard(key)
