import asyncio
import time

import pytest

from meterd.promptness import Promptness
from meterd.supervision import Supervisor
from meterd.telemetry import Telemetry


@pytest.mark.alone
async def test_what_keeps_the_event_loop_is_seen_as_delay() -> None:
    telemetry = Telemetry()
    promptness = Promptness(Supervisor(telemetry))
    await promptness.start()
    await asyncio.sleep(0.01)

    time.sleep(0.5)  # noqa: ASYNC251 - what nobody may do
    await asyncio.sleep(0.01)

    seen = telemetry.registry.get_sample_value
    late = (seen("meterd_event_loop_delay_seconds_count") or 0) - (
        seen("meterd_event_loop_delay_seconds_bucket", {"le": "0.25"}) or 0
    )
    assert 1 == late
    await promptness.stop()
