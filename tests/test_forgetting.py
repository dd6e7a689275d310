"""`meterd forget`: nothing of a person is left, on the disk either, and nothing of anybody else is changed."""

import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from meterd.access import Scope, SubjectType
from meterd.datasets import DATASETS, MODEL_CALLS
from meterd.datasets.person import Person
from meterd.demo.history import write_history
from meterd.demo.story import tell
from meterd.demo.workload import Workload
from meterd.errors import ConfigurationError
from meterd.forgetting import NOTE, Report, forget, look
from meterd.settings import load
from tests.api.usage.environment import Environment
from tests.process import OF_DUCKDB, OF_ONE_PROCESS, Meterd, make_token, plain_client
from tests.test_cli import ENVIRONMENT, output, run, sentence
from tests.web.test_declaration import BOARD

pytestmark = [OF_DUCKDB, OF_ONE_PROCESS]

SETTINGS = load(None, {})
QUIET = {"METERD_USAGE__RECORD": "off"}
LABELLED = {"modelName": "labelled", "createdBySubjectSlug": "proxy", "createdBySubjectType": "virtualaccount"}


class Known(NamedTuple):
    """An installation, stopped, and somebody whom it knows well."""

    data: Path
    person: str
    token: str


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    data = tmp_path_factory.mktemp("known") / "data"
    write_history(data, SETTINGS, Workload(1, tell(datetime(2026, 6, 10, 12, tzinfo=UTC), 5), 2000), lambda *_: None)
    with duckdb.connect(str(data / "store.duckdb"), read_only=True) as store:
        found = store.execute(
            "SELECT subject FROM session_states WHERE subject_type = 'user' AND subject IN (SELECT subject FROM "
            "model_calls) GROUP BY subject ORDER BY count(*) DESC, subject LIMIT 1"
        ).fetchone()
    assert found is not None
    person = str(found[0])
    token = make_token(data, person, teams=("red",), scopes=(Scope.INGEST, Scope.QUERY)).token or ""
    elsewhere = make_token(data, person, tenant="elsewhere").token or ""
    account = make_token(data, person, type_=SubjectType.VIRTUAL_ACCOUNT).token or ""
    with Meterd(data, environment=QUIET) as server:
        environment = Environment(server, token, "known")
        environment.post("object", {"_id": "x", "name": "n"})
        with plain_client(token, server.url) as own:
            for team in (None, "red"):
                saved = own.post("/api/dashboards", json={"dashboard": BOARD, "team": team})
                assert saved.status_code == 200, saved.text
        for other in (elsewhere, account):
            assert server.ingest([{"modelName": "other"}], "modelMetrics", other).status_code == 200
        labelled = LABELLED | {"metadata": {"end_user": person, "kept": "yes"}}
        assert server.ingest([labelled], "modelMetrics").status_code == 200
        server.kill()  # so that some of it is in the journal only
    return Known(data, person, token)


@pytest.fixture
def data(known: Known, tmp_path: Path) -> Path:
    """The installation, for one test."""
    return shutil.copytree(known.data, tmp_path / "data")


def person_of(known: Known, tenant: str = "default", type_: str = "user") -> Person:
    return Person(known.person, type_, (tenant,))


def forgotten(data: Path, person: Person, *, deletes: bool = True) -> Report:
    """The report when a person is forgotten."""
    report = forget(data, person, deletes, SETTINGS)
    assert (report.is_done, report.is_scrubbed) == (True, True)
    return report


def counts(data: Path, column: str = "subject") -> dict[tuple[str, ...], int]:
    """How many facts there are by dataset, tenant, type of the subject, and a column."""
    found: dict[tuple[str, ...], int] = {}
    with duckdb.connect(str(data / "store.duckdb"), read_only=True) as store:
        for name in DATASETS:
            sql = f"SELECT tenant, subject_type, {column}, count(*) FROM {name} GROUP BY ALL"
            found |= {(name, *map(str, key)): count for *key, count in store.execute(sql).fetchall()}
    return found


def of(counted: dict[tuple[str, ...], int], person: str) -> dict[tuple[str, ...], int]:
    return {key: count for key, count in counted.items() if key[1:] == ("default", "user", person)}


def files_with(data: Path, text: str) -> list[str]:
    """The files that have a text in them, as it is."""
    return [each.name for each in data.rglob("*") if each.is_file() and text.encode() in each.read_bytes()]


def test_nothing_of_a_person_is_left_and_all_else_is(known: Known, data: Path) -> None:
    arguments = ("forget", "--subject", known.person, "--data", data, "--json")
    looked = json.loads(output(*arguments, "--dry-run"))
    before = counts(data)
    report = json.loads(output(*arguments, "--yes"))
    after = counts(data)

    assert (report["isDone"], report["isScrubbed"], looked["isDone"]) == (True, True, False)
    assert (report["facts"], report["documents"]) == (looked["facts"], looked["documents"])
    theirs = of(before, known.person)
    assert {"model_calls", "session_states", "session_events"} <= {key[0] for key in theirs}
    labelled = {("model_calls", "default", "virtualaccount", "proxy")}
    assert after == {key: count for key, count in before.items() if key not in theirs.keys() | labelled}
    assert sum(report["facts"].values()) == sum(theirs.values()) + len(labelled)
    assert {"subjects": 1, "tokens": 1, "dashboards": 2}.items() <= report["documents"].items()
    assert report["documents"]["sessions"] > 0
    assert report["outside"]


def test_no_file_has_the_name_of_who_is_forgotten(known: Known, data: Path) -> None:
    for tenant, type_ in (("elsewhere", "user"), ("default", "virtualaccount")):
        forgotten(data, person_of(known, tenant, type_))
    assert files_with(data, known.person)

    forgotten(data, person_of(known))

    assert files_with(data, known.person) == []


@pytest.mark.parametrize("deletes", [True, False])
def test_a_server_knows_who_is_forgotten_no_more(deletes: bool, known: Known, data: Path) -> None:
    report = forgotten(data, person_of(known), deletes=deletes)
    pseudonym = report.pseudonym or ""
    with Meterd(data, environment=QUIET) as server:
        users = {point["createdBySubjectSlug"]: point["total"] for point in by_user(server)}
        sessions = server.client.get("/api/data/sessions/list", params={"limit": 1000}).text
        item = Environment(server, name="known").read("object/v1/private/x")
        dashboards = {each.get("owner") for each in server.client.get("/api/dashboards").json()["dashboards"]}
        with plain_client(known.token, server.url) as own:
            assert own.get("/api/me").status_code == 401

    assert known.person not in users
    assert known.person not in sessions
    kept = (None, False) if deletes else (report.facts["model_calls"] - 1, True)  # one of them is labelled
    assert (users.get(pseudonym), pseudonym in sessions) == kept
    assert item["_user"] == pseudonym
    assert pseudonym in dashboards


def by_user(server: Meterd) -> list[dict[str, Any]]:
    return server.points(datasource="modelMetrics", groupBy=["userEmail"])


def test_with_a_pseudonym_every_number_stays(known: Known, data: Path) -> None:
    pseudonym = forgotten(data, person_of(known), deletes=False).pseudonym

    after = counts(data)

    assert of(after, known.person) == {}
    as_named = {tuple(known.person if part == pseudonym else part for part in key): n for key, n in after.items()}
    assert as_named == counts_drained(known, data.parent / "untouched")
    with duckdb.connect(str(data / "store.duckdb"), read_only=True) as store:
        labels = store.execute(f"SELECT metadata FROM {MODEL_CALLS.name} WHERE model_name = 'labelled'").fetchall()
    assert labels == [({"end_user": pseudonym, "kept": "yes"},)]


def counts_drained(known: Known, copy: Path) -> dict[tuple[str, ...], int]:
    """The counts of the installation when its journal is in the store."""
    shutil.copytree(known.data, copy)
    look(copy, Person("nobody", "user", ("default",)), True, SETTINGS)
    return counts(copy)


@pytest.mark.parametrize("where", ["forget-noted", "forget-facts-gone", "forget-documents-gone"])
def test_what_is_killed_goes_on_with_the_same_pseudonym(where: str, known: Known, data: Path) -> None:
    arguments = ("forget", "--subject", known.person, "--data", data, "--yes", "--pseudonymise")
    assert run(*arguments, METERD_FAIL_POINT=where).returncode == -signal.SIGKILL
    noted = json.loads((data / NOTE).read_bytes())["pseudonym"]
    with pytest.raises(ConfigurationError, match="is not done"):
        forgotten(data, person_of(known), deletes=True)

    assert forgotten(data, person_of(known), deletes=False).pseudonym == noted

    assert not (data / NOTE).exists()
    assert of(counts(data), known.person) == {}
    assert {key[3] for key in counts(data) if key[3].startswith("forgotten-")} == {noted}
    again = forgotten(data, person_of(known), deletes=False)
    assert not again.is_known
    assert again.pseudonym is None


def test_it_asks_before_and_needs_the_directory_alone(known: Known, data: Path) -> None:
    command = [sys.executable, "-m", "meterd", "forget", "--subject", known.person, "--data", str(data)]
    refused = subprocess.run(command, input="n\n", env=ENVIRONMENT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "There is no way back" in refused.stdout
    assert "model_calls" in refused.stdout
    assert of(counts(data), known.person)
    assert "add --yes" in sentence("forget", "--subject", known.person, "--data", data, "--json")
    assert "printable" in sentence("forget", "--subject", "", "--data", data, "--yes")
    with Meterd(data):
        assert "another meterd is running" in sentence("forget", "--subject", known.person, "--data", data, "--yes")


def test_files_that_nobody_can_read_are_named(known: Known, data: Path) -> None:
    (data / "store.duckdb.set-aside-1").write_bytes(known.person.encode())

    said = output("forget", "--subject", "nobody", "--data", data, "--yes")

    assert "store.duckdb.set-aside-1" in said
    assert "there is nothing of nobody" in said


def test_a_subject_and_its_labels_name_a_person_in_every_dataset() -> None:
    for dataset in DATASETS.values():
        assert {"subject", "metadata"} <= {column.name for column in dataset.persons}
        assert {"subject_id"} & dataset.by_name.keys() <= {column.name for column in dataset.persons}
