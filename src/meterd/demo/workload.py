"""All that the made-up company reports, as facts in about the order of their times."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from meterd.demo.facts import Fact
from meterd.demo.guard import Guarded
from meterd.demo.rhythm import total
from meterd.demo.sessions import Sessions
from meterd.demo.story import Span, Story
from meterd.demo.traffic import Traffic
from meterd.demo.usage import Usage

_FACTS_OF_A_REQUEST = 8.6
"""Facts for each request to the gateway, on the average, with those of what goes on beside it."""
_GUARDED, _CALLS, _SESSIONS = 0.15, 0.35, 1 / 48
"""How many turns with AI Guard, calls to services, and sessions there are for each request to the gateway."""
STEP = timedelta(hours=1)


class Workload:
    """The facts of a seed and a story, of which the history has about so many."""

    def __init__(self, seed: int, story: Story, facts: int) -> None:
        self.story = story
        busy = facts / _FACTS_OF_A_REQUEST / max(total(story.history), 0.1)
        self._sources = (
            Traffic(Random(f"{seed} traffic"), story, busy),
            Guarded(Random(f"{seed} guard"), story, busy * _GUARDED),
            Usage(Random(f"{seed} usage"), story, busy * _CALLS),
        )
        self.sessions = Sessions(Random(f"{seed} sessions"), story, busy * _SESSIONS)

    def history(self) -> Iterator[tuple[Span, list[Fact]]]:
        """Yield the facts of the history, an hour at a time."""
        start, end = self.story.history
        while start < end:
            span = Span(start, min(start + STEP, end))
            yield span, [*self.facts(span), *self.sessions.facts(span)]
            start = span.end

    def facts(self, span: Span) -> list[Fact]:
        """Return the facts of a span of time, which follows the one before it; but for those of sessions."""
        return [fact for source in self._sources for fact in source.facts(span)]
