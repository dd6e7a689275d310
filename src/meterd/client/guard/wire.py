"""Requests and answers of AI Guard (`docs/specifications/ai-guard.md` sections 4 to 6), without a connection."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from meterd.client.encoding import as_text, encode
from meterd.client.errors import UnexpectedAnswer
from meterd.client.wire import PASSING, Request

Actor = Literal["user", "agent"]
Platform = Literal["AMAZON_BEDROCK", "AMAZON_SAGEMAKER", "AZURE_FOUNDRY", "DATABRICKS", "GCP_VERTEX"]

Classifiers = str | Mapping[str, object] | Sequence[str | Mapping[str, object]] | None
"""Which classifiers to run: those of the default profile if None, of the profile with a uuid, those with the codes in a
sequence, or those defined by the mappings in a sequence. A mapping is sent as `classifierDescription` as it is."""

_DEFAULT_PROFILE = "7dbf380f-0af8-4276-acb0-85413db2dbff"
_VERSION = 1
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character: what is left of one that was cut, or a byte of a file name that is not UTF-8."""
_HEADERS = {"Content-Type": "application/json"}


class Match(msgspec.Struct, frozen=True):
    """A match of a classifier: `text`, the characters from `start` to before `end`, with a confidence of 0 to 100.

    The representation leaves `text` out, so that it does not get into logs.
    """

    start: int
    end: int
    confidence: int
    text: str
    classifier: str

    def __repr__(self) -> str:
        return f"Match({self.classifier} [{self.start}, {self.end}), confidence {self.confidence})"


class Counted(msgspec.Struct, frozen=True):
    """The matches that a request counts: those that start from the character `start` of its text to before `end`.

    Other servers than meterd don't know it, and count all.
    """

    start: int
    end: int


def classification_request(
    text: str,
    context: Mapping[str, str],
    classifiers: Classifiers,
    metadata: Mapping[str, str] | None,
    structured: bool,
    counted: Counted | None,
) -> Request:
    """Make a request; all matches count if `counted` is None. However often it is sent, meterd counts them once.

    Of a text that is no Unicode each half of a character is sent as U+FFFD, so that offsets stay right.

    Raises:
        ValueError: the classifiers are neither all codes nor all definitions.
    """
    body: dict[str, object] = {
        "context": context,
        "classifierDescription": _description(classifiers),
        "structured": structured,
        "metadata": metadata or {},
        "text": _HALF.sub("\ufffd", text),
    }
    if counted is not None:
        body["counted"] = counted
    headers = {**_HEADERS, "Idempotency-Key": secrets.token_hex(16)}
    return Request("/classifications/v1", encode(body), headers, PASSING)


def _description(classifiers: Classifiers) -> Mapping[str, object]:
    if classifiers is None or isinstance(classifiers, str):
        return {"type": "profile", "uuid": classifiers or _DEFAULT_PROFILE, "version": _VERSION}
    if isinstance(classifiers, Mapping):
        return classifiers
    if all(isinstance(each, str) for each in classifiers):
        return {"type": "codes", "codes": [{"code": code, "version": _VERSION} for code in classifiers]}
    if all(isinstance(each, Mapping) for each in classifiers):
        return {"type": "json", "classifiers": classifiers}
    raise ValueError("classifiers must be all codes or all definitions")


class _Response(msgspec.Struct, frozen=True):
    matches: list[Match]


def read_matches(body: bytes, text: str) -> list[Match]:
    """Read the matches in a successful answer.

    Raises:
        UnexpectedAnswer: they are not matches of the text.
    """
    try:
        matches = msgspec.json.decode(body, type=_Response).matches
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedAnswer(f"the answer to the classification is not one of AI Guard's: {error}") from None
    for match in matches:
        if not 0 <= match.start <= match.end <= len(text):
            raise UnexpectedAnswer(f"{match} is not within the text, which has {len(text)} characters")
    return [msgspec.structs.replace(match, text=text[match.start : match.end]) for match in matches]


def metric_request(meter: str, value: int, attributes: Mapping[str, str]) -> Request:
    texts = {member: as_text(each) for member, each in attributes.items()}
    body = {"attributes": texts, "meter": {"name": meter, "value": str(value)}}
    return Request("/metric", encode(body), _HEADERS, PASSING)
