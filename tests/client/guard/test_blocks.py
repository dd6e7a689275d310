"""Private keys in PEM, which are longer than the window and have spaces, in streams."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from meterd.client import AsyncClient, Client, Guard
from tests.client.guard_service import TOKEN, GuardService
from tests.process import Meterd

BODY = "MIIEpAIBAAKCAQEA1c7gQyB4xvFsRk9nVtYpWqZuLmHjKdSaEoIrTfGxCbN2vX0\n"
RSA = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY * 25}-----END RSA PRIVATE KEY-----"
ENCRYPTED = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0F1E2D3C\n\n"
    f"{BODY * 25}-----END RSA PRIVATE KEY-----"
)
LARGE = f"-----BEGIN PRIVATE KEY-----\r\n{BODY * 200}-----END PRIVATE KEY-----\r\n"


def cut(text: str, length: int) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    """A guard that finds nothing in these texts, to see what is held back."""
    with GuardService() as service, Client(service.url, TOKEN) as client:
        yield client.guard("billing-bot", "DATABRICKS")


@pytest.mark.parametrize("key", [RSA, ENCRYPTED, LARGE])
@pytest.mark.parametrize(("length", "window"), [(9, 256), (1000, 256), (20_000, 256), (50, 1), (50, 30)])
def test_a_private_key_is_redacted_whole(shared: Meterd, key: str, length: int, window: int) -> None:
    text = f"Here is the key: {key} keep it safe. Another one is `{key}`, and that is all."
    with Client(shared.url, shared.token) as client:
        guard = client.guard("keys", "DATABRICKS")
        stream = guard.stream(cut(text, length), window=window, classifiers=["PRIVATE_KEY"])
        released = "".join(stream)
        whole = guard.redact(text, classifiers=["PRIVATE_KEY"])
    assert (released, stream.matches) == (whole.text, whole.matches)
    assert [len(match.text) for match in stream.matches] == [len(key.rstrip())] * 2
    assert "MII" not in released


def test_an_asynchronous_stream_redacts_a_private_key_whole(shared: Meterd) -> None:
    async def arriving() -> AsyncIterator[str]:
        for chunk in cut(f"Here is the key: {RSA} keep it safe. " + "lorem ipsum " * 50, 9):
            yield chunk

    async def streamed() -> str:
        async with AsyncClient(shared.url, shared.token) as client:
            return "".join([text async for text in client.guard("keys", "DATABRICKS").stream(arriving())])

    masked = "*" * len(RSA)
    assert asyncio.run(streamed()) == f"Here is the key: {masked} keep it safe. " + "lorem ipsum " * 50


def test_nothing_of_a_private_key_is_released_when_it_is_blocked(shared: Meterd) -> None:
    with Client(shared.url, shared.token) as client:
        stream = client.guard("keys", "DATABRICKS").stream(cut(f"Here: {RSA} and more", 9), policy="block")
        assert ("".join(stream), stream.blocked) == ("Here: ", True)


def test_a_sentence_about_pem_is_not_held_back(guard: Guard) -> None:
    sentence = "PEM begins with `-----BEGIN CERTIFICATE-----`. "
    assert next(guard.stream(cut(sentence + "lorem ipsum " * 99, 10), window=50)).startswith("PEM begins with `-----")


def test_a_block_without_an_end_is_held_back_up_to_a_bound(guard: Guard) -> None:
    endless = ["-----BEGIN PRIVATE KEY-----\n", *[BODY] * 500]
    assert 16_384 <= len(next(guard.stream(endless, window=50))) <= 16_384 + 50 + 2 * len(BODY)


def test_what_is_left_of_a_block_without_an_end_comes_with_the_end_of_the_text(guard: Guard) -> None:
    text = "take -----BEGIN PRIVATE KEY-----\n" + BODY * 9
    assert list(guard.stream(cut(text, 10), window=50)) == ["take ", text.removeprefix("take ")]
