"""Every process that runs tests gives them the same names."""

import gzip

import pytest


def test_bytes_are_named_alike_whenever_they_were_compressed(pytestconfig: pytest.Config) -> None:
    def name(value: bytes) -> object:
        return pytestconfig.hook.pytest_make_parametrize_id(config=pytestconfig, val=value, argname="body")

    first, later = gzip.compress(b"x", mtime=1), gzip.compress(b"x", mtime=2)
    assert first != later
    assert name(first) == name(later) == f"body of {len(first)} bytes"
    assert name(b"no export") is None  # as pytest names it: what a person can read
