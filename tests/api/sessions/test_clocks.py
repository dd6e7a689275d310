"""Senders whose clocks are wrong (`docs/decisions/0027-liveness-by-arrival.md`)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meterd.api.sessions.bodies import parse_stamp
from meterd.api.sessions.clocks import UNKNOWN_CLOCK, SenderClock
from meterd.api.sessions.rows import stamp
from tests.api.sessions.test_routes import Client, client_of, error_of
from tests.process import METRICS, Meterd

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
SKEWS = pytest.mark.parametrize("ahead", [-DAY, -2 * MINUTE, 2 * MINUTE, DAY], ids=str)
WHOLE = "2026-01-31T12:00:00Z"


@pytest.fixture(scope="module")
def ann(shared: Meterd) -> Client:
    return client_of(shared)


def time_of(text: str) -> datetime:
    time = parse_stamp(text)
    assert time
    return time


class Sender:
    """An application whose clock is ahead of the server's, and that says so, or not."""

    def __init__(self, client: Client, ahead: timedelta, says: bool = True) -> None:
        self.client = client
        self.ahead = ahead
        self.path = client.begin(product="clocks")
        self._says = says

    def write(self, operation: str, ago: timedelta = timedelta(0), **body: Any) -> datetime:
        """Send what happened a while ago; returns when that was by the right clock, at the latest."""
        now = datetime.now(UTC)
        headers = {"X-Meterd-Sent-At": stamp(now + self.ahead)} if self._says else {}
        timestamp = {"timestamp": stamp(now + self.ahead - ago)}
        self.client.write(f"{self.path}/{operation}", body | timestamp, headers=headers)
        return now - ago

    def document(self) -> dict[str, Any]:
        return self.client.document(self.path)


@SKEWS
@pytest.mark.parametrize("says", [False, True])
def test_a_beat_that_has_just_arrived_means_alive(ann: Client, ahead: timedelta, says: bool) -> None:
    sender = Sender(ann, ahead, says)
    at = sender.write("heartbeat")
    document = sender.document()

    assert (True, False) == (document["active"], document["suspended"])
    assert at <= time_of(document["last_heartbeat"]) <= datetime.now(UTC)


@SKEWS
def test_another_program_of_the_machine_does_not_make_who_beats_crash(ann: Client, ahead: timedelta) -> None:
    sender = Sender(ann, ahead, says=False)
    sender.path = ann.begin(machine_id=f"clock {ahead}")
    sender.write("heartbeat")
    ann.begin(product="other", machine_id=f"clock {ahead}")

    assert not sender.document()["crashed"]


@SKEWS
def test_a_beat_of_a_while_ago_is_as_old_as_it_was_when_it_was_sent(ann: Client, ahead: timedelta) -> None:
    sender = Sender(ann, ahead)
    at = sender.write("heartbeat", ago=10 * MINUTE)
    document = sender.document()
    assert document["suspended"]
    assert at <= time_of(document["last_heartbeat"]) <= datetime.now(UTC) - 10 * MINUTE

    later = sender.write("heartbeat", ago=8 * MINUTE)
    sender.write("heartbeat", ago=9 * MINUTE)  # beats that overtake each other leave the latest
    assert later <= time_of(sender.document()["last_heartbeat"])


@SKEWS
@pytest.mark.parametrize("says", [False, True])
@pytest.mark.parametrize("operation", ["end", "crash"])
def test_a_session_ends_between_its_beginning_and_now(
    ann: Client, ahead: timedelta, says: bool, operation: str
) -> None:
    sender = Sender(ann, ahead, says)
    sender.write(operation)
    document = sender.document()

    assert document["created_at"] <= document["ended_at"] <= document["updated_at"]


@SKEWS
def test_times_of_facts_are_the_server_s_and_shown_as_they_were_sent(ann: Client, ahead: timedelta) -> None:
    sender = Sender(ann, ahead)
    first = sender.write("events", name="e", ago=MINUTE)
    sender.write("metrics", name="clocks", value=1, ago=MINUTE)
    sender.write("crash", ago=MINUTE)
    document = sender.document()
    question = {
        "startTs": stamp(first),
        "endTs": stamp(datetime.now(UTC) - MINUTE + SECOND),
        "type": "distribution",
        "aggregations": [],
        "filters": [{"fieldName": "sessionId", "operator": "EQUAL", "value": sender.path.rpartition("/")[2]}],
    }

    for datasource, count in (("sessionEvents", 2), ("sessionMetrics", 1)):
        address = "/api/svc/v1/llm-gateway/metrics/query"
        (point,) = ann.send("POST", address, json=question | {"datasource": datasource}).json()["data"]["dataPoints"]
        assert count == point["total"]
    shown = time_of(document["events"][0]["timestamp"])
    assert first + ahead == shown


@pytest.mark.parametrize("operation", ["state", "events", "metrics", "heartbeat", "end", "crash"])
@pytest.mark.parametrize("time", ["", "now", "1767225600", "2026-01-31T12:00:00"])
def test_a_time_of_sending_that_is_none_is_refused(ann: Client, operation: str, time: str) -> None:
    body = {"name": "n", "value": 1}
    response = ann.send("POST", f"{ann.begin()}/{operation}", json=body, headers={"X-Meterd-Sent-At": time})

    assert "X-Meterd-Sent-At must be a time in RFC 3339" in error_of(response)


@pytest.mark.parametrize("interval", ["11 seconds", "1 day", "3 weeks", "5 months", "7 years", "100 years"])
@pytest.mark.parametrize(
    ("time", "start"), [("0001-01-01T00:00:00Z", "0001-01-01"), ("9999-12-31T23:59:59Z", "9999-12-31")]
)
def test_a_bucket_lies_between_the_first_and_the_last_time_that_there_is(
    ann: Client, time: str, start: str, interval: str
) -> None:
    path = ann.begin(product="clocks")
    ann.write(f"{path}/events", {"name": "e", "timestamp": time})
    body = {
        "startTs": f"{start}T00:00:00Z",
        "endTs": f"{start}T23:59:59.999Z",
        "datasource": "sessionEvents",
        "type": "timeseries",
        "interval": interval,
        "filters": [{"fieldName": "session", "operator": "IN", "value": [path.rpartition("/")[2]]}],
    }

    (point,) = ann.send("POST", f"{METRICS}/query", json=body).json()["data"]["dataPoints"]

    assert "0001-01-01" <= point["startTimestamp"] <= time
    assert time[:19] < point["endTimestamp"] <= "9999-12-31T23:59:59.999Z"
    assert point["total"] == 1


def test_totals_are_ordered_by_arrival(ann: Client) -> None:
    path = ann.begin(product="totals")
    for total, second in ((5, 30), (8, 10), (9, 20), (2, 40)):  # the clock is set back; the last one is a reset
        ann.write(
            f"{path}/metrics",
            {"name": "t", "type": "counter", "value": total, "timestamp": f"2026-01-31T12:00:{second}Z"},
        )
    question = {
        "startTs": WHOLE,
        "endTs": "2026-02-01T00:00:00Z",
        "datasource": "sessionMetrics",
        "type": "distribution",
        "aggregations": [{"type": "increase", "column": "value"}],
        "filters": [{"fieldName": "sessionId", "operator": "EQUAL", "value": path.rpartition("/")[2]}],
    }
    (point,) = ann.send("POST", "/api/svc/v1/llm-gateway/metrics/query", json=question).json()["data"]["dataPoints"]

    assert 11 == point["increaseValue"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("behind", [-DAY, DAY])
def test_times_at_the_end_of_time_are_moved_as_far_as_there_is_time(text: str, behind: timedelta) -> None:
    moved = SenderClock(behind).moment(text)

    assert text == moved.sent
    assert moved.time is not None
    assert moved.time <= datetime.now(UTC)


@pytest.mark.parametrize("behind", [timedelta(0), 2 * SECOND, -2 * SECOND])
def test_what_delivery_may_have_taken_moves_no_time(behind: timedelta) -> None:
    assert (WHOLE, time_of(WHOLE)) == SenderClock(behind).moment(WHOLE)


def test_without_a_time_of_sending_times_are_as_they_were_sent_and_beats_are_of_now() -> None:
    assert (WHOLE, time_of(WHOLE)) == UNKNOWN_CLOCK.moment(WHOLE)
    assert (WHOLE, None) == UNKNOWN_CLOCK.sign_of_life(WHOLE)
    assert (None, None) == UNKNOWN_CLOCK.sign_of_life(None)
