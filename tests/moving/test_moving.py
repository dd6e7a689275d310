"""`meterd export` and `meterd import`: another installation answers the same, and nothing counts twice."""

import json
import shutil
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from meterd.datasets import DATASETS
from meterd.demo.history import write_history
from meterd.demo.story import tell
from meterd.demo.workload import Workload
from meterd.errors import ConfigurationError
from meterd.moving.exporting import export
from meterd.moving.importing import Imported, import_, portions
from meterd.settings import load
from tests.api.usage.environment import Environment
from tests.clickhouse import ClickHouse
from tests.crash.load import BUSY, Ledger, Load, check
from tests.process import Meterd
from tests.test_cli import output, run, sentence
from tests.web.test_declaration import BOARD

QUIET = {"METERD_USAGE__RECORD": "off"}
"""Calls are no facts, so that asking changes no answer."""
QUESTIONS: list[dict[str, Any]] = [
    {"datasource": "guardrailMetrics", "groupBy": ["guardrailName", "guardrailResult"]},
    {
        "datasource": "guardrailMetrics",
        "groupBy": ["team"],
        "aggregations": [{"type": each, "column": "latencyMs"} for each in ("sum", "p99")],
    },
    {"datasource": "modelMetrics", "groupBy": ["userEmail"], "aggregations": [{"type": "sum", "column": "costInUSD"}]},
    {
        "datasource": "modelMetrics",
        "type": "timeseries",
        "interval": "1 week",
        "startTs": "2026-01-01T00:00:00Z",
        "endTs": "2027-01-01T00:00:00Z",
        "groupBy": ["modelName"],
    },
    {"datasource": "agentMetrics", "groupBy": ["agentName", "isFailure"]},
    {"datasource": "mcpMetrics", "groupBy": ["toolName", "virtualAccount"]},
    {"datasource": "requestMetrics", "groupBy": ["service"], "aggregations": [{"type": "sum", "column": "value"}]},
    {"datasource": "sessionMetrics", "groupBy": ["name", "tag"], "aggregations": [{"type": "p50", "column": "value"}]},
    {"datasource": "sessionEvents", "groupBy": ["name", "label"]},
    {
        "datasource": "aiGuardMetrics",
        "groupBy": ["meter", "agent"],
        "aggregations": [{"type": "sum", "column": "value"}],
    },
]
FILE: dict[str, Any] = {"dataset": "model_calls", "month": "2026-05", "facts": 1, "file": {"bytes": 1, "sha256": ""}}
PATHS = ("/api/data/sessions/list", "/api/data/sessions/products", "/api/dashboards", "/api/object/v1/private/x")


def answers(server: Meterd, token: str) -> list[Any]:
    """What a server answers to all questions."""
    points = [sorted(server.points(token, **question), key=repr) for question in QUESTIONS]
    assert all(points)
    headers = {"Authorization": f"Bearer {token}", "x-odsl-environment": "moved"}
    read = [server.client.get(path, headers=headers) for path in PATHS]
    assert {200} == {response.status_code for response in read}
    return [*points, *(response.json() for response in read)]


def rounded(answer: Any) -> Any:
    """An answer to twelve digits: engines add numbers in another order."""
    return json.loads(json.dumps(answer), parse_float=lambda text: float(f"{float(text):.12g}"))


def count(data: Path) -> int:
    """How many facts a stopped installation has."""
    with duckdb.connect(str(data / "store.duckdb"), read_only=True) as store:
        return sum(store.sql(f"SELECT * FROM {name}").shape[0] for name in DATASETS)


def table(path: Path) -> duckdb.DuckDBPyRelation:
    """A file as any tool has it."""
    return duckdb.from_parquet(str(path))


def ignore(*_: object) -> None:
    """Nobody watches."""


def imported(source: Path, data: Path) -> Imported:
    return import_(source, data, load(None, {}), ignore)


def refusal(source: Path, data: Path) -> str:
    """Why an export can't be imported."""
    with pytest.raises(ConfigurationError) as refused:
        imported(source, data)
    return refused.value.message


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    """A server with facts of two months of every kind, sessions, objects, and dashboards."""
    data = tmp_path_factory.mktemp("source") / "data"
    workload = Workload(1, tell(datetime(2026, 6, 10, 12, tzinfo=UTC), 40), 1500)
    write_history(data, load(None, {}), workload, lambda _share, _count: None)
    with Meterd(data, environment=QUIET) as server:
        Environment(server, name="moved").post("object", {"_id": "x", "name": "n"})
        Environment(server, name="moved").post("object", {"_id": "x", "name": "m"})
        assert server.client.post("/api/dashboards", json={"dashboard": BOARD}).status_code == 200
        yield server


@pytest.fixture(scope="module")
def exported(source: Meterd, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("export") / "files"
    assert "facts in" in output("export", target, "--data", source.data)
    return target


@pytest.fixture(scope="module")
def moved(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that was made of an export."""
    data = tmp_path_factory.mktemp("moved") / "data"
    said = output("import", exported, "--data", data)
    assert " facts added, 0 were there" in said
    return data


def test_another_installation_answers_the_same_and_knows_the_same_tokens(source: Meterd, moved: Path) -> None:
    with Meterd(moved, environment=QUIET) as server:
        assert answers(server, source.token) == answers(source, source.token)


def test_what_is_imported_again_is_not_added_again(exported: Path, moved: Path) -> None:
    before = count(moved)

    said = imported(exported, moved)

    assert set(said.added.values()) == {0}
    assert said.documents_changed == 0
    assert count(moved) == before == sum(said.facts.values())


def test_the_manifest_says_what_every_file_holds_and_nothing_else_is_left(exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_bytes())

    there = {str(each.relative_to(exported)) for each in exported.rglob("*") if each.is_file()}
    assert {*manifest["facts"], "directory.ndjson", "manifest.json"} == there
    for name, fact_file in manifest["facts"].items():
        assert name == f"{fact_file['dataset']}/{fact_file['month']}.parquet"
        facts, is_of_month = (
            table(exported / name).aggregate(f"count(*), min(ts) >= '{fact_file['month']}-01'").fetchall()[0]
        )
        assert (facts, is_of_month) == (fact_file["facts"], True)
        assert (exported / name).stat().st_size == fact_file["file"]["bytes"]
    assert len({fact_file["month"] for fact_file in manifest["facts"].values()}) >= 2
    assert len((exported / "directory.ndjson").read_bytes().splitlines()) == manifest["documents"]
    assert all(each.stat().st_mode & 0o077 == 0 for each in (exported, *exported.rglob("*")))


def test_no_file_holds_a_token(source: Meterd, exported: Path) -> None:
    assert all(source.token.encode() not in each.read_bytes() for each in exported.rglob("*") if each.is_file())


def test_what_was_acknowledged_before_an_export_began_is_in_it(tmp_path: Path) -> None:
    ledger, before = Ledger(), Ledger()
    with Meterd(tmp_path / "data", environment=BUSY) as server, Load(server, ledger):
        ledger.wait_for_acknowledged(200)
        before.acknowledged |= ledger.acknowledged
        output("export", tmp_path / "export", "--data", server.data)
        before.sent |= ledger.sent
    imported(tmp_path / "export", tmp_path / "moved")
    with Meterd(tmp_path / "moved") as server:
        check(server, before)


def test_what_both_have_counts_once_and_each_keeps_its_own(exported: Path, tmp_path: Path) -> None:
    with Meterd(tmp_path / "data") as server:
        assert server.ingest({"guardrailName": "own"}).status_code == 200
        token = server.token
        server.kill()  # what is in the journal only is there too
    some = shutil.copytree(exported, tmp_path / "some")
    manifest = json.loads((some / "manifest.json").read_bytes())
    for name in [name for name in manifest["facts"] if "guardrail" not in name]:
        del manifest["facts"][name]
    (some / "manifest.json").write_text(json.dumps(manifest))

    first = imported(some, tmp_path / "data")
    second = imported(exported, tmp_path / "data")

    assert first.added == first.facts
    assert second.added == second.facts | dict.fromkeys(first.facts, 0)
    with Meterd(tmp_path / "data") as server:
        own = {"fieldName": "guardrailName", "operator": "IN", "value": ["own"]}
        assert [point["total"] for point in server.points(token, filters=[own])] == [1]


def test_an_export_that_is_killed_goes_on_as_of_the_moment_when_it_began(
    source: Meterd, exported: Path, tmp_path: Path
) -> None:
    ended = run("export", tmp_path / "files", "--data", source.data, METERD_FAIL_POINT="export-file-written:9")
    assert ended.returncode == -signal.SIGKILL
    assert "no whole export" in refusal(tmp_path / "files", tmp_path / "data")
    began = (tmp_path / "files" / "copy" / "manifest.json").read_bytes()

    manifest = json.loads(output("export", tmp_path / "files", "--data", source.data, "--json"))

    assert manifest["beganAt"] == json.loads(began)["startedAt"]
    whole = json.loads((exported / "manifest.json").read_bytes())
    assert {name: each["facts"] for name, each in manifest["facts"].items()} == {
        name: each["facts"] for name, each in whole["facts"].items()
    }
    assert not (tmp_path / "files" / "copy").exists()


def test_an_import_that_is_killed_is_done_by_importing_again(exported: Path, tmp_path: Path) -> None:
    ended = run("import", exported, "--data", tmp_path / "data", METERD_FAIL_POINT="before-file-commit:9")
    assert ended.returncode == -signal.SIGKILL

    said = imported(exported, tmp_path / "data")

    assert count(tmp_path / "data") == sum(said.facts.values())


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1] * 201, [200, 1]),
        ([8 * 2**20, 8 * 2**20, 1], [2, 1]),
        ([1, 17 * 2**20, 1], [1, 1, 1]),
    ],
)
def test_documents_are_added_in_portions_by_their_bytes(sizes: list[int], expected: list[int]) -> None:
    assert [len(some) for some in portions(bytes(size) for size in sizes)] == expected


def changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("directory.ndjson", changed),
        ("directory.ndjson", Path.unlink),
        ("directory.ndjson", lambda path: path.write_bytes(b"")),
        ("model_calls/2026-05.parquet", changed),
    ],
)
def test_a_file_that_is_not_what_was_exported_is_refused(
    name: str, damage: Callable[[Path], None], exported: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(exported, tmp_path / "broken")
    damage(broken / name)

    assert name in refusal(broken, tmp_path / "data")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda manifest: manifest | {"format": "meterd export 2"}, "this version"),
        (lambda _: {}, "this version"),
        (lambda manifest: manifest | {"facts": 1}, "is not what an export writes"),
        (lambda manifest: manifest | {"facts": {"x": {**FILE, "dataset": "colours"}}}, "colours"),
        (lambda manifest: manifest | {"facts": {"../x": FILE}}, "../x"),
        (lambda manifest: manifest | {"facts": {"model_calls/2026-13.parquet": FILE | {"month": "2026-13"}}}, "13"),
    ],
)
def test_a_manifest_that_means_nothing_here_is_refused(
    change: Callable[[dict[str, Any]], Any], says: str, exported: Path, tmp_path: Path
) -> None:
    manifest = json.loads((exported / "manifest.json").read_bytes())
    (tmp_path / "manifest.json").write_text(json.dumps(change(manifest)))

    assert says in refusal(tmp_path, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_an_import_needs_the_directory_alone_and_an_export_a_directory_of_its_own(
    source: Meterd, exported: Path, tmp_path: Path
) -> None:
    assert "another meterd is running" in sentence("import", exported, "--data", source.data)
    assert "no whole export" in refusal(tmp_path, tmp_path / "data")
    for target, says in ((exported, "is a whole export"), (exported / "model_calls", "is not empty")):
        with pytest.raises(ConfigurationError, match=says):
            export(source.data, target, load(None, {}), ignore)
    with pytest.raises(ConfigurationError, match="is not in"):
        export(tmp_path / "missing", tmp_path / "files", load(None, {}), ignore)


def test_an_installation_moves_to_clickhouse_and_back(
    source: Meterd, exported: Path, clickhouse: ClickHouse, tmp_path: Path
) -> None:
    environment = clickhouse.environment(f"moved_{uuid.uuid4().hex}")
    settings = load(None, environment)
    there, export_of_it, back = tmp_path / "there", tmp_path / "export", tmp_path / "back"
    killed = run("import", exported, "--data", there, METERD_FAIL_POINT="import-file-added:5", **environment)
    assert killed.returncode == -signal.SIGKILL
    import_(exported, there, settings, ignore)
    assert set(import_(exported, there, settings, ignore).added.values()) == {0}

    with Meterd(there, environment=QUIET | environment) as server:
        for theirs, own in zip(answers(server, source.token), answers(source, source.token), strict=True):
            assert rounded(theirs) == rounded(own)
        assert server.ingest({"guardrailName": "acknowledged before"}).status_code == 200
        manifest = export(there, export_of_it, settings, ignore)
    again = imported(export_of_it, back)

    assert again.added == again.facts
    whole = json.loads((exported / "manifest.json").read_bytes())
    assert count(back) == manifest.count == sum(each["facts"] for each in whole["facts"].values()) + 1
