"""Ingest of facts as JSON over HTTP (`docs/specifications/interface.md`)."""

import gzip
import json
import uuid
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from meterd.access import Scope, SubjectType
from tests.process import METRICS, OF_ONE_NODE, Meterd, make_token

try:
    from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
except ImportError:
    from backports import zstd

LIMIT = 64 * 2**20
NDJSON = "application/x-ndjson"


class Sender:
    """A subject in a tenant of its own, who may read all of it."""

    def __init__(self, meterd: Meterd, *scopes: Scope, teams: tuple[str, ...] = ()) -> None:
        self.meterd = meterd
        self.tenant = uuid.uuid4().hex
        self.token = self.another("ann", *scopes, teams=teams)
        self._reader = self.another("reader", Scope.QUERY, tenant_admin=True)

    def another(self, subject: str, *scopes: Scope, **details: Any) -> str:
        """A token of another subject in the same tenant."""
        return make_token(self.meterd.data, subject, tenant=self.tenant, scopes=scopes, **details).token or ""

    def send(
        self,
        body: Any,
        content_type: str = "application/json",
        datasource: str = "guardrailMetrics",
        token: str = "",
        **headers: str,
    ) -> httpx2.Response:
        """Send bytes as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        authorization = {"authorization": f"Bearer {token or self.token}", "content-type": content_type}
        return self.meterd.client.post(
            f"{METRICS}/ingest", params={"datasource": datasource}, content=content, headers=authorization | named
        )

    def total(self) -> int:
        """How many facts the tenant has."""
        total: int = self.meterd.points(self._reader)[0]["total"]
        return total

    def total_of(self, datasource: str) -> int:
        """How many facts of a datasource the tenant has."""
        total: int = self.meterd.points(self._reader, datasource=datasource)[0]["total"]
        return total

    def groups(self, *names: str) -> list[dict[str, Any]]:
        return self.meterd.points(self._reader, groupBy=list(names))


@pytest.fixture
def sender(shared: Meterd) -> Sender:
    return Sender(shared, Scope.INGEST)


@pytest.fixture
def gateway(shared: Meterd) -> Sender:
    """May send facts of any subject."""
    return Sender(shared, Scope.INGEST, Scope.INGEST_ANY_SUBJECT)


def error_of(response: httpx2.Response, status: int = 400) -> str:
    body = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert body == {"code": status, "message": body["message"]}
    message: str = body["message"]
    return message


def accepted(response: httpx2.Response) -> int:
    assert response.status_code == 200, response.text
    assert response.json().keys() in ({"accepted"}, {"accepted", "duplicates"})
    count: int = response.json()["accepted"]
    return count


ROWS = [{"guardrailName": "a"}, {"guardrailName": "b"}, {}]
LINES = b'{"guardrailName":"a"}\n{"guardrailName":"b"}\n{}'


@pytest.mark.parametrize(
    ("body", "content_type", "count"),
    [
        ({"guardrailName": "a"}, "application/json", 1),
        (b'\n  {"guardrailName": "a"}\n', "application/json", 1),
        (ROWS, "application/json", 3),
        ([], "application/json", 0),
        (ROWS, "text/plain", 3),
        (LINES, NDJSON, 3),
        (LINES + b"\n", NDJSON, 3),
        (LINES.replace(b"\n", b"\r\n"), f"{NDJSON}; charset=utf-8", 3),
        (LINES.replace(b"\n", b"\n\n"), NDJSON, 3),
        (b'{"guardrailName":"a"}', NDJSON, 1),
        (b"", NDJSON, 0),
    ],
)
def test_an_object_an_array_and_lines_are_taken(sender: Sender, body: Any, content_type: str, count: int) -> None:
    assert accepted(sender.send(body, content_type)) == count
    assert sender.total() == count


COMPRESSED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("zstd", zstd.compress),
    ("identity", bytes),
]


@pytest.mark.parametrize(("encoding", "compress"), COMPRESSED)
def test_compressed_bodies_are_taken(sender: Sender, encoding: str, compress: Callable[[bytes], bytes]) -> None:
    assert accepted(sender.send(compress(json.dumps(ROWS).encode()), content_encoding=encoding)) == 3
    assert sender.total() == 3


@pytest.mark.parametrize(("encoding", "compress"), COMPRESSED[:-1])
def test_compressed_bodies_that_end_too_early_are_refused(
    sender: Sender, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    whole = compress(json.dumps(ROWS * 100).encode())
    message = error_of(sender.send(whole[:-3], content_encoding=encoding))

    assert encoding in message
    assert sender.total() == 0


@pytest.mark.parametrize(("encoding", "compress"), [COMPRESSED[0], *COMPRESSED[3:5]])
def test_a_small_body_that_unpacks_to_too_much_is_refused(
    sender: Sender, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    bomb = compress(b" " * (LIMIT + 1))

    assert len(bomb) < 2**17
    assert "larger than" in error_of(sender.send(bomb, content_encoding=encoding), 413)


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, zstd", "utf-8", ""])
def test_other_encodings_are_refused_by_name(sender: Sender, encoding: str) -> None:
    assert f'"{encoding}"' in error_of(sender.send(b"{}", content_encoding=encoding))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_body_that_is_not_what_its_encoding_says_is_refused(sender: Sender, encoding: str) -> None:
    assert encoding in error_of(sender.send(b"{}", content_encoding=encoding))


def test_a_body_whose_length_is_too_large_is_refused(sender: Sender) -> None:
    assert "larger than" in error_of(sender.send(b" " * (LIMIT + 1)), 413)


def test_a_body_of_unknown_length_is_refused_when_it_grows_too_large(sender: Sender) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(LIMIT // 2**20 + 1):
            yield b" " * 2**20

    response = sender.meterd.client.post(
        f"{METRICS}/ingest",
        params={"datasource": "guardrailMetrics"},
        content=pieces(),
        headers={"authorization": f"Bearer {sender.token}"},
    )

    assert "larger than" in error_of(response, 413)


GOOD = {"guardrailName": "good"}
BAD_ROWS: list[tuple[Any, str]] = [
    ({"latencyMs": "fast"}, "latencyMs must be a number, got a string"),
    ({"latencyMs": True}, "latencyMs must be a number, got a boolean"),
    ({"guardrailName": 5}, "guardrailName must be a string, got a number"),
    ({"guardrailName": ["a"]}, "guardrailName must be a string, got an array"),
    ({"isFailure": "yes"}, "isFailure must be true or false, got a string"),
    ({"teams": "red"}, "teams must be an array, got a string"),
    ({"teams": ["red", 5]}, "teams[1] must be a string, got a number"),
    ({"metadata": "env"}, "metadata must be an object, got a string"),
    ({"metadata": {str(number): "" for number in range(65)}}, "metadata has 65 keys, the limit is 64"),
    ({"metadata": {"env": "x" * 129}}, "metadata.env is longer than 128 characters"),
    ({"metadata": {"k" * 129: "x"}}, "longer than 128 characters"),
    ({"createdAt": "yesterday"}, "createdAt"),
    ({"createdAt": 1767225600}, "createdAt"),
    ({"createdAt": "1969-12-31T23:59:59Z"}, "createdAt"),
    ({"createdAt": "2999-01-01T00:00:00Z"}, "createdAt"),
    ({"createdAt": "0001-01-01T00:00:00+10:00"}, "createdAt"),
    ({"createdBySubjectType": "robot"}, "createdBySubjectType"),
    ({"traceId": "a"}, "traceId and spanId"),
    ({"spanId": "a"}, "traceId and spanId"),
    ({"guardrailname": "a"}, "guardrailname is not a known field"),
    ({"tenant": "rival"}, "tenant is not a known field"),
    (5, "the row must be an object"),
    (None, "the row must be an object"),
    ([], "the row must be an object"),
]


@pytest.mark.parametrize(("row", "complaint"), BAD_ROWS)
def test_a_bad_row_is_named_and_nothing_of_the_request_is_kept(sender: Sender, row: Any, complaint: str) -> None:
    as_array = error_of(sender.send([GOOD, GOOD, row, GOOD]))
    as_lines = error_of(sender.send("\n".join(json.dumps(each) for each in (GOOD, GOOD, row)).encode(), NDJSON))

    assert as_array.startswith("row 2: ")
    assert complaint in as_array
    assert as_lines == as_array
    assert sender.total() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"{",
        b"[{}",
        b"{}{}",
        b"{}\n{}",
        b'{"guardrailName": "\xff"}',
        b'{"latencyMs": NaN}',
        b'{"guardrailName": "\\ud800"}',
        b"[" * 50_000,
        b'{"metadata":' + b'{"a":' * 50_000,
    ],
)
def test_what_is_not_json_is_refused(sender: Sender, body: bytes) -> None:
    assert error_of(sender.send(body))
    assert sender.total() == 0


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"9" * 400, b"9" * 5000])
def test_numbers_beyond_what_can_be_stored_are_refused(sender: Sender, number: bytes) -> None:
    assert "latencyMs" in error_of(sender.send(b'{"latencyMs": ' + number + b"}"))


@pytest.mark.parametrize("value", [2**64, -1, 1.5, "5"])
def test_values_of_meters_are_integers_below_two_to_the_64(sender: Sender, value: Any) -> None:
    row = {"meter": "ai_guard.agent", "value": value}

    assert "value" in error_of(sender.send([row], datasource="aiGuardMetrics"))


@pytest.mark.parametrize("missing", ["meter", "value"])
def test_required_fields_are_named_when_missing(sender: Sender, missing: str) -> None:
    row = {"meter": "ai_guard.agent", "value": 1}
    del row[missing]

    assert error_of(sender.send(row, datasource="aiGuardMetrics")) == f"row 0: {missing} is required"


def test_too_many_rows_are_refused(sender: Sender) -> None:
    assert "100001 rows, the limit is 100000" in error_of(sender.send(b"{}\n" * 100_001, NDJSON))


@pytest.mark.parametrize("datasource", ["cacheMetrics", "guardrail", " ", "guardrailmetrics"])
def test_an_unknown_datasource_is_refused_by_name(sender: Sender, datasource: str) -> None:
    assert f'"{datasource}"' in error_of(sender.send({}, datasource=datasource))


@pytest.mark.parametrize(
    "query", ["", "?datasource=", "?source=x", "?datasource=guardrailMetrics&datasource=aiGuardMetrics"]
)
def test_exactly_one_datasource_must_be_named(sender: Sender, query: str) -> None:
    headers = {"authorization": f"Bearer {sender.token}"}

    assert "datasource" in error_of(sender.meterd.client.post(f"{METRICS}/ingest{query}", json={}, headers=headers))


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer mtr_" + "0" * 40, "Basic Zm9vOmJhcg=="])
def test_without_a_valid_token_there_is_401_even_for_a_bad_body(shared: Meterd, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = shared.anonymous.post(f"{METRICS}/ingest", content=b"nonsense", headers=headers)

    assert error_of(response, 401) == "Invalid or missing bearer token"
    assert response.headers["www-authenticate"] == 'Bearer realm="meterd"'


def test_a_token_without_the_scope_gets_403_that_names_it(shared: Meterd) -> None:
    assert '"ingest"' in error_of(Sender(shared, Scope.QUERY).send({}), 403)


@pytest.mark.parametrize(
    "row",
    [
        {"createdBySubjectSlug": "bob"},
        {"createdBySubjectType": "virtualaccount"},
        {"createdBySubjectSlug": "ann", "createdBySubjectType": "virtualaccount"},
        {"createdBySubjectSlug": ""},
        {"teams": ["blue"]},
        {"teams": ["red", "blue"]},
    ],
)
def test_another_subject_or_team_needs_a_scope(shared: Meterd, row: dict[str, Any]) -> None:
    sender = Sender(shared, Scope.INGEST, teams=("red",))
    message = error_of(sender.send([{}, row]), 403)

    assert message.startswith("row 1: ")
    assert '"ingest:any-subject"' in message
    assert sender.total() == 0


def test_the_subject_and_teams_of_the_token_are_the_default(shared: Meterd) -> None:
    sender = Sender(shared, Scope.INGEST, teams=("red", "blue"))
    sender.send([{}, {"createdBySubjectSlug": "ann", "createdBySubjectType": "user", "teams": ["red"]}, {"teams": []}])

    assert sender.groups("createdBySubjectType", "userEmail") == [
        {"createdBySubjectType": "user", "createdBySubjectSlug": "ann", "total": 3}
    ]
    assert sender.groups("team") == [{"team": "red", "total": 2}, {"team": "blue", "total": 1}]


def test_with_the_scope_facts_may_name_anybody(gateway: Sender) -> None:
    row = {"createdBySubjectSlug": "ci", "createdBySubjectType": "virtualaccount", "teams": ["green", "green"]}
    accepted(gateway.send([row, {"createdBySubjectSlug": "bob"}]))

    assert gateway.groups("virtualaccount", "team") == [{"createdBySubjectSlug": "ci", "team": "green", "total": 1}]
    assert gateway.groups("userEmail") == [{"createdBySubjectSlug": "bob", "total": 1}]


@pytest.mark.parametrize(
    ("value", "stored"),
    [("prod", "prod"), (5, "5"), (1.5, "1.5"), (True, "true"), ([1, "é"], '[1,"é"]'), ({"a": {}}, '{"a":{}}')],
)
def test_metadata_that_is_no_text_is_stored_as_its_json(sender: Sender, value: Any, stored: str) -> None:
    accepted(sender.send({"metadata": {"key": value}}))

    assert sender.groups("metadata.key") == [{"metadata.key": stored, "total": 1}]


def test_null_members_count_as_absent(sender: Sender) -> None:
    row = dict.fromkeys(
        [
            "guardrailName",
            "latencyMs",
            "teams",
            "metadata",
            "createdAt",
            "createdBySubjectSlug",
            "createdBySubjectType",
            "traceId",
            "spanId",
            "isFailure",
        ]
    )
    accepted(sender.send([row, {"metadata": {"env": None}}]))

    assert sender.groups("userEmail", "guardrailName", "metadata.env") == [
        {"createdBySubjectSlug": "ann", "guardrailName": None, "metadata.env": None, "total": 2}
    ]


@OF_ONE_NODE
def test_a_repeated_key_gets_the_first_answer_and_adds_nothing(sender: Sender) -> None:
    first = sender.send(ROWS, idempotency_key="k")
    again = sender.send([GOOD], idempotency_key="k")

    assert (accepted(first), accepted(again)) == (3, 3)
    assert again.content == first.content
    assert sender.total() == 3


def test_another_key_is_another_request(sender: Sender) -> None:
    for key in ("k1", "k2"):
        accepted(sender.send(GOOD, idempotency_key=key))

    assert sender.total() == 2


def test_a_key_belongs_to_its_subject(sender: Sender) -> None:
    other = sender.another("bob", Scope.INGEST)
    for token in (sender.token, other):
        accepted(sender.send(GOOD, idempotency_key="k", token=token))

    assert sender.total() == 2


def test_a_refused_request_leaves_its_key_free(sender: Sender) -> None:
    error_of(sender.send({"nope": 1}, idempotency_key="k"))

    assert accepted(sender.send(GOOD, idempotency_key="k")) == 1
    assert sender.total() == 1


@OF_ONE_NODE
def test_an_empty_request_takes_its_key(sender: Sender) -> None:
    accepted(sender.send([], idempotency_key="k"))

    assert accepted(sender.send(GOOD, idempotency_key="k")) == 0
    assert sender.total() == 0


@pytest.mark.parametrize("key", ["", "k" * 257])
def test_keys_of_an_unreasonable_length_are_refused(sender: Sender, key: str) -> None:
    assert "Idempotency-Key" in error_of(sender.send(GOOD, idempotency_key=key))


@OF_ONE_NODE
def test_concurrent_requests_with_one_key_count_once(sender: Sender) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: accepted(sender.send(ROWS, idempotency_key="k")), range(24)))

    assert answers == [3] * 24
    assert sender.total() == 3


def spans(*numbers: int, **more: str) -> list[dict[str, Any]]:
    return [{"traceId": "trace", "spanId": str(number), "guardrailName": "a"} | more for number in numbers]


with_or_without_a_time = pytest.mark.parametrize(
    "time", [{"createdAt": "2026-01-31T10:05:00Z"}, pytest.param({}, marks=OF_ONE_NODE)], ids=["time", "arrival"]
)


@with_or_without_a_time
def test_a_fact_with_an_identity_is_stored_once(sender: Sender, time: dict[str, str]) -> None:
    assert accepted(sender.send(spans(1, 2, 1, **time))) == 3
    assert accepted(sender.send(spans(2, 3, **time))) == 2
    assert sender.total() == 3


def test_an_identity_is_the_pair_of_trace_and_span(sender: Sender) -> None:
    pairs = [("a", "bc"), ("ab", "c"), ("a", "c"), ("", "abc"), ("abc", "")]
    accepted(sender.send([{"traceId": trace, "spanId": span} for trace, span in pairs]))

    assert sender.total() == 5


def test_identities_of_one_tenant_do_not_hide_those_of_another(shared: Meterd) -> None:
    senders = [Sender(shared, Scope.INGEST) for _ in range(2)]
    for sender in senders:
        accepted(sender.send(spans(1)))

    assert [sender.total() for sender in senders] == [1, 1]


def test_facts_without_an_identity_are_all_stored(sender: Sender) -> None:
    for _ in range(3):
        accepted(sender.send([GOOD, GOOD]))

    assert sender.total() == 6


@with_or_without_a_time
def test_a_batch_that_is_sent_again_concurrently_as_it_grows_is_stored_once(
    sender: Sender, time: dict[str, str]
) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda size: accepted(sender.send(spans(*range(size), **time))), range(1, 41)))

    assert answers == list(range(1, 41))
    assert sender.total() == 40


def test_a_virtual_account_is_the_subject_of_what_it_sends(sender: Sender) -> None:
    token = sender.another("ci", Scope.INGEST, type_=SubjectType.VIRTUAL_ACCOUNT)
    accepted(sender.send(GOOD, token=token))

    assert sender.groups("virtualaccount") == [{"createdBySubjectSlug": "ci", "total": 1}]


@pytest.mark.parametrize("datasource", ["sessionMetrics", "sessionEvents"])
def test_what_the_server_assigns_can_not_be_sent(gateway: Sender, datasource: str) -> None:
    rows = [{"sessionId": "s-1", "name": "n"}, {"sessionId": "s-1", "name": "n", "position": 2**63 - 1}]

    message = error_of(gateway.send(rows, datasource=datasource))

    assert message == "row 1: position is set by the server: leave it out"
    assert gateway.total_of(datasource) == 0


def test_a_document_that_closes_its_object_is_refused(gateway: Sender) -> None:
    forged = '{"a": 1}, "message": "approved by an administrator"}, {"name": "forged"'

    message = error_of(gateway.send({"sessionId": "s-1", "data": forged}, datasource="sessionEvents"))

    assert message.startswith("row 0: data must hold a JSON object")
    assert gateway.total_of("sessionEvents") == 0


def test_an_id_that_another_sender_uses_too_suppresses_nothing(sender: Sender) -> None:
    run = {"id": "nightly-2026-03-01", "name": "nightly"}
    other = sender.another("bob", Scope.INGEST)
    account = sender.another("ann", Scope.INGEST, type_=SubjectType.VIRTUAL_ACCOUNT)

    for token in (sender.token, other, account):
        answer = sender.send(run, datasource="processMetrics", token=token)
        assert answer.json() == {"accepted": 1}
    staging = sender.send(run | {"environment": "staging"}, datasource="processMetrics")

    assert staging.json() == {"accepted": 1}
    assert sender.total_of("processMetrics") == 4


@OF_ONE_NODE
def test_answers_and_metrics_count_duplicates(sender: Sender) -> None:
    rows = [{"id": str(number), "name": "nightly"} for number in range(3)]
    before = _duplicates(sender.meterd)

    assert sender.send(rows[:2], datasource="processMetrics").json() == {"accepted": 2}
    assert sender.send(rows, datasource="processMetrics").json() == {"accepted": 3, "duplicates": 2}
    keyed = [sender.send(rows, datasource="processMetrics", idempotency_key="k").json() for _ in range(2)]

    assert keyed == [{"accepted": 3, "duplicates": 3}] * 2
    assert _duplicates(sender.meterd) - before == 5


def _duplicates(meterd: Meterd) -> float:
    page = meterd.client.get("/metrics").text
    return sum(
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith('meterd_ingest_duplicate_facts_total{dataset="process_runs"}')
    )
