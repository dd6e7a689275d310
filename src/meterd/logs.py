"""Structured logs on standard error: JSON, or text on a terminal. Never a token, never a text body."""

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog

from meterd.settings import Logging

_MAX_TEXT_LENGTH = 512
"""Characters of a text in a line."""

_SILENT = ("urllib3", "clickhouse_connect")
"""Libraries that warn of what they raise, too, and repeat addresses in which the values of questions are."""


class _Output:
    """Writes as far as that works: a log that can't be written, on a full disk for instance, disturbs nobody."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _in_one_line(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Escape what a terminal or another line could be made of, and cut what is long: texts may be anybody's."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception":
            event[name] = _escaped(value)
    return event


def _naming(node: str) -> structlog.typing.Processor:
    def name(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["node"] = node
        return event

    return name


def _escaped(text: str) -> str:
    shown = text[:_MAX_TEXT_LENGTH]
    if not shown.isprintable():
        escaped = (each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown)
        shown = "".join(escaped)
    return shown if len(text) <= _MAX_TEXT_LENGTH else f"{shown}… ({len(text)} characters)"


def configure(settings: Logging, node: str | None = None) -> None:
    """Set up structlog, and bring what libraries log through the standard library into the same form.

    Every line names the node, where operators gave it a name.
    """
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    text = settings.format == "text" or (settings.format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_one_line,
        *([_naming(node)] if node else []),
    ]
    renderers: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    output = cast("TextIO", _Output(sys.stderr))
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    handler.addFilter(lambda record: not record.name.startswith(_SILENT))  # their levels some libraries set themselves
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))
