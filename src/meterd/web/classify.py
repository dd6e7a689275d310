"""`/api/classify`: what is found in a text, for whoever wants to see it; nothing of the text is kept."""

import time
from typing import Annotated

import msgspec
from litestar import Response as LitestarResponse
from litestar import route

from meterd.access import Caller, Scope
from meterd.access.authentication import Authenticator
from meterd.access.context import context_of
from meterd.api.aiguard.routes import AIGuard
from meterd.api.http import Request, Response, json_response
from meterd.api.openapi import described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.classify import ByProfile, Library, Likelihood, Match
from meterd.classify.model import Classifier, Validator
from meterd.classify.system import DEFAULT_UUID
from meterd.errors import InvalidInput
from meterd.validation import explain
from meterd.web.openapi import CLASSIFY, PROFILES
from meterd.web.policy import PRIVATE

MAX_BYTES = 2**20
"""Of a body: a text that a person pastes, and reads again."""


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text; the profile to find things by, the default one if none is named; and how sure a finding must be."""

    text: str
    profile: str = DEFAULT_UUID
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    minimum: str | msgspec.UnsetType = msgspec.UNSET


class Found(msgspec.Struct, frozen=True):
    """`text[start:end]`, counted in code points, is a `name`; `confidence` is from 0 to 100."""

    start: int
    end: int
    text: str
    name: str
    description: str
    category: str
    confidence: int
    validators: list[str]


class Answer(msgspec.Struct, frozen=True):
    milliseconds: float
    found: list[Found]


class KnownProfile(msgspec.Struct, frozen=True, rename="camel"):
    uuid: str
    version: int
    name: str
    description: str
    classifiers: int
    is_default: bool


_decoder = msgspec.json.Decoder(Wanted)


def classify_router(authenticator: Authenticator, guard: AIGuard) -> Router:
    """Route what the page asks: the profiles there are, and what one of them finds in a text."""

    @route(
        "/api/classify",
        http_method=["GET", "POST"],
        status_code=200,
        request_max_body_size=None,
        opt=described(PROFILES, CLASSIFY),
    )
    async def classify(request: AnyRequest) -> LitestarResponse[bytes]:
        authorization = request.headers.get("authorization")
        caller = await authenticator.identify_person(context_of(request.scope), authorization)
        caller.require(Scope.QUERY)
        if request.method == "GET":
            return litestar_response(json_response(200, _profiles(await guard.library()), (PRIVATE,)))
        asked = Request(request.scope, request.receive)
        return litestar_response(await _answer(guard, caller, await asked.body(MAX_BYTES)))

    return Router("/", route_handlers=[classify])


async def _answer(guard: AIGuard, caller: Caller, body: bytes) -> Response:
    try:
        wanted = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(explain(error).sentence()) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("the body is not JSON") from None
    minimum = None if wanted.minimum is msgspec.UNSET else _likelihood(wanted.minimum)
    library = await guard.library()
    started = time.perf_counter()
    matches = await guard.find(caller, wanted.text, lambda: ByProfile(wanted.profile, wanted.version), minimum=minimum)
    milliseconds = (time.perf_counter() - started) * 1000
    known = {each.name: each for each in library.classifiers}
    found = [_found(match, known.get(match.classifier)) for match in matches]
    return json_response(200, Answer(round(milliseconds, 3), found), (PRIVATE,))


def _likelihood(name: str) -> Likelihood:
    known = [each.name for each in Likelihood if each is not Likelihood.NO_MATCH]
    if name not in known:
        raise InvalidInput(f'minimum must be one of {", ".join(known)}, got "{name[:64]}"')
    return Likelihood[name]


def _found(match: Match, classifier: Classifier | None) -> Found:
    return Found(
        match.start,
        match.end,
        match.text,
        match.classifier,
        classifier.description if classifier else "",
        classifier.category.value if classifier else "",
        match.confidence,
        _validators(classifier) if classifier else [],
    )


def _validators(classifier: Classifier) -> list[str]:
    """Return the names of what checks that a finding is more than something that looks like one."""
    return [rule.test.name for rule in classifier.rules if isinstance(rule.test, Validator)]


def _profiles(library: Library) -> list[KnownProfile]:
    return [
        KnownProfile(each.uuid, each.version, each.name, each.description, len(each.detectors), each.is_default)
        for each in library.profiles
    ]
