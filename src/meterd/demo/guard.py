"""What agents with AI Guard count: how long they take, for whom, what is found in texts, and what is done about it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from meterd.datasets import CLASSIFICATION, METER_EVENTS
from meterd.demo.company import AGENTS, PEOPLE, Agent, Choice, Person
from meterd.demo.facts import Fact, around
from meterd.demo.rhythm import arrivals, pace
from meterd.demo.story import Span, Story

TEXTS = {
    "EMAIL_ADDRESS": "Please answer to ana@example.com today",
    "DE_PHONE_NUMBER": "You reach me at +49 30 901820 until noon",
    "CREDIT_CARD_NUMBER": "I paid with 4111 1111 1111 1111, was it booked twice?",
    "IBAN_CODE": "Send it to DE89 3704 0044 0532 0130 00",
    "IPV4_ADDRESS": "The request came from 192.168.0.14",
    "AWS_ACCESS_KEY_ID": "it works with AKIAIOSFODNN7EXAMPLE only",
}
"""A text in which a classifier finds something; the numbers are those that are reserved for examples and tests."""
_FOUND = Choice(list(zip(TEXTS, (9.0, 4.0, 2.0, 2.5, 1.2, 0.4), strict=True)))
_SENSITIVE = 0.2
"""Share of the turns in whose texts something is found."""


class Guarded:
    """Turns of conversations with agents that use AI Guard, so many in a busy hour."""

    def __init__(self, random: Random, story: Story, busy: float) -> None:
        self._random = random
        self._end = story.history.end
        self._busy = busy

    def facts(self, span: Span) -> Iterator[Fact]:
        """Yield the facts of all turns that begin in a span of time."""
        for at in arrivals(self._random, span, lambda at: self._busy * pace(at, self._end)):
            yield from self._turn(at, PEOPLE.draw(self._random), AGENTS.draw(self._random))

    def _turn(self, at: datetime, person: Person, agent: Agent) -> Iterator[Fact]:
        is_new = self._random.random() < 0.4
        yield self._counted(at, person, agent, "ai_guard.user", 1, new_session=str(is_new).lower())
        if self._random.random() < _SENSITIVE:
            actor = "user" if self._random.random() < 0.8 else "agent"
            count = 1 + (self._random.random() < 0.25)
            classifier = _FOUND.draw(self._random)
            yield self._counted(at, person, agent, CLASSIFICATION, count, classifier=classifier, actor=actor)
            action = "block" if classifier == "AWS_ACCESS_KEY_ID" or self._random.random() < 0.08 else "redact"
            yield self._counted(at, person, agent, "ai_guard.redact", count, action=action, actor=actor)
            if action == "block":
                return
        took = around(self._random, 2_400 if agent.framework == "graphwork" else 1_300, 0.55)
        yield self._counted(at + timedelta(milliseconds=took), person, agent, "ai_guard.agent", int(took))

    def _counted(self, at: datetime, person: Person, agent: Agent, meter: str, value: int, **attributes: str) -> Fact:
        row = METER_EVENTS.row_type(
            ts=at,
            subject=person.slug,
            subject_type=person.kind,
            teams=[person.team],
            meter=meter,
            value=value,
            agent=agent.name,
            platform=agent.platform,
        )
        for column, text in attributes.items():
            setattr(row, column, text)
        return Fact(METER_EVENTS, row)
