"""Outcomes of attempts to deliver, for everybody who waits for them: failures and refusals."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from meterd.client.errors import ItemsRefused, MeterdClientError, RowsRefused, as_client_error, raise_copy

_Refusal = TypeVar("_Refusal", RowsRefused, ItemsRefused)


class Attempts:
    """Counts attempts, and shares the failure of the last one with those who waited for it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards all that follows
        self._begun = 0
        self._failed = 0
        self._failure: MeterdClientError | None = None

    @property
    def begun(self) -> int:
        """How many attempts were begun so far."""
        return self._begun

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Count what is done inside as one attempt.

        Raises:
            MeterdClientError: the attempt failed; whatever else it raised is the cause of a `DeliveryFailed`. What is
                no `Exception`, such as a cancellation, passes as it is and is no failure.
        """
        with self._lock:
            self._begun += 1
            number = self._begun
        try:
            yield
        except Exception as error:  # noqa: BLE001 - it is raised again, as an error of the client
            failure = as_client_error(error)
            with self._lock:
                self._failed, self._failure = number, failure
            raise failure from failure.__cause__
        with self._lock:
            self._failure = None

    def raise_failure(self, since: int) -> None:
        """Raise why the last attempt failed, if it began after `begun` was `since`."""
        with self._lock:
            failure = self._failure if self._failed > since else None
        if failure:
            raise_copy(failure)


class Refusals(Generic[_Refusal]):
    """Refusals that no caller has seen yet. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: list[_Refusal] = []  # guarded by the lock

    def add(self, refusal: _Refusal) -> None:
        """Keep a refusal for the next caller who asks."""
        with self._lock:
            self._refused.append(refusal)

    def raise_all(self) -> None:
        """Raise all of them as one, the first with the others as `further`; do nothing when there are none."""
        with self._lock:
            refused, self._refused = self._refused, []
        if refused:
            refusal: _Refusal = refused[0]
            refusal.further = tuple(refused[1:])
            refusal.args = (*refusal.args[:-1], refusal.further)
            raise refusal
