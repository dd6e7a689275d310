"""(d) Memory and processor time of a server that nobody talks to."""

import time

from bench import servers
from bench.tables import table


def measure(seconds: float = 10.0) -> str:
    with servers.meterd() as server:
        time.sleep(2)
        used = server.processor_seconds()
        time.sleep(seconds)
        share = (server.processor_seconds() - used) / seconds
        rows = [(server.resident(), share * 100)]
    return table(f"Idle for {seconds:g} s", ("resident MB", "% of a core"), rows)
