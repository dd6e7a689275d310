import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterd.client import AsyncClient, AsyncGuard, Client, Guard, GuardedStream, Policy, StatusError
from tests.client.guard_service import LONGEST, TOKEN, GuardService, Reply

WORDS = (
    "321-507-0525",
    "321-507-",
    "507-0525",
    "call",
    "pin ",
    "pin 4711",
    "4711",
    "a@b.com",
    "anna@shop.com",
    "@b",
    "123456",
    "123456789012",
    "1",
    "😀",
    "é",
    "-",
    " ",
    "\n",
    "word",
    "<key",
    "<key abcdefghijklmnopqrstuvwxyz 0123>",
)
texts = st.lists(st.sampled_from(WORDS), max_size=12).flatmap(lambda words: st.permutations(words * 6).map("".join))
cuts = st.lists(st.integers(0, 400), max_size=30)
windows = st.integers(LONGEST, 3 * LONGEST)


@pytest.fixture(scope="module")
def service() -> Iterator[GuardService]:
    with GuardService() as service:
        yield service


@pytest.fixture
def fresh(service: GuardService) -> GuardService:
    service.events.clear()
    service.classifications.clear()
    return service


@pytest.fixture(scope="module")
def guard(service: GuardService) -> Iterator[Guard]:
    with Client(service.url, TOKEN) as client:
        yield client.guard("billing-bot", "DATABRICKS")


@pytest.fixture
async def asynchronous(service: GuardService) -> AsyncIterator[AsyncGuard]:
    async with AsyncClient(service.url, TOKEN) as client:
        yield client.guard("billing-bot", "DATABRICKS")


def chunks_of(text: str, places: Sequence[int]) -> list[str]:
    """The text, cut at the places that lie within it."""
    borders = sorted({0, len(text), *(place for place in places if place < len(text))})
    return [text[start:end] for start, end in pairwise(borders)]


async def arriving(chunks: Iterable[str]) -> AsyncIterator[str]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


@settings(max_examples=300)
@given(text=texts, places=cuts, window=windows)
def test_a_stream_is_redacted_like_the_whole_text(guard: Guard, text: str, places: list[int], window: int) -> None:
    stream = guard.stream(chunks_of(text, places), window=window)
    whole = guard.redact(text)
    assert "".join(stream) == whole.text
    assert (stream.matches, stream.action) == (whole.matches, whole.action)


@settings(max_examples=200)
@given(text=texts, places=cuts, window=windows)
def test_a_stream_ends_before_what_is_blocked(guard: Guard, text: str, places: list[int], window: int) -> None:
    policy = Policy("redact", {"EMAIL_ADDRESS": "block"})
    stream = guard.stream(chunks_of(text, places), policy=policy, window=window)
    released = "".join(stream)
    whole = guard.redact(text)
    places_of_emails = [number for number, match in enumerate(whole.matches) if match.classifier == "EMAIL_ADDRESS"]
    assert stream.blocked == bool(places_of_emails)
    if places_of_emails:
        first = places_of_emails[0]
        assert stream.matches == whole.matches[: first + 1]
        assert released == whole.text[: whole.matches[first].start]
    else:
        assert (stream.matches, released) == (whole.matches, whole.text)


@settings(max_examples=20)
@given(text=texts, places=cuts, window=windows, policy=st.sampled_from(["none", "redact", "block"]))
def test_an_asynchronous_stream_is_the_same(
    guard: Guard, service: GuardService, text: str, places: list[int], window: int, policy: Any
) -> None:
    async def streamed() -> tuple[Any, ...]:
        async with AsyncClient(service.url, TOKEN) as client:
            stream = client.guard("billing-bot", "DATABRICKS").stream(
                arriving(chunks_of(text, places)), policy=policy, window=window
            )
            return "".join([part async for part in stream]), stream.matches, stream.action

    expected = guard.stream(chunks_of(text, places), policy=policy, window=window)
    assert ("".join(expected), expected.matches, expected.action) == asyncio.run(streamed())


def test_what_is_held_back_is_at_most_twice_the_window_and_a_word(guard: Guard) -> None:
    taken: list[str] = []

    def characters() -> Iterator[str]:
        for character in "lorem ipsum " * 50:
            taken.append(character)
            yield character

    waiting: list[int] = []
    released = 0
    for part in guard.stream(characters(), window=50):
        waiting.append(len(taken) - released)
        released += len(part)
    assert 100 <= max(waiting) <= 100 + len("lorem")
    assert released == 600


def test_a_match_longer_than_the_window_is_redacted_whole_if_its_beginning_is_recognised(guard: Guard) -> None:
    text = f"before <key {'abc ' * 300}> after"
    parts = list(guard.stream(text, window=30))
    assert "".join(parts) == f"before {'*' * 1206} after"
    assert "*" * 1206 in "".join(parts[1:])


def test_a_long_credential_is_redacted_whole_though_its_beginning_says_nothing(guard: Guard) -> None:
    secret = "c2VjcmV0" * 40
    text = f"take {secret}=key and go, {secret}=key"
    assert "".join(guard.stream(text, window=30)) == guard.redact(text).text == f"take {'*' * 324} and go, {'*' * 324}"


def test_endless_text_without_spaces_is_released(guard: Guard) -> None:
    assert len(next(guard.stream(iter(lambda: "-" * 100, ""), window=50))) == 4096


def test_a_long_chunk_is_classified_in_parts(guard: Guard, fresh: GuardService) -> None:
    text = "call 321-507-0525 now, " * 2000
    assert "".join(guard.stream([text])) == text.replace("321-507-0525", "*" * 12)
    assert max(len(body["text"]) for body in fresh.classifications) < 20_000


def test_a_short_stream_is_one_request(guard: Guard, fresh: GuardService) -> None:
    assert list(guard.stream(["call 321-5", "07-0525", ""])) == ["call ************"]
    assert [body["context"]["actor"] for body in fresh.classifications] == ["agent"]


def test_an_empty_stream_asks_nothing(guard: Guard, fresh: GuardService) -> None:
    assert list(guard.stream([""])) == list(guard.stream([])) == []
    assert fresh.classifications == []


async def test_each_kind_of_action_is_counted_once_in_a_stream(
    guard: Guard, asynchronous: AsyncGuard, fresh: GuardService
) -> None:
    text = "call 321-507-0525 or 321-507-0526, " * 9 + "write a@b.com now"
    policy = Policy("redact", {"EMAIL_ADDRESS": "block"})
    stream = guard.stream(text, "user", policy=policy, window=LONGEST)
    assert "".join(stream).endswith("write ")
    assert sorted(fresh.redactions) == [("block", "user"), ("redact", "user")]
    late = asynchronous.stream(arriving([text]), policy=policy)
    assert "".join([part async for part in late]).endswith("write ")
    assert sorted(fresh.redactions[2:]) == [("block", "agent"), ("redact", "agent")]


def test_an_action_is_counted_although_the_stream_is_abandoned(guard: Guard, fresh: GuardService) -> None:
    next(guard.stream("call 321-507-0525 now, " * 99))
    assert fresh.redactions == [("redact", "agent")]


def test_no_more_is_taken_after_what_is_blocked(guard: Guard) -> None:
    chunks = iter(["a@b.com ", "x" * 50, "more"])
    assert list(guard.stream(chunks, policy="block", window=LONGEST)) == []
    assert list(chunks) == ["more"]


def test_a_policy_that_leaves_everything_counts_nothing(guard: Guard, fresh: GuardService) -> None:
    text = "call 321-507-0525 now, " * 50
    stream = guard.stream(text, policy="none")
    assert "".join(stream) == text
    assert (stream.action, len(stream.matches), fresh.events) == ("none", 100, [])


async def test_an_error_of_the_service_is_raised_and_what_is_not_decided_never_released(
    guard: Guard, asynchronous: AsyncGuard, service: GuardService
) -> None:
    text = "word " * 40
    failure = [Reply(200, {"matches": []}), Reply(500, {"code": 500, "message": "the engine failed"})]
    released: list[str] = []
    service.replies.extend(failure)
    with pytest.raises(StatusError, match="the engine failed"):
        released.extend(guard.stream(text, window=50))
    assert "".join(released) == text[:50]
    service.replies.extend(failure)
    late: list[str] = []
    with pytest.raises(StatusError, match="the engine failed"):
        late.extend([part async for part in asynchronous.stream(arriving(text), window=50)])


@pytest.mark.parametrize(("start", "end", "policy"), [(40, 140, "redact"), (0, 50, "block")])
def test_what_is_released_stays_decided_when_classifiers_change_their_mind(
    guard: Guard, service: GuardService, start: int, end: int, policy: Any
) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 200)))
    late = {"start": start, "end": end, "confidence": 100, "text": "", "classifier": "X"}
    service.replies.extend([Reply(200, {"matches": []}), Reply(200, {"matches": [late]}), Reply(200, {"matches": []})])
    assert "".join(guard.stream(text, policy=policy, window=50)) == text


def test_an_error_of_the_chunks_is_raised(guard: Guard) -> None:
    def broken() -> Iterator[str]:
        yield "call 321-507-0525"
        raise ConnectionResetError("the model hung up")

    with pytest.raises(ConnectionResetError, match="the model hung up"):
        list(guard.stream(broken()))


def test_wrong_arguments_raise_before_anything_is_taken(guard: Guard) -> None:
    chunks = iter(["text"])
    with pytest.raises(ValueError, match="window must be at least 1 character, got 0"):
        guard.stream(chunks, window=0)
    with pytest.raises(ValueError, match="policy must be one of"):
        guard.stream(chunks, policy="mask")  # type: ignore[arg-type]
    assert list(chunks) == ["text"]


def test_classifiers_metadata_and_structure_go_with_each_request(guard: Guard, fresh: GuardService) -> None:
    stream: GuardedStream = guard.stream(
        "word " * 40, classifiers=["x"], metadata={"xPath": "/a"}, structured=True, window=50
    )
    list(stream)
    described = [
        (body["classifierDescription"]["type"], body["metadata"], body["structured"]) for body in fresh.classifications
    ]
    assert described == [("codes", {"xPath": "/a"}, True)] * 4
