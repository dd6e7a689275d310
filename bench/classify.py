"""(i) Classification over HTTP at several lengths of text, with the default profile; in process, beside Presidio."""

import json
import statistics
import time

from bench import presidio, servers
from bench.load import Job, run
from bench.tables import table
from meterd.classify import Engine, profile
from meterd.classify.system import DEFAULT_UUID, system_library

_CONNECTIONS = 16
_SECONDS = 4.0
_PROSE = "The order left the warehouse on Tuesday and will be with the customer before the end of the week. "
_DENSE = "Please call Ann at 321-507-0525 or write to ann@example.com about order 4711 of 12 March, she knows. "
_LENGTHS = (100, 1_000, 10_000)
_ROUNDS = 30


def measure() -> str:
    """Texts in which nothing is found, and texts with two findings in every hundred characters."""
    texts = {
        f"{length:,} characters, {kind}": (sentence * (length // len(sentence) + 1))[:length]
        for length in _LENGTHS
        for kind, sentence in (("prose", _PROSE), ("two findings in 100", _DENSE))
    }
    engine = Engine(system_library())
    started = time.perf_counter()
    engine.prepare()
    prepared = time.perf_counter() - started
    in_process = {name: _in_process(engine, text) for name, text in texts.items()}
    beside = _beside_presidio(texts, in_process)
    rows: list[tuple[object, ...]] = []
    with servers.meterd() as server:
        _warm(server)
        for name, text in texts.items():
            outcome = run(Job(server.port, "/classifications/v1", [_body(text)], _CONNECTIONS, _SECONDS, server.token))
            rows.append((name, in_process[name], outcome.rate, outcome.median, outcome.p99, outcome.failures))
    head = ("text", "in process ms", "calls/s", "median ms", "p99 ms", "failures")
    title = f"Classification: the default profile, {_CONNECTIONS} connections; patterns compiled in {prepared:.1f} s"
    return table(title, head, rows) + "\n" + beside


def _beside_presidio(texts: dict[str, str], in_process: dict[str, float]) -> str:
    """The same texts through Presidio, each engine in a process and a thread of its own."""
    seconds = presidio.seconds(list(texts.values()))
    rows = []
    for number, name in enumerate(texts):
        own, model, patterns = in_process[name], seconds["model"][number] * 1000, seconds["patterns"][number] * 1000
        rows.append((name, own, model, model / own, patterns, patterns / own))
    head = ("text", "meterd ms", "with model ms", "to meterd", "patterns only ms", "to meterd")
    return table("Classification in process, beside Presidio with its small English model and without one", head, rows)


def _body(text: str) -> bytes:
    return json.dumps(
        {
            "context": {"actor": "user", "agent_id": "bench", "platform": "DATABRICKS"},
            "classifierDescription": {"type": "default"},
            "structured": False,
            "text": text,
        }
    ).encode()


def _warm(server: servers.Running) -> None:
    """The first text makes the server compile its patterns."""
    run(Job(server.port, "/classifications/v1", [_body(_DENSE)], 1, 0.5, server.token))
    used = server.processor_seconds()
    while True:
        time.sleep(2.0)
        before, used = used, server.processor_seconds()
        if used - before < 0.2:
            return


def _in_process(engine: Engine, text: str) -> float:
    """Milliseconds, the median of rounds."""
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        engine.classify(text, profile(DEFAULT_UUID, 1))
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
