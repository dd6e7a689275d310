"""What the tests know of each datasource, declared once: its fields, and how its rows are drawn.

Nothing here is taken from the code under test. `tests/api/gateway/test_datasources.py` compares the two.
"""

from tests.datasources.extensions import AI_GUARD, OTLP, PROCESS, QUEUE, REQUEST, SESSION_EVENT, SESSION_POINT
from tests.datasources.gateway import AGENT, CACHE, CONFIG, GUARDRAIL, MCP, MODEL

DATASOURCES = {
    declaration.name: declaration
    for declaration in (
        GUARDRAIL,
        MODEL,
        CACHE,
        MCP,
        CONFIG,
        AGENT,
        AI_GUARD,
        OTLP,
        SESSION_POINT,
        SESSION_EVENT,
        REQUEST,
        PROCESS,
        QUEUE,
    )
}
