"""The exporter `onetrust` of a real meterd through a graceful restart, a `kill -9`, and a collector that refuses."""

import json
from pathlib import Path

from tests.export.events import body
from tests.export.receivers import HttpReceiver
from tests.process import Meterd


def post(meterd: Meterd, count: int) -> None:
    for _ in range(count):
        assert meterd.client.post("/metric", json=body("ai_guard.user", 1, new_session="true")).status_code == 200


def intervals(receiver: HttpReceiver) -> dict[tuple[str, str], float]:
    """Values by start and end of the interval: an interval that was sent again counts once."""
    entries = [entry for sent in receiver.bodies for entry in json.loads(sent)["metrics"]]
    return {(entry["intervalStart"], entry["intervalEnd"]): entry["value"] for entry in entries}


def test_the_intervals_add_up_to_what_was_recorded(tmp_path: Path) -> None:
    with HttpReceiver() as receiver:
        meterd = Meterd(
            tmp_path,
            environment={
                "METERD_METRICS__EXPORTER__TYPE": "onetrust",
                "METERD_METRICS__EXPORTER__COLLECTOR_ENDPOINT": receiver.url,
            },
        )
        with meterd:
            post(meterd, 5)
        assert 5 == sum(intervals(receiver).values())
        with meterd:
            post(meterd, 7)
            meterd.kill()
        with meterd:
            post(meterd, 11)
        assert 23 == sum(intervals(receiver).values())
        receiver.always = 400
        with meterd:
            post(meterd, 100)
        receiver.always = 200
        with meterd:
            post(meterd, 1)

    starts_and_ends = sorted(intervals(receiver))
    assert all(start < end for start, end in starts_and_ends)
    assert 1 == list(intervals(receiver).values())[-1]  # what was refused is not sent later
