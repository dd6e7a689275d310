"""JSON rows from clients: decoded, checked and completed into facts (`docs/specifications/ingest-sources.md` section
3).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, cast

import msgspec

from meterd.access import Caller, Scope
from meterd.datasets import Dataset, Kind
from meterd.datasets.usage import SENT, VOUCHED
from meterd.errors import Forbidden, InvalidInput
from meterd.ingest.admission import admission
from meterd.ingest.facts import Facts, encode
from meterd.validation import explain

if TYPE_CHECKING:
    from meterd.datasets.rows import ApiRequest, ProcessRun, QueueSample, Row

MAX_AHEAD = timedelta(hours=24)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def facts_from_json(body: bytes, dataset: Dataset, caller: Caller, lines: bool, max_rows: int) -> Facts:
    """Make facts of rows as `rows_from_json` reads them."""
    rows = rows_from_json(body, dataset, caller, lines, max_rows)
    return encode(dataset, caller.tenant, rows, caller.identity)


def rows_from_json(body: bytes, dataset: Dataset, caller: Caller, lines: bool, max_rows: int) -> "Sequence[Row]":
    """Read rows from one JSON object, an array of them, or one a line.

    Args:
        body: the decompressed body.
        lines: the client says that it is NDJSON.
        max_rows: more rows than this are refused.

    Raises `InvalidInput` naming the row (counted from 0) and the field, and `Forbidden` when a row names another
    subject or team than the caller's without the scope for it. Nothing is kept of a body with a bad row.
    """
    rows = _decode(body, dataset, lines)
    if len(rows) > max_rows:
        raise InvalidInput(f"the request has {len(rows)} rows, the limit is {max_rows} (ingest.max-rows)")
    completion, admitted = _Completion(dataset, caller), admission(dataset)
    for number, row in enumerate(rows):
        try:
            completion.apply(row)
            admitted.require(row)
        except (InvalidInput, Forbidden) as error:
            raise type(error)(f"row {number}: {error.message}") from None
        except RecursionError:
            raise InvalidInput(f"row {number}: is nested too deeply") from None
    return rows


def _decode(body: bytes, dataset: Dataset, lines: bool) -> "Sequence[Row]":
    one, many = _decoders(dataset)
    try:
        if lines:
            return one.decode_lines(body)
        return many.decode(body) if body.lstrip()[:1] == b"[" else [one.decode(body)]
    except msgspec.ValidationError as error:
        row, field, what = explain(error, dataset.sent_type)
        if field in dataset.assigned:
            what = "is set by the server: leave it out"
        raise InvalidInput(f"row {row or 0}: {field or 'the row'} {what}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "; send several rows as an array or as application/x-ndjson" if "trailing" in str(error) else ""
        raise InvalidInput(f"the body is not valid JSON: {error}{hint}") from None
    except RecursionError:
        raise InvalidInput("the body is nested too deeply") from None


@cache
def _decoders(dataset: Dataset) -> "tuple[msgspec.json.Decoder[Row], msgspec.json.Decoder[list[Row]]]":
    sent_type = dataset.sent_type
    return msgspec.json.Decoder(sent_type), msgspec.json.Decoder(list[sent_type])  # type: ignore[valid-type]


class _Completion:
    """Fills in what a row leaves out, and checks what depends on who sends it and when."""

    def __init__(self, dataset: Dataset, caller: Caller) -> None:
        self._caller = caller
        self._now = datetime.now(UTC)
        self._latest = self._now + MAX_AHEAD
        self._teams = frozenset(caller.teams)
        self._any_subject = Scope.INGEST_ANY_SUBJECT in caller.scopes
        self._origin = (VOUCHED if self._any_subject else SENT) if "origin" in dataset.by_name else None
        self._maps = [column.name for column in dataset.columns if column.kind is Kind.TEXT_MAP]

    def apply(self, row: "Row") -> None:
        row.ts = self._now if row.ts is None else self._time(row.ts)
        self._subject(row)
        if self._origin:
            cast("ApiRequest | ProcessRun | QueueSample", row).origin = self._origin
        for name in self._maps:
            if (labels := getattr(row, name)) is not None:
                setattr(row, name, text_map(labels))

    def _time(self, time: datetime) -> datetime:
        try:
            utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except OverflowError:
            raise InvalidInput("createdAt is out of range") from None
        if not _EARLIEST <= utc <= self._latest:
            raise InvalidInput("createdAt must lie between 1970 and 24 hours from now")
        return utc

    def _subject(self, row: "Row") -> None:
        caller = self._caller
        if row.subject is None and row.subject_type is None:
            row.subject, row.subject_type = caller.subject, caller.subject_type
        else:
            row.subject = caller.subject if row.subject is None else row.subject
            row.subject_type = caller.subject_type if row.subject_type is None else row.subject_type
            if (row.subject, row.subject_type) != (caller.subject, caller.subject_type):
                self._need_any_subject("createdBySubjectSlug names another subject than the token's")
        if row.teams is None:
            row.teams = caller.teams
        elif not self._teams.issuperset(row.teams):
            self._need_any_subject("teams names a team that the token's subject is not in")
        if len(row.teams) > 1:
            row.teams = list(dict.fromkeys(row.teams))

    def _need_any_subject(self, what: str) -> None:
        if not self._any_subject:
            raise Forbidden(f'{what}: that needs the scope "{Scope.INGEST_ANY_SUBJECT}"')


def text_map(labels: Mapping[str, object]) -> dict[str, str]:
    """Turn values that are no text into their JSON; null is left out."""
    return {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for key, value in labels.items()
        if value is not None
    }
