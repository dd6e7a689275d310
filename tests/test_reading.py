"""The helper of the service reads what comes from every source as the service does."""

from collections.abc import Iterator

import msgspec
import pytest

from meterd import reading
from meterd.api.helper import Helper
from meterd.api.helper_process import How, Reads
from meterd.api.litellm import reading as litellm
from meterd.api.otlp import reading as otlp
from meterd.errors import InvalidInput
from meterd.settings import Ingest, Otlp
from meterd.supervision import Supervisor
from meterd.telemetry import Telemetry
from tests.api.litellm.payloads import array, evaluation, success
from tests.api.otlp.exports import CALLER, JSON, PROTOBUF, chat, encoded, logs, metrics, point, traces
from tests.waiting import eventually

OTLP = otlp.Reader(Ingest(), ("team",), frozenset(Otlp().point_attributes))
LITELLM = litellm.Reader(Ingest(), assume_cache_misses=True)
BATCH = litellm.Batch(CALLER, 1000)
DAMAGED = {**chat(), "spanId": "no"}


def export(signal: str, is_json: bool = False) -> otlp.Export:
    return otlp.Export(CALLER, signal, is_json, 1000)


@pytest.fixture(scope="module")
def helper() -> Iterator[Helper]:
    helper = Helper(reading.__name__, 60, Supervisor(Telemetry()))
    helper.reader("otlp", OTLP, otlp.Reading)
    helper.reader("litellm", LITELLM, litellm.Reading)
    with helper.reading(), helper.reading():
        eventually(lambda: helper.ask("litellm", b"[]", BATCH)[0] is How.READ)
        yield helper
    helper.close()


@pytest.mark.parametrize(
    ("name", "body", "about"),
    [
        ("otlp", encoded(traces(chat({"team": "red"}), chat()), PROTOBUF), export("traces")),
        ("otlp", encoded(traces(chat(), DAMAGED), JSON), export("traces", is_json=True)),
        ("otlp", encoded(metrics("sum", point(asInt="3")), PROTOBUF), export("metrics")),
        ("otlp", encoded(logs({}), PROTOBUF), export("logs")),
        ("litellm", array(success(guardrail_information=[evaluation()])), BATCH),
        ("litellm", array(success(), "no payload"), BATCH),
    ],
    ids=["spans", "damaged spans", "points", "log records", "payloads", "damaged payloads"],
)
def test_what_is_read_there_is_what_is_read_here(helper: Helper, name: str, body: bytes, about: object) -> None:
    reader: Reads[object, object] = {"otlp": OTLP, "litellm": LITELLM}[name]  # type: ignore[assignment]
    how, answer = helper.ask(name, body, about)
    assert how is How.READ
    assert msgspec.msgpack.encode(reader.read(body, about)) == answer


@pytest.mark.parametrize(("name", "about"), [("otlp", export("traces")), ("litellm", BATCH)])
def test_what_is_refused_there_is_refused_here_in_the_same_words(helper: Helper, name: str, about: object) -> None:
    reader: Reads[object, object] = {"otlp": OTLP, "litellm": LITELLM}[name]  # type: ignore[assignment]
    how, answer = helper.ask(name, b"\x00no body", about)
    assert how is How.INVALID_INPUT
    with pytest.raises(InvalidInput) as refused:
        reader.read(b"\x00no body", about)
    assert refused.value.message == answer.decode()
