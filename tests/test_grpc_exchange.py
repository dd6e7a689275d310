"""One export over gRPC: what it says, what becomes of it, and how it is refused."""

import asyncio
import gzip
import uuid
import zlib
from collections.abc import Iterator

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from meterd.access import Scope
from meterd.grpc_exchange import MessageRoom, _client, _encoding_of
from meterd.settings import Limits
from tests.api.otlp.exports import PROTOBUF, Document, chat, encoded, logs, metrics, point, traces
from tests.grpc_exports import SECONDS, GrpcClient, grpc_client
from tests.process import Meterd, make_token

COMPRESSIONS = [grpc.Compression.NoCompression, grpc.Compression.Gzip, grpc.Compression.Deflate]


def message(document: Document) -> bytes:
    return encoded(document, PROTOBUF)


class Tenant:
    """A tenant of its own, and its connection."""

    def __init__(self, meterd: Meterd, client: GrpcClient, reader: str) -> None:
        self.send, self.refusal = client.send, client.refusal
        self._meterd = meterd
        self._reader = reader

    def totals(self, datasource: str, *names: str) -> list[dict[str, object]]:
        return self._meterd.points(self._reader, datasource=datasource, groupBy=list(names))


@pytest.fixture
def tenant(shared: Meterd) -> Iterator[Tenant]:
    name = uuid.uuid4().hex
    writer = make_token(shared.data, "ann", tenant=name, scopes=(Scope.INGEST,)).token
    reader = make_token(shared.data, "reader", tenant=name, tenant_admin=True).token or ""
    with grpc_client(shared, writer) as client:
        yield Tenant(shared, client, reader)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_spans_become_the_facts_that_they_become_over_http(tenant: Tenant, compression: grpc.Compression) -> None:
    spans = [chat({"gen_ai.usage.input_tokens": 7, "user.email": "x" * 500}) for _ in range(3)]

    assert tenant.send(message(traces(*spans)), compression=compression) == b""

    assert tenant.totals("modelMetrics", "modelName") == [{"total": 3, "modelName": "small-1"}]


def test_what_was_sent_over_http_too_is_one_fact(tenant: Tenant, shared: Meterd) -> None:
    body = message(traces(chat()))
    token = make_token(shared.data, "bob", tenant=uuid.uuid4().hex, tenant_admin=True).token or ""
    headers = {"authorization": f"Bearer {token}", "content-type": PROTOBUF}
    with grpc_client(shared, token) as client:
        client.send(body)
        assert shared.client.post("/v1/traces", content=body, headers=headers).status_code == 200
        client.send(body)

    assert shared.points(token, datasource="modelMetrics") == [{"total": 1}]


def test_large_exports_are_read_beside_the_event_loop_with_the_same_result(tenant: Tenant) -> None:
    spans = [chat({"note": "n" * 200}) for _ in range(2000)]

    tenant.send(message(traces(*spans)), compression=grpc.Compression.Gzip)

    assert tenant.totals("modelMetrics") == [{"total": 2000}]


def test_points_of_metrics_are_kept(tenant: Tenant) -> None:
    tenant.send(message(metrics("gauge", point(asInt="1"), point({"server.port": 1}, asInt="2"))), "metrics")

    assert tenant.totals("otlpMetrics") == [{"total": 2}]


def test_log_records_are_rejected_in_a_success(tenant: Tenant) -> None:
    answer = ExportLogsServiceResponse.FromString(tenant.send(message(logs({"body": {"stringValue": "x"}})), "logs"))

    assert answer.partial_success.rejected_log_records == 1
    assert "not kept" in answer.partial_success.error_message


def test_a_success_says_what_was_rejected(tenant: Tenant) -> None:
    answer = ExportTraceServiceResponse.FromString(tenant.send(message(traces(chat(), chat(traceId="00")))))

    assert answer.partial_success.rejected_spans == 1
    assert tenant.totals("modelMetrics") == [{"total": 1}]


@pytest.mark.parametrize(
    ("scopes", "code"),
    [((Scope.QUERY,), grpc.StatusCode.PERMISSION_DENIED), (None, grpc.StatusCode.UNAUTHENTICATED)],
)
def test_who_may_not_send_is_told_by_the_status(
    shared: Meterd, scopes: tuple[Scope, ...] | None, code: grpc.StatusCode
) -> None:
    token = make_token(shared.data, "reader", scopes=scopes).token if scopes else "mtr_of_nobody"
    with grpc_client(shared, token) as client:
        error = client.refusal(message(traces(chat())))

    assert error.code() == code
    assert "token" in error.details()


def test_two_different_tokens_are_refused_as_over_http(shared: Meterd) -> None:
    with grpc_client(shared) as client:
        two = tuple(("authorization", f"Bearer mtr_{each}") for each in "ab")
        error = client.refusal(b"", metadata=two)

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "two different Authorization" in error.details()


@pytest.mark.parametrize("damaged", [b"\x0a\xffno export", gzip.compress(b"x" * 999)[:-9], b"\x78\x9cno zlib"])
def test_what_is_no_export_is_an_invalid_argument_that_is_not_sent_again(tenant: Tenant, damaged: bytes) -> None:
    error = tenant.refusal(damaged)

    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "not a valid" in error.details() or "not valid" in error.details()
    assert not error.trailing_metadata()


def test_other_methods_are_unimplemented(tenant: Tenant) -> None:
    error = tenant.refusal(b"", "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export")

    assert error.code() == grpc.StatusCode.UNIMPLEMENTED


def test_metadata_that_would_say_something_of_http_says_nothing(tenant: Tenant) -> None:
    misleading = (("host", "a"), ("content-encoding", "br"), ("content-length", "1"), ("x-bin", b"\xff"))
    token = make_token(tenant._meterd.data, scopes=(Scope.INGEST,)).token

    assert tenant.send(b"", metadata=(("authorization", f"Bearer {token}"), *misleading)) == b""


def test_calls_are_recorded_as_those_over_http(shared: Meterd) -> None:
    token = make_token(shared.data, "ann", tenant=uuid.uuid4().hex, tenant_admin=True).token or ""
    with grpc_client(shared, token) as client:
        client.send(message(traces(chat())))
        client.refusal(b"\x0a\xff")

    calls = shared.anonymous.get("/api/metric/v1?_limit=-1", headers={"authorization": f"Bearer {token}"}).json()
    assert sorted((each["service"], each["detail"], each["httpstatus"]) for each in calls) == [
        ("otlp", "POST /v1/traces", 200),
        ("otlp", "POST /v1/traces", 400),
    ]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server whose disk is almost full, by its settings, with small limits."""
    settings = {
        "METERD_OTLP__GRPC__LISTEN": "127.0.0.1:0",
        "METERD_OTLP__MAX_BODY_BYTES": "65536",
        "METERD_INGEST__DISK_RESERVE_BYTES": str(10**18),
        "METERD_SERVICE__TIMEOUT": "1",
    }
    with Meterd(tmp_path_factory.mktemp("full"), environment=settings) as meterd:
        yield meterd


def test_what_can_not_be_taken_now_says_when_to_send_it_again(full: Meterd) -> None:
    with grpc_client(full) as client:
        error = client.refusal(message(traces(chat())))

    assert error.code() == grpc.StatusCode.UNAVAILABLE
    trailing = dict(error.trailing_metadata())
    again = RetryInfo.FromString(trailing["google.rpc.retryinfo-bin"])
    assert again.retry_delay.seconds >= 1
    (detail,) = Status.FromString(trailing["grpc-status-details-bin"]).details
    assert detail.Is(RetryInfo.DESCRIPTOR)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_what_is_larger_than_a_body_may_be_is_refused_before_and_after_decompression(
    full: Meterd, compression: grpc.Compression
) -> None:
    with grpc_client(full) as client:
        error = client.refusal(b"\x0a" + bytes(50_000_000), compression=compression)
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "65536" in error.details()
        assert client.refusal(message(traces(chat()))).code() == grpc.StatusCode.UNAVAILABLE  # it goes on


def test_a_message_that_does_not_come_ends_the_call_after_the_time_of_the_service(full: Meterd) -> None:
    with grpc_client(full) as client:
        error = client.begin().exception(SECONDS)

    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert "service.timeout" in error.details()


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("ipv4:192.0.2.1:4711", ("192.0.2.1", 4711)),
        ("ipv6:%5B2001:db8::1%5D:4711", ("2001:db8::1", 4711)),
        ("ipv6:[::1]:4711", ("::1", 4711)),
        ("unix:", None),
    ],
)
def test_the_client_is_whom_grpc_names(peer: str, client: tuple[str, int] | None) -> None:
    assert _client(peer) == client


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", "identity"),
        (message(traces(chat())), "identity"),
        (message(metrics("gauge", point(asInt="1"))), "identity"),
        (gzip.compress(b"x"), "gzip"),
        *((zlib.compress(b"x", level), "deflate") for level in range(10)),
        (b"\x78", "identity"),
        (b"\x78\x00", "identity"),
    ],
)
def test_compression_is_told_by_the_first_bytes(body: bytes, encoding: str) -> None:
    assert _encoding_of(body) == encoding


class TestMessageRoom:
    LIMITS = Limits(upload_bytes=400, upload_bytes_per_caller=250)

    async def test_others_go_on_while_one_caller_waits_for_its_own(self) -> None:
        room = MessageRoom(self.LIMITS, 100)
        async with room.place("a"), room.place("a"):
            third = asyncio.create_task(self.hold(room, "a"))
            async with asyncio.timeout(30):
                await asyncio.sleep(0)
                await self.hold(room, "b")
                assert not third.done()
                assert room.waiting == 1
        await asyncio.wait_for(third, 30)

        assert room.waiting == 0

    async def test_all_together_have_as_many_places_as_messages_fit(self) -> None:
        room = MessageRoom(self.LIMITS, 100)
        async with room.place("a"), room.place("a"), room.place("b"), room.place("b"):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(self.hold(room, "c"), 0.01)

        assert (room.most, room.waiting) == (4, 0)
        await asyncio.wait_for(self.hold(room, "c"), 30)

    async def test_there_is_always_room_for_one(self) -> None:
        await asyncio.wait_for(self.hold(MessageRoom(self.LIMITS, 1000), "a"), 30)

    async def hold(self, room: MessageRoom, caller: str) -> None:
        async with room.place(caller):
            pass
