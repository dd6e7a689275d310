"""`POST /classifications/v1` (`docs/specifications/ai-guard.md` section 4): what is asked, what is answered, and what
is recorded of it.
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

from meterd.access import Caller
from meterd.api.aiguard.meters import attribute_values, refusal
from meterd.classify import ByProfile, Match, Selection, codes, inline
from meterd.classify.system import DEFAULT_UUID
from meterd.datasets import ACTORS, CLASSIFICATION, GUARDRAIL_EVALUATIONS, MAX_LABEL_LENGTH, METER_EVENTS, PLATFORMS
from meterd.errors import InvalidInput
from meterd.ingest.admission import admission
from meterd.ingest.facts import Facts, encode

if TYPE_CHECKING:
    from meterd.datasets.rows import GuardrailEvaluation, MeterEvent, RowColumns

_REQUIRED = ("actor", "agent_id", "platform")
_LISTED = {"actor": ACTORS, "platform": PLATFORMS}


_CONTEXT = {
    "required": list(_REQUIRED),
    "properties": {key: {"type": "string", "enum": sorted(values)} for key, values in _LISTED.items()},
}
Context = Annotated[dict[str, str], msgspec.Meta(extra_json_schema=_CONTEXT)]
"""Checked by `check_context`."""


class ByProfileBody(msgspec.Struct, tag_field="type", tag="profile", frozen=True):
    uuid: str
    version: int


class CodeBody(msgspec.Struct, frozen=True):
    code: str
    version: int


class ByCodesBody(msgspec.Struct, tag_field="type", tag="codes", frozen=True):
    codes: list[CodeBody]


class InlineBody(msgspec.Struct, tag_field="type", tag="json", frozen=True):
    classifiers: list[dict[str, Any]]  # definitions, which the library of classifiers reads


class DefaultBody(msgspec.Struct, tag_field="type", tag="default", frozen=True):
    pass


class MetadataBody(msgspec.Struct, frozen=True, rename="camel"):
    """The origin of the text."""

    object_name: str | None = None
    parent_object_name: str | None = None
    x_path: str | None = None
    file_extension: str | None = None


class CountedBody(msgspec.Struct, frozen=True):
    """The matches that start from the character `start` to before `end` are those that a request counts."""

    start: Annotated[int, msgspec.Meta(ge=0)]
    end: Annotated[int, msgspec.Meta(ge=0)]


class ClassificationBody(msgspec.Struct, frozen=True, rename="camel"):
    """The body as sent; members beyond these are ignored.

    `counted` is our own: whoever classifies a text in overlapping parts says with it which request counts what.
    """

    context: Context
    classifier_description: ByProfileBody | ByCodesBody | InlineBody | DefaultBody
    structured: bool
    text: str
    metadata: MetadataBody = MetadataBody()
    counted: CountedBody | None = None


class Parts(msgspec.Struct, frozen=True, rename="camel"):
    """The members that hold many values, as they were sent."""

    context: msgspec.Raw = msgspec.Raw()
    classifier_description: msgspec.Raw = msgspec.Raw()


class Timing(NamedTuple):
    """When a classification began, and how long it took."""

    began: datetime
    milliseconds: float


class Clock:
    """Times one classification."""

    def __init__(self) -> None:
        self._began, self._started = datetime.now(UTC), time.perf_counter()

    def stop(self) -> Timing:
        return Timing(self._began, (time.perf_counter() - self._started) * 1000)


def check_context(context: dict[str, str]) -> None:
    """Check the context. Raises `InvalidInput` with the specified sentences."""
    for key in _REQUIRED:
        if key not in context:
            raise InvalidInput(f"Missing field: context.{key}")
    for key, values in _LISTED.items():
        if context[key] not in values:
            raise InvalidInput(f"Invalid {key}: {context[key][:64]}")


def check_attributes(context: dict[str, str], caller: Caller, allowed: frozenset[str] | None) -> None:
    """Check the attributes.

    Raises `InvalidInput` when what is found could not be counted with the attributes in the context.
    """
    if allowed is not None:
        _admitted(_count(context, "", 0, Timing(datetime.now(UTC), 0), caller, allowed))


def check_counted(body: ClassificationBody) -> None:
    """Check matches. Raises `InvalidInput` when what is to be counted is not a part of the text."""
    if (counted := body.counted) is None:
        return
    if counted.end > len(body.text):
        raise InvalidInput(
            f"Invalid field: counted.end must be at most {len(body.text)}, the length of the text, got {counted.end}"
        )
    if counted.start > counted.end:
        raise InvalidInput(
            f"Invalid field: counted.start must be at most counted.end, which is {counted.end}, got {counted.start}"
        )


def selection_of(body: ClassificationBody) -> Selection:
    """Read what is selected. Raises `UnusableClassifier`."""
    match body.classifier_description:
        case ByProfileBody(uuid, version):
            return ByProfile(uuid, version)
        case ByCodesBody(listed):
            return codes([(each.code, each.version) for each in listed])
        case InlineBody(classifiers):
            return inline(classifiers)
    return ByProfile(DEFAULT_UUID, 1)


def metadata_of(body: ClassificationBody) -> dict[str, str]:
    found = {"objectName": body.metadata.object_name, "xPath": body.metadata.x_path}
    return {name: text for name, text in found.items() if text is not None}


def facts_of(
    body: ClassificationBody,
    matches: Sequence[Match],
    timing: Timing,
    caller: Caller,
    allowed: frozenset[str] | None,
) -> tuple[Facts, ...]:
    """Return one guardrail evaluation, and how often each classifier found something, unless metrics are off (None).

    Matches that another request counts are none of this one's: they neither count nor fail it.
    """
    own = _counted(body, matches)
    evaluation = _evaluation(body, own, timing, caller)
    admission(GUARDRAIL_EVALUATIONS).require(evaluation)
    evaluated = encode(GUARDRAIL_EVALUATIONS, caller.tenant, [evaluation])
    if allowed is None or not own:
        return (evaluated,)
    counts = Counter(match.classifier for match in own)
    rows = [
        _admitted(_count(body.context, classifier, count, timing, caller, allowed))
        for classifier, count in counts.items()
    ]
    return evaluated, encode(METER_EVENTS, caller.tenant, rows)


def _counted(body: ClassificationBody, matches: Sequence[Match]) -> Sequence[Match]:
    if (counted := body.counted) is None:
        return matches
    return [match for match in matches if counted.start <= match.start < counted.end]


def _evaluation(
    body: ClassificationBody, matches: Sequence[Match], timing: Timing, caller: Caller
) -> "GuardrailEvaluation":
    uuid, name = _profile(body)
    labels = {key: body.context[key][:MAX_LABEL_LENGTH] for key in ("agent_id", "platform")}
    return GUARDRAIL_EVALUATIONS.row_type(
        **_common(timing, caller, labels),
        guardrail_id=uuid,
        guardrail_name=f"ai-guard/{name}",
        guardrail_result="fail" if matches else "pass",
        latency_ms=timing.milliseconds,
        applied_on_entity_scope=body.context["actor"],
    )


def _profile(body: ClassificationBody) -> tuple[str | None, str]:
    """Return the uuid of the profile that was asked for, if one was, and a name for what was."""
    match selection_of(body):
        case ByProfile(uuid, _):
            return uuid, "default" if uuid == DEFAULT_UUID else uuid
    return None, "codes" if isinstance(body.classifier_description, ByCodesBody) else "inline"


def _count(
    context: dict[str, str], classifier: str, count: int, timing: Timing, caller: Caller, allowed: frozenset[str]
) -> "MeterEvent":
    extra = {key: text for key, text in context.items() if key in allowed and key not in _REQUIRED}
    columns, labels = attribute_values(extra)
    own = {"agent": context["agent_id"], "platform": context["platform"], "actor": context["actor"]}
    return METER_EVENTS.row_type(
        **_common(timing, caller, labels),
        meter=CLASSIFICATION,
        value=count,
        **columns | own | {"classifier": classifier},
    )


def _admitted(row: "MeterEvent") -> "MeterEvent":
    if flaw := admission(METER_EVENTS).flaw(row):
        raise refusal(flaw)
    return row


def _common(timing: Timing, caller: Caller, metadata: dict[str, str] | None) -> "RowColumns":
    return {
        "ts": timing.began,
        "subject": caller.subject,
        "subject_type": str(caller.subject_type),
        "teams": caller.teams or None,
        "metadata": metadata,
    }
