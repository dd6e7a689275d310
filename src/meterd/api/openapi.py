"""The API's description: each protocol declares its operations, and one OpenAPI 3.1 document follows from them.

Schemas come from the structs that decode the bodies, so that the two can't differ.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple, Self

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute

from meterd import __version__
from meterd.phrases import PHRASES

_OFFERED = "operations"
_REFERENCE = "#/components/schemas/{name}"
JSON = "application/json"
Schema = dict[str, Any]
"""A piece of an OpenAPI document: members that its standard names, with values of every kind."""
BINARY: Schema = {"type": "string", "format": "binary"}
TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
OBJECT: Schema = {"type": "object"}

COMMON = {
    400: "Can't be understood; the message names what to change",
    408: "Arrived too slowly",
    413: "Too large",
    414: "The address is too long",
    431: "The headers are too large",
    503: "Can't be answered now; try again after `Retry-After` seconds",
}
"""Answers that the layers give which every request passes."""
CLOSED = {401: "No token, or one that is not valid", 403: "The token lacks a scope"}
"""Those of an operation that needs a token."""


class Media(NamedTuple):
    """A body in one content type: the struct that decodes it, or a JSON schema; and an example."""

    type: object
    content_type: str = JSON
    example: object = None


class Parameter(NamedTuple):
    """A parameter in the address or a header; text unless the schema says otherwise."""

    name: str
    description: str
    schema: Schema = TEXT
    place: Literal["query", "header", "path"] = "query"
    required: bool = False
    example: object = None


class Operation(msgspec.Struct, frozen=True, eq=False):
    """An operation on an address.

    `errors` are the bodies that errors have in this protocol, `statuses` those beside the ones of all. `is_open` means
    that no token is needed. `success` says what a 200 means, `responses` are its bodies; none means that it is empty.
    `schemas` have names, by which its bodies refer to them (`reference`).
    """

    id: str
    tag: str
    summary: str
    errors: tuple[Media, ...]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: tuple[Media, ...] = ()
    body_required: bool = True
    success: str = "Durable"
    responses: tuple[Media, ...] = ()
    statuses: dict[int, str] = {}
    time_out_status: int = 504
    schemas: dict[str, Schema] = {}
    is_open: bool = False

    @property
    def media(self) -> Iterator[Media]:
        yield from (*self.body, *self.responses, *self.errors)

    def __deepcopy__(self, _known: dict[int, object]) -> Self:
        """Return itself: nothing of it changes, and the framework copies routers with all that they say."""
        return self


class Described(NamedTuple):
    """An operation at an address; `{name}` in the path is a parameter."""

    method: str
    path: str
    operation: Operation


def described(*operations: Described) -> dict[str, object]:
    """Return options of a framework's route or router that say what it offers."""
    return {_OFFERED: operations}


def offered(app: Litestar) -> list[Described]:
    """Collect the operations that the routes of an application offer."""
    handlers = (handler for route in app.routes if isinstance(route, HTTPRoute) for handler in route.route_handlers)
    return list(dict.fromkeys(each for handler in handlers for each in handler.opt.get(_OFFERED, ())))


def reference(name: str) -> dict[str, object]:
    """Refer to the schema that has a name."""
    return {"$ref": _REFERENCE.format(name=name)}


class Problem(msgspec.Struct, frozen=True):
    """An error of an address that has no protocol's own shape."""

    code: int
    message: str


PLAIN_ERRORS = (Media(Problem, example={"code": 400, "message": "row 3: latencyMs must be a number, got a string"}),)
MAX_KEY_LENGTH = 256
"""Characters of an `Idempotency-Key`."""
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "A repeated key within 24 h gets the first answer and adds nothing",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
    "header",
)


def document(described: Iterable[Described]) -> dict[str, object]:
    """Write the OpenAPI document of all that is described."""
    described = list(described)
    types = {
        id(media.type): media.type
        for each in described
        for media in each.operation.media
        if not isinstance(media.type, dict)
    }
    schemas, components = msgspec.json.schema_components(types.values(), ref_template=_REFERENCE)
    known = dict(zip(types, schemas, strict=True))
    for each in described:
        components |= each.operation.schemas
    paths: dict[str, dict[str, object]] = {}
    for method, path, operation in described:
        paths.setdefault(path, {})[method.lower()] = _operation(path, operation, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "meterd",
            "version": __version__,
            "description": "Metrics of AI agents and LLM gateways: recorded durably, answered exactly.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(each.operation.tag for each in described)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(path: str, operation: Operation, known: dict[int, dict[str, object]]) -> dict[str, object]:
    named = {parameter.name for parameter in operation.parameters}
    segments = [Parameter(name, f"The {name}", place="path") for name in re.findall(r"{(\w+)}", path)]
    parameters = [*(each for each in segments if each.name not in named), *operation.parameters]
    made: dict[str, object] = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary}
    if operation.description:
        made["description"] = operation.description
    if operation.is_open:
        made["security"] = []
    if parameters:
        made["parameters"] = [_parameter(each) for each in parameters]
    if operation.body:
        made["requestBody"] = {"required": operation.body_required, "content": _content(operation.body, known)}
    made["responses"] = _responses(operation, known)
    return made


def _parameter(parameter: Parameter) -> dict[str, object]:
    made: Schema = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required or parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }
    return made if parameter.example is None else made | {"example": parameter.example}


def _responses(operation: Operation, known: dict[int, Schema]) -> Schema:
    late = {operation.time_out_status: "Took longer than `service.timeout`"}
    errors = COMMON | late | ({} if operation.is_open else CLOSED) | operation.statuses
    success: dict[str, object] = {"description": operation.success}
    if operation.responses:
        success["content"] = _content(operation.responses, known)
    content = _content(operation.errors, known)
    return {"200": success} | {
        str(status): {"description": errors[status] or PHRASES[status], "content": content} for status in sorted(errors)
    }


def _content(bodies: Iterable[Media], known: dict[int, dict[str, object]]) -> dict[str, object]:
    return {
        media.content_type: {"schema": media.type if isinstance(media.type, dict) else known[id(media.type)]}
        | ({} if media.example is None else {"example": media.example})
        for media in bodies
    }
