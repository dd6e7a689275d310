import os
import re
import subprocess
from pathlib import Path

from tests.demo.running import DEMO, running
from tests.process import METRICS, OF_ONE_PROCESS, make_token, plain_client


def test_a_demo_serves_its_history_and_ends_on_a_signal(tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path / "data"), "--days", "3", "--facts", "6000", "--end", "2026-03-19T17:30:00Z"]
    elsewhere = os.environ | {"METERD_STORE__URL": "clickhouse://127.0.0.1:1"}  # what is made up does not go there
    with running(arguments, elsewhere) as demo:
        body = {
            "startTs": "2026-03-16T17:30:00Z",
            "endTs": "2026-03-19T18:00:00Z",
            "datasource": "modelMetrics",
            "type": "distribution",
            "groupBy": ["team"],
        }
        link = re.search(rf"{demo.url}(/sign-in\?code=\S+)", demo.greeting)
        assert link, demo.greeting
        with plain_client(url=demo.url) as client:
            assert client.get(link[1], headers={"Sec-Fetch-Site": "none"}).headers["location"] == "/overview"
        with plain_client(demo.token, demo.url) as client:
            products = client.get("/api/data/sessions/products").json()["products"]
            points = client.post(f"{METRICS}/query", json=body).json()["data"]["dataPoints"]
        assert {point["team"] for point in points} == {"finance", "growth", "platform", "research", "search", "support"}
        assert {each["product"] for each in products} == {"Atlas Desk", "Ledger", "Scout"}
    assert demo.process.returncode == 0


@OF_ONE_PROCESS
def test_nothing_made_up_is_put_beside_what_is_there(tmp_path: Path) -> None:
    make_token(tmp_path)
    ended = subprocess.run([*DEMO, "--data", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert re.fullmatch(r"meterd: .* holds data of meterd already, .*\n", ended.stderr)


def test_an_end_that_is_none_is_refused() -> None:
    for end, what in (("soon", "must be a time"), ("2100-01-01", "must not be in the future")):
        ended = subprocess.run([*DEMO, "--end", end], capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert what in ended.stderr
