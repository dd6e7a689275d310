from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from meterd.access import Scope, SubjectType
from meterd.demo.guard import TEXTS
from meterd.demo.live import Door, LiveTraffic, Refused
from meterd.demo.story import Span, tell
from meterd.demo.workload import Workload
from tests.process import Meterd, make_token

SCOPES = (Scope.INGEST, Scope.INGEST_ANY_SUBJECT)


def test_what_happened_meanwhile_is_sent_through_the_public_doors(shared: Meterd) -> None:
    token = make_token(shared.data, "demo", type_=SubjectType.VIRTUAL_ACCOUNT, tenant="demo", scopes=SCOPES).token
    reader = make_token(shared.data, "reader", tenant="demo", tenant_admin=True).token or ""
    now = datetime.now(UTC)
    story, hours = tell(now - timedelta(hours=2), 1), Span(now - timedelta(hours=2), now)
    door = Door(shared.url, token or "")
    LiveTraffic(Workload(1, story, 40_000)).send_until(now, door)
    door.close()

    def total(datasource: str, **filters: str) -> int:
        conditions = [{"fieldName": name, "operator": "EQUAL", "value": value} for name, value in filters.items()]
        count: int = shared.points(reader, datasource=datasource, filters=conditions)[0]["total"]
        return count

    expected = Counter(fact.dataset.name for fact in Workload(1, story, 40_000).facts(hours))
    assert total("modelMetrics") == expected["model_calls"] > 0
    assert total("requestMetrics", environment="test") > 0
    assert total("aiGuardMetrics", meter="ai_guard.classification") > 0
    assert total("sessionEvents") > 0
    assert total("sessionMetrics", name="memory") > 0


@pytest.mark.parametrize("classifier", TEXTS)
def test_a_text_has_what_is_to_be_found_in_it(shared: Meterd, classifier: str) -> None:
    body = {
        "context": {"agent_id": "demo", "platform": "DATABRICKS", "actor": "user"},
        "classifierDescription": {"type": "default"},
        "structured": False,
        "text": TEXTS[classifier],
    }
    matches = shared.client.post("/classifications/v1", json=body).json()["matches"]
    assert [match["classifier"] for match in matches] == [classifier]


def test_a_refusal_says_what_was_refused(shared: Meterd) -> None:
    door = Door(shared.url, shared.token)
    with pytest.raises(Refused, match=r"answers 400: .*row 0"):
        door.post("/api/svc/v1/llm-gateway/metrics/ingest?datasource=modelMetrics", b'{"latencyMs": "long"}')
    door.close()
