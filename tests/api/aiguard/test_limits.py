"""What one classification or meter event may cost: every limit is named in the refusal, and counted."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.process import OF_ONE_NODE, Meterd

LIMITS = """
metrics: {}
classification:
  max-text-characters: 5000
  max-matches: 50
  max-matched-characters: 3000
  max-context-bytes: 20000
  inline: {max-bytes: 40000, max-classifiers: 4, max-expressions: 20, max-instructions: 2000, max-work: 1000000}
"""
CONTEXT = {"actor": "user", "agent_id": "bot", "platform": "DATABRICKS"}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meterd]:
    directory: Path = tmp_path_factory.mktemp("limited")
    config = directory / "meterd.yaml"
    config.write_text(LIMITS)
    with Meterd(directory / "data", config=config) as meterd:
        yield meterd


def defined(name: str, regex: str) -> dict[str, Any]:
    pattern = {"type": "PATTERN", "pattern": {"regex": regex}, "likelihood": "VERY_LIKELY"}
    return {"name": name, "detections": [pattern], "detectionRules": []}


def body(text: str, *definitions: dict[str, Any], context: dict[str, str] | None = None) -> dict[str, Any]:
    description = {"type": "json", "classifiers": list(definitions)} if definitions else {"type": "default"}
    return {"context": context or CONTEXT, "classifierDescription": description, "structured": False, "text": text}


def send(meterd: Meterd, sent: dict[str, Any]) -> httpx2.Response:
    return meterd.client.post("/classifications/v1", content=json.dumps(sent).encode())


def refused(meterd: Meterd, limit: str) -> float:
    """How often the limit was counted."""
    name = f'meterd_classification_refusals_total{{limit="{limit}"}}'
    lines = meterd.client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


BEYOND = [
    ("max-text-characters", body("a" * 5001), "5001 characters, at most 5000"),
    ("max-matches", body("a" * 51, defined("A", "a")), "51 matches, at most 50"),
    ("max-matches", body("a" * 4000, defined("A", "a")), "too many places"),
    ("max-matched-characters", body("a" * 3001, defined("A", "a+")), "3001 characters, at most 3000"),
    ("max-context-bytes", body("x", context=CONTEXT | {f"k{n}": "" for n in range(4000)}), "at most 20000"),
    ("inline.max-bytes", body("x", *[defined("A", "a" * 9000)] * 5), "at most 40000"),
    (
        "inline.max-classifiers",
        body("x", *[defined(f"A{n}", "a") for n in range(5)]),
        "there are 5 definitions, at most 4",
    ),
    (
        "inline.max-expressions",
        body("x", defined("A", "a") | {"detections": defined("A", "a")["detections"] * 21}),
        "at most 20 detections",
    ),
    (
        "inline.max-instructions",
        body("x", defined("A", "(?:abcd[a-z]{20}){45}|(?:dcba[a-z]{20}){45}")),
        "at most 2000 are allowed",
    ),
    ("inline.max-work", body("x" * 4999, defined("A", "(?:abc[a-z]{20}){15}")), "instructions for each"),
]


@OF_ONE_NODE
@pytest.mark.parametrize(("limit", "sent", "sentence"), BEYOND, ids=[f"{each[0]}-{each[2]}" for each in BEYOND])
def test_what_is_beyond_a_limit_is_refused_by_its_name_and_counted(
    limited: Meterd, limit: str, sent: dict[str, Any], sentence: str
) -> None:
    before = refused(limited, limit)
    answer = send(limited, sent)

    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert sentence in answer.json()["message"]
    assert f"(classification.{limit})" in answer.json()["message"]
    assert refused(limited, limit) == before + 1


@pytest.mark.parametrize(
    "sent",
    [
        body("a" * 50, defined("A", "a")),
        body("a" * 3000, defined("A", "a+")),
        body("é" * 5000),
        body("x", context=CONTEXT | {f"k{n}": "v" for n in range(61)}),
    ],
)
def test_what_is_within_the_limits_is_answered(limited: Meterd, sent: dict[str, Any]) -> None:
    answer = send(limited, sent)

    assert answer.status_code == 200
    assert answer.json()["context"] == sent["context"]


@pytest.mark.parametrize(
    ("attributes", "meter"),
    [
        ({"agent_id": "a", "platform": "x" * 100_000}, "ai_guard.agent"),
        ({"agent_id": "a", "platform": "DATABRICKS", "x" * 100_000: "v"}, "ai_guard.agent"),
        ({}, "x" * 100_000),
    ],
)
def test_a_refusal_repeats_little_of_what_was_sent(limited: Meterd, attributes: dict[str, str], meter: str) -> None:
    answer = limited.client.post("/metric", json={"attributes": attributes, "meter": {"name": meter, "value": "1"}})

    assert answer.status_code == 400
    assert len(answer.content) < 500


def test_others_are_answered_while_definitions_are_compiled_and_run(shared: Meterd) -> None:
    """Each probe that is answered before the classification is shows that the event loop is free."""
    texts = "".join(chr(97 + number % 26) for number in range(3_900))
    wide = [defined(f"A{number}", f"(?s)[a-z]{{{number % 7 + 1}}}|x{number}") for number in range(60)]
    done = threading.Event()

    def work() -> None:
        try:
            send(shared, body(texts, *wide))
        finally:
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    probes = 0
    with httpx2.Client(base_url=shared.url) as prober:
        while not done.is_set():
            assert prober.get("/healthz").status_code == 200
            probes += 1
    thread.join()
    assert probes > 3
