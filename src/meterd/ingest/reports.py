"""Reports of gateways about others' traffic: whose facts they are, and values cut to what is stored.

Rows that clients of our own send are refused for a flaw (`rows.py`). What gateways send is kept as far as it can be:
they would drop a whole batch for one refusal (`docs/specifications/ingest-sources.md` section 1.3).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice, repeat
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from meterd.access import Caller, Scope, SubjectType
from meterd.datasets import MAX_LABEL_LENGTH, MAX_LABELS, MAX_TEXT_LENGTH, Dataset
from meterd.errors import TooLarge
from meterd.ingest.admission import Admission, admission
from meterd.ingest.facts import Facts, Identities, digest, some_of
from meterd.ingest.rows import MAX_AHEAD, text_map
from meterd.ingest.spans import Link, Place
from meterd.settings import Ingest

if TYPE_CHECKING:
    from meterd.datasets.rows import Row, RowColumns

    class ReportedColumns(RowColumns, total=False):
        """The columns that all datasets which gateways report have."""

        subject_id: str | None
        conversation_id: str | None


_Text = TypeVar("_Text", str, str | None)
_BATCH_SIZE = 1000
_MIN_REPORT_BYTES = 2**20
"""Bytes of facts that a request may become however small it is."""
_encoder = msgspec.json.Encoder()


class _Gathered(msgspec.Struct):
    """Gathers facts of one dataset: their lines, and of each one its identity and its span's place, if it has them."""

    admission: Admission
    identities: Identities
    lines: list[bytes] = []
    digests: list[bytes | None] = []
    places: list[Place | None] = []

    def facts(self, dataset: str, tenant: str, piece: slice) -> Facts:
        lines, places = self.lines[piece], self.places[piece]
        return Facts(
            dataset,
            tenant,
            b"\n".join([*lines, b""]),
            len(lines),
            some_of(self.digests[piece]),
            places=tuple(places) if any(places) else (),
        )


class Report:
    """Gathers the rows of one request, for the token that sent it, within the limits of one request.

    Rows of one report may share names and metadata, and so be far larger than the `sent` bytes that they came in. Those
    beyond `ingest.max-growth` times these are left out. What has a flaw is left out, too: `members_left_out` counts
    members by name, `rows_left_out` rows by the reason.
    """

    def __init__(self, caller: Caller, limits: Ingest, sent: int) -> None:
        self._limits = limits
        self._count = self._size = 0
        self._max_bytes = _MIN_REPORT_BYTES + limits.max_growth * sent
        self.caller = caller
        self._any_subject = Scope.INGEST_ANY_SUBJECT in caller.scopes
        self._latest = datetime.now(UTC) + MAX_AHEAD
        self._sender = () if self._any_subject else caller.identity
        self._gathered: dict[Dataset, _Gathered] = {}
        self._links: list[Link] = []
        self._traces: dict[str, bytes] = {}
        self.members_left_out: Counter[str] = Counter()
        self.rows_left_out: Counter[str] = Counter()

    def add(
        self, dataset: Dataset, rows: "Sequence[Row]", whole: bool = False, places: Sequence[Place | None] = ()
    ) -> None:
        """Take rows of `dataset.row_type` without members that have a flaw, or only `whole` ones. Raises `TooLarge`.

        `places` are those of the spans that rows come from, one for each row; none when no row comes from one.
        """
        self._count += len(rows)
        if self._count > self._limits.max_rows:
            raise TooLarge(f"the request has more than {self._limits.max_rows} facts (ingest.max-rows)")
        gathered = self._gathered.get(dataset)
        if gathered is None:
            identities = Identities(dataset, self.caller.tenant, self._sender)
            gathered = self._gathered[dataset] = _Gathered(admission(dataset), identities)
        flaw, digest = gathered.admission.flaw, gathered.identities.digest
        lines, digests, placed = gathered.lines, gathered.digests, gathered.places
        for row, place in zip(rows, places or repeat(None), strict=bool(places)):
            if (flaw(row) is None or self._is_whole(gathered.admission, row, whole)) and (line := self._line(row)):
                lines.append(line)
                digests.append(digest(row))
                placed.append(place)

    def link(self, links: Iterable[Link]) -> None:
        """Take what is known of spans that no row comes from."""
        self._links += links

    def span_key(self, trace: str, span: str) -> bytes:
        """Return what tells the span of a trace from all others, of the same sender."""
        begins = self._traces.get(trace)
        if begins is None:
            begins = self._traces[trace] = digest("span", self.caller.tenant, *self._sender, trace)[:8]
        return begins + bytes.fromhex(span)

    def _is_whole(self, admission: Admission, row: "Row", whole: bool) -> bool:
        """Take members with a flaw away; False when the row can't do without."""
        while flaw := admission.flaw(row):
            column = flaw.column
            if whole or column.required or getattr(row, column.name) is None:
                self.rows_left_out[str(flaw)] += 1
                return False
            setattr(row, column.name, None)
            self.members_left_out[column.member] += 1
        return True

    def _line(self, row: "Row") -> bytes:
        """Encode the row; empty when it is too much."""
        line = _encoder.encode(row)
        if self._size + len(line) > self._max_bytes:
            self.rows_left_out["the request becomes too large for what was sent (ingest.max-growth)"] += 1
            return b""
        self._size += len(line) + 1  # the line feed
        return line

    def facts(self) -> tuple[Facts, ...]:
        """Return everything that was added. Raises `TooLarge`."""
        if self._size > self._limits.queue_bytes:
            raise TooLarge("the facts of the request are larger than what may wait (ingest.queue-bytes)")
        tenant = self.caller.tenant
        facts = [
            gathered.facts(dataset.name, tenant, slice(start, start + _BATCH_SIZE))
            for dataset, gathered in self._gathered.items()
            for start in range(0, len(gathered.lines), _BATCH_SIZE)
        ]
        if self._links:
            facts.append(Facts("", tenant, b"", 0, links=tuple(self._links)))
        return tuple(facts)

    def subject(
        self, user: str | None, account: str | None, id_: str | None, teams: Iterable[str | None]
    ) -> "ReportedColumns":
        """Return the columns that say whose a row is: as the gateway says, if the token may, or the token's subject.

        A user's name wins over an account's. Without either the subject is `unknown`.
        """
        if not self._any_subject:
            return cast("ReportedColumns", self.own_subject())
        return {
            "subject": cut(user or account or "unknown"),
            "subject_type": SubjectType.USER if user else SubjectType.VIRTUAL_ACCOUNT,
            "subject_id": cut(id_),
            "teams": [cut(team) for team in teams if team],
        }

    def own_subject(self) -> "RowColumns":
        """Return the columns that say that a row is the token's subject's."""
        caller = self.caller
        return {"subject": caller.subject, "subject_type": caller.subject_type, "teams": caller.teams}

    def time(self, seconds: float) -> datetime:
        """Make a time from seconds since 1970. Raises `ValueError` for times that JSON rows may not have either."""
        try:
            time = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise ValueError("is out of range") from None
        if seconds < 0 or time > self._latest:
            raise ValueError("must lie between 1970 and 24 hours from now")
        return time


def cut(text: _Text) -> _Text:
    """Cut the text to as much of it as is stored."""
    return text[:MAX_TEXT_LENGTH] if text and len(text) > MAX_TEXT_LENGTH else text


def labels(metadata: Mapping[str, object]) -> dict[str, str] | None:
    """Make metadata as it is stored: the first keys, texts cut, other values as JSON."""
    known = ((key, value) for key, value in metadata.items() if value is not None)
    kept = text_map(dict(islice(known, MAX_LABELS)))
    return {key[:MAX_LABEL_LENGTH]: text[:MAX_LABEL_LENGTH] for key, text in kept.items()} or None


def milliseconds(start: float, end: float) -> float:
    """Compute a duration from two times in seconds; clocks that were set back make it 0."""
    return max((end - start) * 1000, 0.0)


def fact_id(kind: str, *parts: object) -> str:
    """Make 16 hex digits that stand for one fact, the same however often it is reported."""
    text = "\0".join([kind, *("" if part is None else str(part) for part in parts)])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
