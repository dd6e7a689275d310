"""The session of an application, as it uses it."""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping
from math import inf, isfinite
from types import TracebackType
from typing import Any, Self, Unpack

import msgspec

from meterd.client.encoding import distinct_texts, encode_anything, one_text
from meterd.client.errors import ClientClosed
from meterd.client.sessions.bodies import (
    HEARTBEAT,
    METRIC,
    EventMembers,
    check_name,
    crash_body,
    event_body,
    exception_body,
    mapping,
    moment_body,
    state_body,
    whole_number,
)
from meterd.client.sessions.delivery import Delivery

_PER_SECOND = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}


class BaseSession:
    """The base of both sessions: calls that record what happened and never wait. They are thread-safe.

    No call raises for data: text that is no Unicode is escaped, and what has no form in JSON is kept as text. Arguments
    that make no sense raise `TypeError` and `ValueError`; every call raises `ClientClosed` once the session has ended.
    """

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._put = delivery.put

    @property
    def id(self) -> str | None:
        """What the server calls the session; None until it has begun there."""
        return self._delivery.backlog.server_id

    @property
    def ended(self) -> bool:
        """Whether it was ended, or crashed, here."""
        return self._delivery.backlog.closed

    @property
    def waiting(self) -> int:
        """How many calls the server does not have yet, those of earlier sessions in the spool included."""
        return self._delivery.backlog.waiting

    @property
    def dropped(self) -> int:
        """How many calls were dropped: `max_buffered_rows` waited already."""
        return self._delivery.backlog.dropped

    def update_state(self, state: Mapping[str, object]) -> None:
        """Merge `state` into the session's: objects key by key, None deletes a key, everything else replaces.

        Raises:
            TypeError: it is no mapping.
            ClientClosed: the session has ended.
        """
        self._put(("state", state_body(time.time_ns(), state)))

    def log_event(
        self,
        name: str,
        category: str | None = None,
        group: str | None = None,
        labels: Iterable[str] | None = None,
        message: str | None = None,
        data: Mapping[str, object] | None = None,
        **members: Unpack[EventMembers],
    ) -> None:
        """Record that something happened.

        Arguments:
            category: how severe it is, such as `warning`; the server's default is `info`.
            group: the component.
            members: others of an event.

        Raises:
            TypeError: an argument is certainly meant for another, such as a mapping for `category`, or is unknown.
            ClientClosed: the session has ended.
        """
        own = {"category": category, "group": group, "labels": labels, "message": message, "data": data}
        self._put(("events", event_body(time.time_ns(), name, own | members)))

    def log_exception(self, exc: BaseException | None = None, data: Mapping[str, object] | None = None) -> None:
        """Record an exception, by default the one that is being handled.

        Raises:
            ValueError: none is being handled.
            TypeError: `exc` is no exception, or `data` no mapping.
            ClientClosed: the session has ended.
        """
        error = sys.exception() if exc is None else exc
        if error is None:
            raise ValueError("no exception is being handled: pass one as exc")
        if not isinstance(error, BaseException):
            raise TypeError(f"exc must be an exception, got {type(error).__name__}")
        self._put(("events", exception_body(time.time_ns(), error, data)))

    def log_metric(
        self,
        name: str,
        value: float,
        tags: Iterable[str] | None = None,
        type: str = "gauge",  # noqa: A002 - the name on the wire
        unit: str | None = None,
        count: int | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> None:
        """Record a point of a metric.

        Arguments:
            value: what `float` takes.
            tags: customarily `key:value`; each counts once.
            type: `gauge`, `counter` (the total), `timer` or `histogram` (the whole distribution).
            count: iterations that a timer's value is for.

        Raises:
            ValueError: the value is no finite number.
            TypeError: the name is no text, `tags` are not several, `metadata` is no mapping, or `count` is not whole.
            ClientClosed: the session has ended.
        """
        now = time.time_ns()
        value, distinct = _checked(name, value, tags)
        raw = None if metadata is None else _encoded(metadata)
        members = (one_text(type, "type"), one_text(unit, "unit"), whole_number(count, "count"), raw)
        self._put((METRIC, (now, name, value, distinct, *members)))

    def log_gauge(self, name: str, value: float, tags: Iterable[str] | None = None, unit: str | None = None) -> None:
        """Record a value as it is now. Raises what `log_metric` raises."""
        self.log_metric(name, value, tags, unit=unit)

    def log_counter(self, name: str, delta: float = 1, tags: Iterable[str] | None = None) -> None:
        """Add to the running total of this name and these tags; it is sent at a flush, if it changed.

        Raises:
            ValueError, TypeError, ClientClosed: as `log_metric`.
        """
        delta, distinct = self._checked(name, delta, tags)
        if self._delivery.backlog.aggregates.count(name, delta, distinct):
            self._delivery.schedule_flush()

    def log_histogram(
        self,
        name: str,
        value: float,
        buckets: Iterable[float] | None = None,
        unit: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> None:
        """Add to the distribution of this name, these tags and buckets; it is sent at a flush, if it changed.

        `buckets` are upper bounds, included; what is above the last is counted in its bucket.

        Raises:
            ValueError: the value or a bucket is not finite.
            TypeError, ClientClosed: as `log_metric`.
        """
        value, distinct = self._checked(name, value, tags)
        if self._delivery.backlog.aggregates.sample(name, value, distinct, buckets, one_text(unit, "unit")):
            self._delivery.schedule_flush()

    def log_timer(
        self,
        name: str,
        duration: float,
        count: int | None = None,
        tags: Iterable[str] | None = None,
        unit: str = "seconds",
    ) -> None:
        """Record a duration that was measured, for `count` iterations. Raises what `log_metric` raises."""
        self.log_metric(name, duration, tags, "timer", unit, count)

    def timer(
        self, name: str, count: int | None = None, tags: Iterable[str] | None = None, unit: str = "seconds"
    ) -> "Timer":
        """Measure a `with` block; `unit` is seconds, milliseconds, microseconds or nanoseconds.

        Raises:
            ValueError: the unit is another.
        """
        return Timer(self, name, count, tags, unit)

    def heartbeat(self) -> None:
        """Say that the application is alive; of heartbeats that wait to be sent only the last is.

        Raises:
            ClientClosed: the session has ended.
        """
        self._put((HEARTBEAT, moment_body(time.time_ns())))

    def end(self) -> None:
        """End the session: nothing more comes. Does nothing when it has ended."""
        self._delivery.finish()

    def crash(self, reason: str) -> None:
        """End the session because the application can't go on. Does nothing when it has ended."""
        self._delivery.close_with(("crash", crash_body(time.time_ns(), reason)))

    def _checked(self, name: str, value: float, tags: Iterable[str] | None) -> tuple[float, tuple[str, ...]]:
        """Do what `_checked` does, for what is added up; then nothing else would say that the session has ended."""
        if self._delivery.backlog.closed:
            raise ClientClosed("the session has ended")
        return _checked(name, value, tags)

    def _end_block(self, error: BaseException | None) -> None:
        """End the session with its `with` block. What is no `Exception`, such as `SystemExit`, is no crash."""
        self._delivery.finish(error if isinstance(error, Exception) else None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"


class Session(BaseSession):
    """A session of a `Client`. As a context manager it ends, or crashes if an exception leaves the block."""

    def save(self) -> None:
        """Return when all that was logged before is in the spool.

        Raises:
            SpoolFailed: the spool can't be used; what was logged is kept in memory.
        """
        self._delivery.save()

    def flush(self) -> None:
        """Return when all that was logged before is on the server's disk.

        Raises:
            ItemsRefused: the server refused something; all else is stored.
            StatusError, ConnectionFailed, UnexpectedAnswer, DeliveryFailed: the rest waits, and the background goes on.
            SpoolFailed: the spool can't be used; what was logged is kept in memory.
        """
        self._delivery.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._end_block(value)


class AsyncSession(BaseSession):
    """The counterpart of `Session`, made by `AsyncClient.create_session`. Only `save` and `flush` are awaited."""

    async def save(self) -> None:
        """Do what `Session.save` does."""
        await asyncio.to_thread(self._delivery.save)

    async def flush(self) -> None:
        """Do what `Session.flush` does."""
        await asyncio.to_thread(self._delivery.flush)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._end_block(value)


class Timer:
    """Measures a block and logs it, also when the block raises. `count`, its iterations, may be set inside."""

    def __init__(
        self, session: BaseSession, name: str, count: int | None, tags: Iterable[str] | None, unit: str
    ) -> None:
        check_name(name)
        if unit not in _PER_SECOND:
            raise ValueError(f"unit must be one of {', '.join(_PER_SECOND)}, got {unit!r}")
        self._session = session
        self._name = name
        self._tags = tags
        self._unit = unit
        self.count = count

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        duration = (time.perf_counter() - self._began) * _PER_SECOND[self._unit]
        self._session.log_timer(self._name, duration, self.count, self._tags, self._unit)


def _checked(name: str, value: Any, tags: Iterable[str] | None) -> tuple[float, tuple[str, ...]]:
    """Return the value of a metric as a number, and its tags, each once.

    Raises:
        ValueError, TypeError: the value is no finite number, the name is no text, or the tags are not several.
    """
    check_name(name)
    try:
        number = float(value)
    except OverflowError:
        number = inf
    except TypeError:
        raise TypeError(f"value of {name} must be a number, got {type(value).__name__}") from None
    except ValueError:
        raise ValueError(f"value of {name} must be a number, got {value!r}") from None
    if not isfinite(number):
        raise ValueError(f"value of {name} must be finite, got {value!r}")
    return number, distinct_texts(tags, "tags")


def _encoded(metadata: Mapping[str, object]) -> msgspec.Raw:
    return msgspec.Raw(encode_anything(mapping(metadata, "metadata")))
