"""A day of a worker, second by second, in which the store is away for a while: how far behind it is, and how long."""

import math
from typing import NamedTuple

_DAY = 86_400


class Day(NamedTuple):
    """What a day was like: lags in seconds, bytes of the journal, facts that were refused, as a share of the day's."""

    usual_lag: float
    largest_lag: float
    catching_up: float
    journal_bytes: float
    refused: float


class Worker(NamedTuple):
    """Mean facts a second that arrive, and that its loader moves; peak to mean; bytes of a fact, and most that wait."""

    arriving: float
    loading: float
    peak: float
    fact_bytes: float
    limit_bytes: float
    interval: float


def arriving(worker: Worker, second: int) -> float:
    """Return the facts of a second: a wave with the given peak at the noon of the day."""
    swing = worker.peak - 1
    return worker.arriving * (1 + swing * -math.cos(2 * math.pi * second / _DAY))


def simulate(worker: Worker, outage: float) -> Day:
    """Let the store be away for `outage` seconds from noon on. What is beyond the limit of the journal is refused."""
    waiting = refused = total = most = 0.0
    usual = largest = worker.interval
    away, back = _DAY // 2, _DAY // 2 + int(outage)
    caught_up = back
    for second in range(_DAY):
        came = arriving(worker, second)
        total += came
        moved = 0.0 if away <= second < back else min(worker.loading, waiting + came)
        kept = min(waiting + came - moved, worker.limit_bytes / worker.fact_bytes)
        refused += waiting + came - moved - kept
        waiting = kept
        most = max(most, waiting)
        lag = worker.interval + waiting / worker.loading + max(0, back - second if away <= second < back else 0)
        if second < away:
            usual = max(usual, lag + came * worker.interval / worker.loading)
        largest = max(largest, lag)
        if second >= back and waiting > came:
            caught_up = second
    return Day(usual, largest, caught_up - back, most * worker.fact_bytes, refused / total)
