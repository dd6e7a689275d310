"""Who sent a line is found out by what is remembered of it, without asking all who could have."""

from datetime import UTC, datetime

import pytest

from meterd.datasets import GUARDRAIL_EVALUATIONS
from meterd.ingest.entries import split
from meterd.ingest.facts import encode
from meterd.ingest.recognition import Recognition, Sender

AT = datetime(2026, 1, 2, tzinfo=UTC)
SENDERS: list[Sender] = [("virtualaccount", f"gateway-{number}") for number in range(500)]


class Counted(frozenset[bytes]):
    """Identities that count how often one is looked for."""

    looked: int

    def __contains__(self, each: object) -> bool:
        self.looked = getattr(self, "looked", 0) + 1
        return super().__contains__(each)


def sent(sender: Sender, *spans: str) -> tuple[list[bytes], list[bytes | None]]:
    """Lines of facts of somebody else than their sender, and their identities."""
    rows = [
        GUARDRAIL_EVALUATIONS.row_type(ts=AT, subject="ann", subject_type="user", trace_id="t", span_id=span)
        for span in spans
    ]
    facts = encode(GUARDRAIL_EVALUATIONS, "acme", rows, sender)
    return split(facts.lines), list(facts.identities)


@pytest.mark.parametrize("sender", [(), ("user", "ann"), SENDERS[0], SENDERS[499]])
def test_a_line_has_the_identity_that_its_sender_gave_it(sender: Sender) -> None:
    lines, identities = sent(sender, "a", "b")
    recognition = Recognition(GUARDRAIL_EVALUATIONS, "acme", SENDERS, {each for each in identities if each})

    assert identities == [recognition.identity(line) for line in lines]


def test_what_nobody_remembers_and_what_can_not_be_read_has_none() -> None:
    recognition = Recognition(GUARDRAIL_EVALUATIONS, "acme", SENDERS, set())

    assert [None, None] == [recognition.identity(line) for line in (*sent((), "a")[0], b"nonsense\n")]


def test_many_senders_are_asked_once_for_lines_that_follow_one_another() -> None:
    runs = [sent(sender, *(f"{sender}-{number}" for number in range(200))) for sender in (SENDERS[400], SENDERS[7])]
    lines = [line for run, _ in runs for line in run]
    remembered = Counted(each for _, identities in runs for each in identities if each)
    recognition = Recognition(GUARDRAIL_EVALUATIONS, "acme", SENDERS, remembered)

    assert [each for _, identities in runs for each in identities] == [recognition.identity(line) for line in lines]
    assert remembered.looked < 2 * len(lines) + 2 * len(SENDERS)
