import gzip
import threading
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterd.api.bodies import DecodeLimiter, decompress
from meterd.errors import InvalidInput, TooLarge

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
except ImportError:
    from backports import zstd

Compress = Callable[[bytes], bytes]

ENCODINGS: dict[str, Compress] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
}
each_encoding = pytest.mark.parametrize(("encoding", "compress"), ENCODINGS.items(), ids=ENCODINGS)


@each_encoding
@given(body=st.binary(max_size=200))
def test_what_was_compressed_comes_back(encoding: str, compress: Compress, body: bytes) -> None:
    assert decompress(compress(body), encoding, 200) == body


@each_encoding
@given(cut=st.integers(1, 10_000))
def test_what_ends_too_early_is_refused(encoding: str, compress: Compress, cut: int) -> None:
    whole = compress(bytes(range(256)))

    with pytest.raises(InvalidInput, match=f"not valid {encoding}"):
        decompress(whole[: 1 + cut % (len(whole) - 1)], encoding, 1000)


@each_encoding
@pytest.mark.parametrize("garbage", [b"{}", b"\x00", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd\x00"])
def test_what_is_not_compressed_so_is_refused(encoding: str, compress: Compress, garbage: bytes) -> None:
    with pytest.raises(InvalidInput, match=f"not valid {encoding}"):
        decompress(garbage, encoding, 1000)
    with pytest.raises(InvalidInput, match=f"not valid {encoding}"):
        decompress(compress(b"body") + garbage, encoding, 1000)


@each_encoding
def test_a_damaged_body_is_refused(encoding: str, compress: Compress) -> None:
    whole = bytearray(compress(bytes(range(256))))
    whole[len(whole) // 2] ^= 0xFF
    damaged = bytes(whole)

    if encoding == "zstd":  # which is sent without a checksum here, so only what it holds changes
        assert decompress(damaged, encoding, 1000) != bytes(range(256))
        return
    with pytest.raises(InvalidInput, match=f"not valid {encoding}"):
        decompress(damaged, encoding, 1000)


@each_encoding
def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(encoding: str, compress: Compress) -> None:
    assert decompress(compress(b"x" * 1000), encoding, 1000) == b"x" * 1000
    with pytest.raises(TooLarge, match="1000 bytes"):
        decompress(compress(b"x" * 1001), encoding, 1000)


@each_encoding
def test_several_members_count_together(encoding: str, compress: Compress) -> None:
    members = compress(b"x" * 600) + compress(b"y" * 400)

    assert decompress(members, encoding, 1000) == b"x" * 600 + b"y" * 400
    with pytest.raises(TooLarge):
        decompress(members + compress(b"z"), encoding, 1000)


@each_encoding
def test_a_bomb_is_never_unpacked(encoding: str, compress: Compress) -> None:
    bomb = compress(bytes(50_000_000))

    assert len(bomb) < 100_000
    with pytest.raises(TooLarge):
        decompress(bomb, encoding, 1_000_000)


@pytest.mark.parametrize("encoding", ["br", "", "gzip, gzip", "identity", "7bit"])
def test_other_encodings_are_refused_by_name(encoding: str) -> None:
    with pytest.raises(InvalidInput, match=f'"{encoding}" is not supported'):
        decompress(b"", encoding, 10)


@pytest.mark.parametrize("encoding", ["GZIP", " gzip ", "Gzip"])
def test_encodings_are_named_in_any_case(encoding: str) -> None:
    assert decompress(gzip.compress(b"body"), encoding, 10) == b"body"


def test_a_body_of_many_members_is_all_of_them() -> None:
    member = gzip.compress(b"abc")

    assert decompress(member * 5000, "gzip", 15_000) == b"abc" * 5000
    with pytest.raises(TooLarge):
        decompress(member * 5000, "gzip", 14_999)


class TestDecoding:
    async def test_gives_what_the_function_makes_of_a_body_of_any_size(self) -> None:
        for size in (3, 2**20):
            assert await DecodeLimiter().run(b"x" * size, lambda body, more: (len(body), more), 5) == (size, 5)

    async def test_large_bodies_are_decoded_in_a_thread_and_small_ones_at_once(self) -> None:
        threads = [await DecodeLimiter().run(body, lambda _: threading.get_ident()) for body in (b"x", b"x" * 2**20)]

        assert threads[0] == threading.get_ident() != threads[1]

    async def test_more_objects_than_fit_into_memory_are_not_even_decoded(self) -> None:
        with pytest.raises(TooLarge, match="opening braces"):
            await DecodeLimiter().run(b"{}," * (2**21 + 1), lambda _: pytest.fail("decoded"))
