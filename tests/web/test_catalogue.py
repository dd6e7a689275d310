"""`/api/datasources`: what it offers is what the query takes, and nothing is left out."""

import json
import re

import pytest

from meterd.access import Scope
from meterd.api.gateway.datasources import datasources
from meterd.api.gateway.request import AGGREGATIONS, parse_query
from meterd.errors import InvalidInput
from meterd.web.assets import FOLDERS
from meterd.web.catalogue import catalogue
from tests.process import Meterd, make_token, plain_client
from tests.web.browser import signed_in

KNOWN = datasources()
EVERY = {each.name: each for each in catalogue(KNOWN).datasources}


def takes(**body: object) -> bool:
    """Tell whether the query takes a body."""
    window = {"startTs": "2026-01-01T00:00:00Z", "endTs": "2026-01-02T00:00:00Z"}
    whole = window | {"type": "timeseries", "interval": "1 hour"}
    try:
        parse_query(json.dumps(whole | body).encode(), KNOWN)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("name", KNOWN)
def test_fields_take_what_the_catalogue_says_and_nothing_else(name: str) -> None:
    for field in EVERY[name].fields:
        assert field.group is takes(datasource=name, groupBy=[field.name])
        for type_ in AGGREGATIONS:
            asked = {"type": type_, "column": field.name, "buckets": 5}
            assert (type_ in field.aggregations) is takes(datasource=name, aggregations=[asked]), (field.name, type_)


def test_pages_have_words_for_facts_of_every_datasource_and_of_no_other() -> None:
    script = (FOLDERS[0] / "questions.js").read_text(encoding="utf-8")
    (words,) = re.findall(r"^export const FACTS = \{\n(.*?)^\};", script, re.DOTALL | re.MULTILINE)

    assert re.findall(r"^ +(\w+):", words, re.MULTILINE) == list(KNOWN)


def test_whoever_may_query_reads_it_by_token_or_cookie(shared: Meterd) -> None:
    feeder = make_token(shared.data, "feeder", scopes=(Scope.INGEST,)).token or ""
    with signed_in(shared) as browser, plain_client(feeder, shared.url) as unable:
        answers = [client.get("/api/datasources") for client in (shared.client, browser, unable, shared.anonymous)]

    assert [200, 200, 403, 401] == [each.status_code for each in answers]
    assert set(EVERY) == {each["name"] for each in answers[0].json()["datasources"]}
    assert answers[0].json() == answers[1].json()
