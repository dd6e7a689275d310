"""However a stream is cut and classified, the server counts each of its matches once."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from meterd.client import AsyncClient, Client, Match, Policy
from tests.client.guard_service import LONGEST, TOKEN, Document, GuardService, found
from tests.client.proxy import Fault, Proxy, lose_answer
from tests.process import METRICS, Meterd

SIMPLE = (
    "321-507-0525",
    "321-507-",
    "pin 4711",
    "4711",
    "anna@shop.com",
    "123456789012",
    "😀",
    "word",
    "-" * 70,
    "<key abcdefghijklmnopqrstuvwxyz 0123>",
    "c2VjcmV0" * 8 + "=key",
)
REAL = (
    "call 321-507-0525",
    "write ann@example.com",
    "10.0.0.1",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "Authorization: Bearer " + "n4bQgYhMfWWaL-qgxVrQ" * 20,
    "😀",
    "lorem ipsum dolor sit amet, ",
    "-" * 300,
    "日本" * 60,
    "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA1c7gQyB4xvFs\n" * 60 + "-----END RSA PRIVATE KEY-----.",
)
lengths = st.lists(st.integers(1, 300), min_size=1, max_size=8)


def texts_of(words: Iterable[str]) -> st.SearchStrategy[str]:
    """Some of the words, several times, with one of three things between each two."""
    some = st.lists(st.sampled_from(sorted(words)), max_size=6).flatmap(lambda drawn: st.permutations(drawn * 6))
    return st.tuples(some, st.sampled_from([" ", "\n", ". "])).map(lambda drawn: drawn[1].join(drawn[0]))


def chunks_of(text: str, lengths: list[int]) -> Iterator[str]:
    """The text in chunks of these lengths, again and again."""
    start = 0
    while start < len(text):
        for length in lengths:
            yield text[start : start + length]
            start += length


async def arriving(chunks: Iterable[str]) -> AsyncIterator[str]:
    for chunk in chunks:
        yield chunk


def by_classifier(matches: Iterable[Match]) -> Counter[str]:
    return Counter(match.classifier for match in matches)


def counted_by(requests: Iterable[Document]) -> Counter[str]:
    """What a server counts that keeps to the member `counted`."""
    return Counter(
        match["classifier"]
        for request in requests
        for match in found(request["text"])
        if request["counted"]["start"] <= match["start"] < request["counted"]["end"]
    )


def counted_at(meterd: Meterd, agent: str) -> Counter[str]:
    """What meterd has counted for an agent."""
    points = meterd.points(
        datasource="aiGuardMetrics",
        groupBy=["classifier"],
        aggregations=[{"type": "sum", "column": "value"}],
        filters=[
            {"fieldName": "agentId", "operator": "EQUAL", "value": agent},
            {"fieldName": "meter", "operator": "EQUAL", "value": "ai_guard.classification"},
        ],
    )
    return Counter({point["classifier"]: point["sumValue"] for point in points})


@pytest.fixture(scope="module")
def service() -> Iterator[GuardService]:
    with GuardService() as service:
        yield service


@pytest.fixture(scope="module")
def client(service: GuardService) -> Iterator[Client]:
    with Client(service.url, TOKEN) as client:
        yield client


@settings(max_examples=200)
@given(text=texts_of(SIMPLE), lengths=lengths, window=st.integers(LONGEST, 3 * LONGEST))
def test_the_requests_of_a_stream_count_each_match_once(
    client: Client, service: GuardService, text: str, lengths: list[int], window: int
) -> None:
    service.classifications.clear()
    stream = client.guard("billing-bot", "DATABRICKS").stream(chunks_of(text, lengths), window=window)
    list(stream)
    whole = Counter(match["classifier"] for match in found(text))
    assert counted_by(service.classifications) == by_classifier(stream.matches) == whole


@settings(max_examples=100)
@given(text=texts_of(SIMPLE), lengths=lengths, window=st.integers(LONGEST, 3 * LONGEST), parts=st.integers(1, 9))
def test_what_was_released_or_blocked_was_counted_when_a_stream_ends_early(
    client: Client, service: GuardService, text: str, lengths: list[int], window: int, parts: int
) -> None:
    service.classifications.clear()
    policy = Policy("redact", {"EMAIL_ADDRESS": "block"})
    stream = client.guard("billing-bot", "DATABRICKS").stream(chunks_of(text, lengths), policy=policy, window=window)
    for _ in zip(range(parts), stream, strict=False):
        """Some parts, or fewer where it is blocked."""
    whole = Counter(match["classifier"] for match in found(text))
    assert by_classifier(stream.matches) <= counted_by(service.classifications) <= whole


def test_nothing_is_asked_while_everything_is_held_back(client: Client, service: GuardService) -> None:
    service.classifications.clear()
    text = "take " + "c2VjcmV0" * 400 + "=key"
    assert "".join(client.guard("billing-bot", "DATABRICKS").stream(text, window=30)) == "take " + "*" * 3204
    assert [request["counted"] for request in service.classifications] == [
        {"start": 0, "end": 5},
        {"start": 5, "end": 3209},
    ]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=texts_of(REAL), lengths=lengths, window=st.integers(128, 400))
@example(text=REAL[0] * 100, lengths=[7], window=128)
@example(text=" ".join(REAL * 2), lengths=[100], window=256)
def test_meterd_counts_each_match_of_a_stream_once(shared: Meterd, text: str, lengths: list[int], window: int) -> None:
    stream_agent, whole_agent = uuid.uuid4().hex, uuid.uuid4().hex
    with Client(shared.url, shared.token) as client:
        stream = client.guard(stream_agent, "DATABRICKS").stream(chunks_of(text, lengths), window=window)
        released = "".join(stream)
        whole = client.guard(whole_agent, "DATABRICKS").redact(text)
    assert (released, stream.matches) == (whole.text, whole.matches)
    assert counted_at(shared, stream_agent) == by_classifier(stream.matches) == counted_at(shared, whole_agent)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=texts_of(REAL), lengths=lengths)
@example(text=" ".join(REAL * 2), lengths=[100])
def test_meterd_counts_each_match_of_an_asynchronous_stream_once(shared: Meterd, text: str, lengths: list[int]) -> None:
    agent = uuid.uuid4().hex

    async def streamed() -> list[Match]:
        async with AsyncClient(shared.url, shared.token) as client:
            stream = client.guard(agent, "DATABRICKS").stream(arriving(chunks_of(text, lengths)))
            async for _ in stream:
                """Released."""
            return stream.matches

    assert by_classifier(asyncio.run(streamed())) == counted_at(shared, agent)


class GuardProxy(Proxy):
    """Its faults are for the requests of a guard."""

    def next_fault(self, path: str) -> Fault | None:
        assert path == "/classifications/v1"
        return super().next_fault(METRICS)


@pytest.mark.usefixtures("impatient")
def test_a_request_whose_answer_was_lost_is_counted_once(shared: Meterd) -> None:
    agent = uuid.uuid4().hex
    with GuardProxy(shared.url) as proxy, Client(proxy.url, shared.token) as client:
        proxy.script(lose_answer, lose_answer)
        assert len(client.guard(agent, "DATABRICKS").classify("call 321-507-0525")) == 1
    assert counted_at(shared, agent) == {"US_PHONE_NUMBER": 1}
    assert (len(proxy.keys), len(set(proxy.keys))) == (3, 1)
