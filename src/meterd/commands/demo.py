"""`meterd demo`."""

import signal
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from meterd import logs
from meterd.access import Scope, SubjectType
from meterd.commands.serve import announce_ready, serve
from meterd.demo.history import require_new, write_history
from meterd.demo.live import LiveTraffic
from meterd.demo.story import tell
from meterd.demo.workload import Workload
from meterd.errors import ConfigurationError
from meterd.service import Service
from meterd.serving import Port, listening
from meterd.settings import Directory, Settings, load
from meterd.store.opening import embedded
from meterd.web.sessions import sign_in_link


def command(
    data: Annotated[
        Path | None,
        typer.Option(
            help="New directory for all that is kept; default: a temporary one, which goes with the server.",
            show_default=False,
        ),
    ] = None,
    listen: Annotated[str, typer.Option(help="HOST:PORT to listen on.")] = "127.0.0.1:8080",
    days: Annotated[int, typer.Option(help="Days of history.", min=1, max=365)] = 21,
    facts: Annotated[int, typer.Option(help="Facts of the history, about.", min=100, max=5_000_000)] = 200_000,
    seed: Annotated[int, typer.Option(help="Of the made-up facts: they are the same with the same seed and end.")] = 1,
    end: Annotated[
        str | None,
        typer.Option(
            help="Time in ISO 8601 at which the history ends, and nothing follows; default: now, and live traffic"
            " follows.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run a server with made-up traffic: weeks of history with incidents, then live. For looking around."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))  # until the server has its own way; a temporary directory goes
    settings = load(None, flags={"service.listen": listen, "otlp.grpc.listen": "off"})
    settings = structs.replace(  # what is made up goes nowhere else
        settings, directory=Directory(), store=embedded(settings.store)
    )
    logs.configure(settings.logging)
    workload = Workload(seed, tell(_time(end) if end else datetime.now(UTC), days), facts)
    with ExitStack() as stack:
        listener = settings.service.listeners[0]
        port = Port(stack.enter_context(listening(listener.host, listener.port)), listener.host, None)
        directory = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meterd-demo-")))
        require_new(directory)
        _write(directory, settings, workload)
        live = LiveTraffic(workload)
        stack.callback(live.stop)

        def announce(service: Service) -> None:
            _greet(service, workload, port.url)
            if end is None:
                live.start(port.url, _sender(service))
            announce_ready([port])

        serve(settings, directory, [port], announce)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigurationError(f"--end must be a time such as 2026-01-31T12:00:00Z, got {text}") from None
    if time > datetime.now(UTC):
        raise ConfigurationError("--end must not be in the future")
    return time


def _write(data: Path, settings: Settings, workload: Workload) -> None:
    start, end = workload.story.history
    sys.stderr.write(f"Making up what happened from {start:%d %B} to {end:%d %B %Y, %H:%M} UTC.\n")
    is_terminal = sys.stderr.isatty()

    def progress(share: float, written: int) -> None:
        if is_terminal:
            bar = "█" * int(share * 30)
            sys.stderr.write(f"\r  {bar:░<30} {written:9,} facts")
            sys.stderr.flush()
        elif share == 1:
            sys.stderr.write(f"  {written:,} facts")

    write_history(data, settings, workload, progress)
    sys.stderr.write("\n")


def _greet(service: Service, workload: Workload, url: str) -> None:
    token = service.tokens.create("admin", tenant_admin=True, scopes=tuple(Scope)).token
    link = sign_in_link(url, service.web_sessions.offer("admin", tenant_admin=True, scopes=(Scope.QUERY, Scope.ADMIN)))
    story = workload.story
    sys.stderr.write(
        f"\nOpen this link within ten minutes, it signs in once:\n\n    {link}\n\n"
        f"What to look for, all times UTC:\n"
        f"  {story.launch:%d %b}         nimbus-pro-2 is introduced, cheaper than nimbus-pro\n"
        f"  {story.release.start:%d %b, %H:%M}  support has new prompts: a guardrail blocks many, the cache misses\n"
        f"  {story.outage.start:%d %b, %H:%M}  nimbus is slow and fails for 50 minutes: calls go to aurora-large\n\n"
        f"Token of an administrator: {token}\nAPI: {url}/docs\n\n"
    )


def _sender(service: Service) -> str:
    scopes = (Scope.INGEST, Scope.INGEST_ANY_SUBJECT)
    return service.tokens.create("demo-traffic", SubjectType.VIRTUAL_ACCOUNT, scopes=scopes).token or ""
