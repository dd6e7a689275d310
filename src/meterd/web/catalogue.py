"""`/api/datasources`: what each datasource can be asked, from the same declarations that answer."""

from collections.abc import Mapping

import msgspec
from litestar import Response as LitestarResponse
from litestar import get

from meterd.access import Scope
from meterd.access.authentication import Authenticator
from meterd.access.context import context_of
from meterd.api.gateway.datasource import Datasource, Field
from meterd.api.gateway.request import AGGREGATIONS
from meterd.api.http import json_response
from meterd.api.openapi import PLAIN_ERRORS, Described, Media, Operation, described
from meterd.api.responses import AnyRequest, litestar_response
from meterd.api.routers import Router
from meterd.query.model import Function
from meterd.web.policy import PRIVATE

PATH = "/api/datasources"
_COUNTS = ("count", "countDistinct", "ratePerMinute")


class FieldDescription(msgspec.Struct, frozen=True):
    """A field: its name and other spellings, its key in answers, and what may be done with it.

    `kind` is what its values are, `group` whether it may be grouped by; aggregations whose names begin with `rate` are
    of a time series only.
    """

    name: str
    aliases: tuple[str, ...]
    key: str
    kind: str
    group: bool
    aggregations: list[str]
    operators: list[str]


class DatasourceDescription(msgspec.Struct, frozen=True):
    """A datasource: what a row of it is, and its fields; `metadata.<key>` is a field of each."""

    name: str
    description: str
    fields: list[FieldDescription]


class Catalogue(msgspec.Struct, frozen=True):
    datasources: list[DatasourceDescription]


def catalogue(datasources: Mapping[str, Datasource]) -> Catalogue:
    """Describe all datasources."""
    return Catalogue(
        [
            DatasourceDescription(name, each.what, [_field(each, field) for field in each.fields])
            for name, each in datasources.items()
        ]
    )


def catalogue_router(authenticator: Authenticator, datasources: Mapping[str, Datasource]) -> Router:
    """Answer the catalogue to whoever may query."""
    known = catalogue(datasources)
    operation = Operation(
        "listDatasources",
        "Gateway metrics",
        "What each datasource can be asked",
        PLAIN_ERRORS,
        success="All datasources with their fields",
        responses=(Media(Catalogue),),
    )

    @get("/", opt=described(Described("GET", PATH, operation)))
    async def every(request: AnyRequest) -> LitestarResponse[bytes]:
        caller = await authenticator.identify_person(context_of(request.scope), request.headers.get("authorization"))
        caller.require(Scope.QUERY)
        return litestar_response(json_response(200, known, (PRIVATE,)))

    return Router(PATH, route_handlers=[every])


def _field(datasource: Datasource, field: Field) -> FieldDescription:
    kind = str(datasource.kind(field).name).lower()
    aggregations = _aggregations(datasource, field)
    return FieldDescription(
        field.name, field.aliases, field.key, kind, field.group, aggregations, sorted(field.operators)
    )


def _aggregations(datasource: Datasource, field: Field) -> list[str]:
    """Return the types of aggregations that a field takes."""
    if field.subject_type or not (field.measure or field.group or datasource.is_distribution(field)):
        return []
    if datasource.is_distribution(field):
        return [name for name, each in AGGREGATIONS.items() if each.function is Function.PERCENTILE]
    if not field.measure:
        return list(_COUNTS)
    is_total = datasource.is_total(field)
    return [name for name, each in AGGREGATIONS.items() if is_total or each.function is not Function.INCREASE]
