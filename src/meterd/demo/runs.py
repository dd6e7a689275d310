"""Runs of the made-up company's applications: what happens in each, from its beginning to whatever end."""

import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import attrgetter
from random import Random
from typing import NamedTuple

from meterd.demo.company import USERS, Choice, Person
from meterd.demo.facts import around
from meterd.demo.story import Story

Body = dict[str, object]
_BOUNDS = (25, 50, 100, 200, 400, 800, 1600, 3200)


class Item(NamedTuple):
    """Something that happens in a run: the operation of the sessions' API, and its body."""

    at: datetime
    operation: str
    body: Body


class Run(NamedTuple):
    """A run of an application, as its session will be; everybody has one machine."""

    id: str
    person: Person
    product: str
    version: str
    machine: str
    begins: datetime
    items: list[Item]


class Product(NamedTuple):
    """An application; of its versions the last one is new, and crashes more often."""

    name: str
    versions: tuple[str, ...]
    events: tuple[str, ...]
    views: tuple[str, ...]


_ATLAS = Product(
    "Atlas Desk",
    ("5.2.0", "5.2.1", "5.3.0"),
    ("document_opened", "document_saved", "exported"),
    ("editor", "review", "start"),
)
_LEDGER = Product(
    "Ledger", ("2.8.3", "2.9.0"), ("invoice_read", "booking_made", "report_printed"), ("inbox", "journal", "reports")
)
_SCOUT = Product(
    "Scout", ("0.9.4", "0.9.5"), ("search_run", "result_opened", "filter_changed"), ("results", "saved searches")
)
_PRODUCTS = Choice([(_ATLAS, 5.0), (_LEDGER, 2.0), (_SCOUT, 3.0)])
_ENDS = Choice([("end", 84.0), ("crash", 5.0), ("silence", 6.0), ("hang", 1.5)])
_ENDS_OF_NEW = Choice([("end", 68.0), ("crash", 22.0), ("silence", 6.0), ("hang", 4.0)])
_ERRORS = (
    ("ConnectionResetError", "the peer closed the connection", "sync", "upload", 88, "session.push(changes)"),
    ("KeyError", "'currency'", "pricing", "total_of", 141, "rate = rates[line.currency]"),
    ("TimeoutError", "no answer from the model within 12 s", "assistant", "ask", 57, "answer = gateway.chat(prompt)"),
    (
        "ValueError",
        "could not convert string to float: '1.204,00'",
        "importing",
        "read_row",
        203,
        "amount = float(cell)",
    ),
)


class Runs:
    """Makes runs, each a story of its own."""

    def __init__(self, random: Random, story: Story) -> None:
        self._random = random
        self._story = story

    def make(self, at: datetime) -> Run:
        """Make a run that begins at a time, with all that will happen in it."""
        product, person = _PRODUCTS.draw(self._random), USERS.draw(self._random)
        *versions, newest = product.versions
        is_new = at >= self._story.launch and self._random.random() < 0.6
        version = newest if is_new else self._random.choice(versions)
        minutes = min(300.0, max(6.0, self._random.lognormvariate(3.8, 0.8)))
        end = at + timedelta(minutes=minutes)
        how = (_ENDS_OF_NEW if is_new else _ENDS).draw(self._random)
        items = [*self._states(product, at, end), *self._events(product, at, end), *self._metrics(at, end, is_new)]
        items = sorted([*items, *self._last(how, end)], key=attrgetter("at"))
        id_ = f"{self._random.getrandbits(128):032x}"
        name = f"{id_[:8]}-{id_[8:12]}-4{id_[13:16]}-a{id_[17:20]}-{id_[20:]}"
        machine = f"{person.team}-{person.slug.partition('@')[0]}"
        return Run(name, person, product.name, version, machine, at, items)

    def _moments(self, start: datetime, end: datetime, count: int) -> list[datetime]:
        return sorted(start + (end - start) * self._random.random() for _ in range(count))

    def _states(self, product: Product, start: datetime, end: datetime) -> Iterator[Item]:
        theme = self._random.choice(("light", "dark"))
        first: Body = {
            "user": {"locale": self._random.choice(("en", "de", "nl"))},
            "window": {"theme": theme, "view": product.views[0]},
        }
        yield Item(start + timedelta(seconds=2), "state", first)
        for at in self._moments(start, end, 2):
            update: Body = {
                "window": {"view": self._random.choice(product.views)},
                "open_items": self._random.randint(1, 9),
            }
            yield Item(at, "state", update)

    def _events(self, product: Product, start: datetime, end: datetime) -> Iterator[Item]:
        for at in self._moments(start, end, self._random.randint(5, 16)):
            name = self._random.choice(product.events)
            body: Body = {"name": name, "category": "info", "group": product.name.lower(), "labels": [product.views[0]]}
            yield Item(at, "events", body | {"data": {"item": f"item-{self._random.randint(100, 999)}"}})
        for at in self._moments(start, end, self._random.choices((0, 1, 2), (70, 22, 8))[0]):
            yield Item(at, "events", self._exception(product))

    def _exception(self, product: Product) -> Body:
        kind, message, module, function, line, text = self._random.choice(_ERRORS)
        package = product.name.lower().replace(" ", "_")
        file, main = f"/opt/{package}/{package}/{module}.py", f"/opt/{package}/{package}/main.py"
        stack = [
            "Traceback (most recent call last):\n",
            f'  File "{main}", line 64, in run\n    {module}.{function}(job)\n',
            f'  File "{file}", line {line}, in {function}\n    {text}\n',
            f"{kind}: {message}\n",
        ]
        described: Body = {
            "name": "exception",
            "category": "error",
            "group": "exception",
            "labels": ["exception", kind],
        }
        source: Body = {"source_file": file, "source_line": line, "source_function": function}
        return (
            described
            | source
            | {"message": message, "exception_type": kind, "exception_msg": message, "stacktrace": stack}
        )

    def _metrics(self, start: datetime, end: datetime, is_new: bool) -> Iterator[Item]:
        """Yield points of a gauge, which grows in a new version, a counter, a histogram and a timer."""
        memory, total, samples = 180 + 60 * self._random.random(), 0, [0] * len(_BOUNDS)
        values: list[float] = []
        for number in range(1, 11):
            at = start + (end - start) * number / 10.5
            memory *= self._random.uniform(1.0, 1.16) if is_new else self._random.uniform(0.95, 1.06)
            yield Item(at, "metrics", {"name": "memory", "value": round(memory, 1), "type": "gauge", "unit": "MiB"})
            total += self._random.randint(0, 14)
            counter: Body = {"name": "requests", "value": total, "type": "counter", "tags": ["endpoint:/assist"]}
            yield Item(at, "metrics", counter)
            for _ in range(self._random.randint(2, 9)):
                values.append(around(self._random, 240, 0.8))
                samples[min(bisect.bisect_left(_BOUNDS, values[-1]), len(_BOUNDS) - 1)] += 1
            yield Item(at, "metrics", _histogram(values, samples))
            timer: Body = {
                "name": "save",
                "value": around(self._random, 34),
                "type": "timer",
                "unit": "milliseconds",
                "count": 1,
            }
            yield Item(at, "metrics", timer)

    def _last(self, how: str, end: datetime) -> Iterator[Item]:
        """Yield how it ends: well, by a crash, with silence after a last heartbeat, or hung."""
        if how == "hang":
            yield Item(end, "events", {"name": "application_appears_hung", "category": "warning", "group": "watchdog"})
            return
        yield Item(end - timedelta(seconds=20), "heartbeat", {})
        if how == "crash":
            yield Item(end, "crash", {"reason": self._random.choice(("SIGSEGV", "out of memory", "SIGABRT"))})
        elif how == "end":
            yield Item(end, "end", {})


def _histogram(values: list[float], samples: list[int]) -> Body:
    buckets = [{"le": bound, "count": count} for bound, count in zip(_BOUNDS, samples, strict=True)]
    whole = {"count": len(values), "sum": round(sum(values), 2), "buckets": buckets}
    mean = round(sum(values) / len(values), 3)
    return {"name": "latency", "value": mean, "type": "histogram", "unit": "milliseconds", "metadata": whole}
