from datetime import UTC, datetime, timedelta

import pytest

from meterd.access import Scope, SubjectType
from meterd.demo.live import Door, LiveTraffic, Refused
from meterd.demo.story import Span, tell
from meterd.demo.workload import Workload
from tests.process import Meterd, make_token

SCOPES = (Scope.INGEST, Scope.INGEST_ANY_SUBJECT)


def test_what_happened_meanwhile_is_sent_through_the_public_doors(shared: Meterd) -> None:
    token = make_token(shared.data, "demo", type_=SubjectType.VIRTUAL_ACCOUNT, tenant="demo", scopes=SCOPES).token
    reader = make_token(shared.data, "reader", tenant="demo", tenant_admin=True).token or ""
    now = datetime.now(UTC)
    workload = Workload(1, tell(now - timedelta(hours=2), 1), 2_000)
    expected = Workload(1, tell(now - timedelta(hours=2), 1), 2_000).facts(Span(now - timedelta(hours=2), now))
    door = Door(shared.url, token or "")
    LiveTraffic(workload).send_until(now, door)
    door.close()
    for datasource, dataset in (("modelMetrics", "model_calls"), ("guardrailMetrics", "guardrail_evaluations")):
        of_dataset = sum(fact.dataset.name == dataset for fact in expected)
        assert shared.points(reader, datasource=datasource)[0]["total"] == of_dataset > 0


def test_a_refusal_says_what_was_refused(shared: Meterd) -> None:
    door = Door(shared.url, shared.token)
    with pytest.raises(Refused, match=r"answers 400: .*row 0"):
        door.post("/api/svc/v1/llm-gateway/metrics/ingest?datasource=modelMetrics", b'{"latencyMs": "long"}')
    door.close()
