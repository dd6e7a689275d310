"""Runs some classifiers over a text: their patterns, or a language model, propose places, their rules judge them.

A text with escapes, or characters in place of others, is searched twice: as it is written, and as it is read. The cells
of tables are searched once more, behind their headings.

A long text is searched piece by piece, so that a pattern costs time only where it occurs. The pieces overlap: in a
text of more than `_PIECE` bytes, what is found is exact but for finds of more than `_OVERLAP` bytes, which may be cut.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain, groupby

import msgspec

from meterd.classify.entities import Recogniser, likelihood
from meterd.classify.errors import Abandoned, LimitExceeded, UnusableClassifier
from meterd.classify.expressions import compiled
from meterd.classify.findings import Finding, Precedence
from meterd.classify.model import Classifier, Dictionary, Likelihood, Pattern, Target
from meterd.classify.prefilter import Prefilter, Probe, probe, probes
from meterd.classify.rules import Rules, Source
from meterd.classify.validators import UnknownValidator
from meterd.classify.views import Origin, Proposal, Proposed, View, views, without_doubtful
from meterd.classify.words import stands_alone
from meterd.expressions.regular import InvalidExpression, RegularExpression

_PIECE = 64 * 1024
_UNFILTERED_PIECE = 1024 * 1024
"""Where all is looked for anyhow, large pieces spare what overlaps."""
_OVERLAP = 16 * 1024
_PROPOSALS = 20
"""So many places may be proposed for each match that is allowed: rules remove most of what some patterns propose."""
_MAX_FINDINGS = 10_000
_LESS = "send it in parts, or choose fewer or more precise classifiers"
_KEYS = compiled("(?i:key|token|secret|pass|pwd|auth|credential|dsn)")
"""Headings of columns for which patterns have words of their own."""
_FEW = 8
"""So many expressions are searched for faster than they are filtered."""


class Use(Origin, frozen=True):
    """The use that one classifier makes of an expression's matches."""

    pattern: Pattern


Place = tuple[int, int, Use]
"""Where it matches: start and end."""


class Search(msgspec.Struct, frozen=True):
    """An expression, shared by all patterns that consist of it, and what must occur for it to match."""

    sign: Probe
    sign_regexp: RegularExpression | None
    """None where the expression itself is its sign."""
    regexp: RegularExpression
    uses: tuple[Use, ...]


class Piece(msgspec.Struct, frozen=True):
    """A piece of a text: bytes `start` to `end`, and the ends of what is searched around them."""

    start: int
    end: int
    before: int
    after: int


class Plan:
    """Classifiers, ready to run; immutable, for any number of threads. Raises `UnusableClassifier`.

    Those for entities find them with the `recogniser`, and nothing without.
    """

    def __init__(
        self,
        classifiers: Sequence[Classifier],
        prefilter: Prefilter | None = None,
        recogniser: Recogniser | None = None,
    ) -> None:
        expressions = {_expression(pattern) for classifier in classifiers for pattern in classifier.patterns}
        filtered = prefilter if len(expressions) > _FEW else None
        self._precedence = Precedence(classifiers)
        numbers = filtered.numbers if filtered else {}
        dictionaries = _numbered(classifiers, numbers)
        found: dict[tuple[Probe, Probe], tuple[RegularExpression, list[Use]]] = {}
        self._rules: dict[str, Rules] = {}
        self._entities: dict[str, list[tuple[Classifier, Rules]]] = {}
        for classifier in classifiers:
            try:
                rules = self._rules[classifier.code] = Rules(classifier, dictionaries)
                for pattern in classifier.patterns:
                    one = found.setdefault(
                        (probe(pattern), _expression(pattern)), (compiled(*_expression(pattern)), [])
                    )
                    one[1].append(Use(pattern.likelihood, classifier, rules, pattern))
            except (InvalidExpression, UnknownValidator) as error:
                raise UnusableClassifier(classifier.code, str(error)) from None
            if classifier.entity:
                self._entities.setdefault(classifier.entity, []).append((classifier, rules))
        self._recogniser = recogniser if self._entities else None
        searches = [
            Search(sign, None if sign == expression else compiled(*sign), regexp, tuple(uses))
            for (sign, expression), (regexp, uses) in found.items()
        ]
        self._always = [search for search in searches if search.sign not in numbers]
        self._filtered: dict[int, list[Search]] = {}
        for search in searches:
            if search.sign in numbers:
                self._filtered.setdefault(numbers[search.sign], []).append(search)
        words = frozenset(chain.from_iterable(dictionaries.values()))
        signs = frozenset(numbers[one.sign] for one in searches if one.sign_regexp and one.sign in numbers)
        self._scan = filtered.scan(self._filtered) if filtered else None
        self._word_scan = filtered.scan(words) if filtered else None
        self._heading_scan = filtered.scan(words | signs) if filtered else None
        self._heading_words = words | signs
        self.instructions = sum(search.regexp.programsize for search in searches)
        """Of its patterns, compiled: the most work for a character."""

    def run(
        self,
        source: Source,
        minimum: Likelihood,
        size: int | None = None,
        maximum: int = _MAX_FINDINGS,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> list[Finding]:
        """Return what is found in the text, at least as likely as `minimum`, in order of start and end.

        Raises `LimitExceeded` for more than `maximum`, and `Abandoned` soon after it is not wanted any more.
        """
        piece = size or (_PIECE if self._scan else _UNFILTERED_PIECE)

        def go_on() -> None:
            if not is_wanted():
                raise Abandoned

        proposals = list(self._recognised(source))
        for view in views(source, self._tells, go_on):
            proposals += self._proposals(view, minimum, piece, maximum * _PROPOSALS - len(proposals), go_on)
        proposals = without_doubtful(proposals)

        def evaluate(_start: int, _end: int, proposed: Proposed) -> Finding | None:
            go_on()
            return proposed.verdict(minimum)

        findings = list(self._named_nearest(source, self._precedence.settled(_likeliest(proposals), evaluate)))
        if len(findings) > maximum:
            raise LimitExceeded(
                "max_matches", f"The text has {len(findings)} matches, at most {maximum} are answered: {_LESS}"
            )
        return findings

    def _proposals(
        self, view: View, minimum: Likelihood, size: int, maximum: int, go_on: Callable[[], None]
    ) -> Iterator[Proposal]:
        """Return what patterns propose that may come to the minimum. Raises as `run`."""
        text = view.source.text
        encoded = text.encode()
        characters = count = 0
        for piece in _pieces(encoded, size):
            go_on()
            places = self._places(view.source, encoded, piece, minimum, maximum - count)
            offsets = _characters(text, encoded, piece, characters, {place for *ends, _ in places for place in ends})
            for start, end, use in _standing_alone(text, places, offsets):
                count += 1
                if (proposal := view.proposal(start, end, use)) is not None:
                    yield proposal
            characters = offsets[piece.end]

    def _named_nearest(self, source: Source, findings: list[Finding]) -> Iterator[Finding]:
        """Leave out, of several findings at the same place, those that a word names from farther off, and those that
        none names if another is.
        """
        for (start, end), same in groupby(findings, key=lambda finding: (finding.start, finding.end)):
            group = list(same)
            if len(group) == 1:
                yield group[0]
                continue
            distances = [self._rules[one.classifier.code].distance(source, start, end) for one in group]
            nearest = min((distance for distance in distances if distance is not None), default=None)
            for finding, distance in zip(group, distances, strict=True):
                if distance == nearest or (distance is None and finding.likelihood is Likelihood.VERY_LIKELY):
                    yield finding

    def _tells(self, heading: str) -> bool:
        """Tell whether a column's heading may say what is in its cells; any may, as long as nothing is compiled."""
        if self._heading_scan is None or _KEYS.search(heading):
            return True
        return not self._heading_words.isdisjoint(self._heading_scan.occurring(heading.encode()))

    def _recognised(self, source: Source) -> Iterator[Proposal]:
        view = View(source)
        for entity in self._recogniser.find(source.text) if self._recogniser else ():
            for classifier, rules in self._entities.get(entity.kind, ()):
                origin = Origin(likelihood(entity.score), classifier, rules)
                yield entity.start, entity.end, Proposed(origin, view, entity.start, entity.end)

    def _places(self, source: Source, encoded: bytes, piece: Piece, minimum: Likelihood, maximum: int) -> list[Place]:
        """Tell where patterns that may come to the minimum match, in bytes; they begin in the piece.

        Raises `LimitExceeded`.
        """
        occurring: set[int] | None = None
        searches = self._always
        if self._scan is not None and self._word_scan is not None:
            part = encoded[piece.before : piece.after]
            occurring = self._scan.occurring(part)
            searches = [*searches, *chain.from_iterable(self._filtered.get(one, ()) for one in occurring)]
            if any(use.likelihood < minimum for search in searches for use in search.uses):
                occurring |= self._word_scan.occurring(part)
        places: list[Place] = []
        present: dict[Probe, bool] = {}
        for search in searches:
            uses = [use for use in search.uses if use.rules.highest(use.likelihood, source, occurring) >= minimum]
            if not uses or (occurring is None and not _may_match(search, encoded, piece, present)):
                continue
            for found in search.regexp.finditer(encoded, piece.before, piece.after):
                if len(places) > maximum:
                    raise LimitExceeded("max_matches", f"The text has too many places that could be matches: {_LESS}")
                for use in uses:
                    start, end = found.span(use.pattern.group)
                    if piece.start <= start < piece.end and start < end:
                        places.append((start, end, use))
        return places


def _may_match(search: Search, encoded: bytes, piece: Piece, present: dict[Probe, bool]) -> bool:
    """Tell whether a piece has what must occur for an expression to match; `present` keeps that for others."""
    if search.sign_regexp is None:
        return True
    if search.sign not in present:
        present[search.sign] = any(search.sign_regexp.finditer(encoded, piece.before, piece.after))
    return present[search.sign]


def _expression(pattern: Pattern) -> tuple[str, bool]:
    return pattern.regex, pattern.ignore_case


def _numbered(classifiers: Sequence[Classifier], numbers: dict[Probe, int]) -> dict[Dictionary, frozenset[int]]:
    """Return the dictionaries of which the prefilter knows every term, with its numbers for them."""
    dictionaries = {
        rule.test
        for classifier in classifiers
        for rule in classifier.rules
        if isinstance(rule.test, Dictionary) and rule.target is Target.CONTEXT
    }
    terms = {one: probes(one) for one in dictionaries}
    return {
        one: frozenset(map(numbers.__getitem__, searched))
        for one, searched in terms.items()
        if searched and searched <= numbers.keys()
    }


def _pieces(encoded: bytes, size: int) -> Iterator[Piece]:
    """Return the text in pieces of about `size` bytes, none of which cuts a character."""
    start = 0
    while start < len(encoded):
        end = _character_start(encoded, start + size)
        before = _character_start(encoded, max(0, start - _OVERLAP))
        yield Piece(start, end, before, _character_start(encoded, end + _OVERLAP))
        start = end


def _character_start(encoded: bytes, offset: int) -> int:
    """Return the first offset, from this one on, at which a character begins or the text ends."""
    while offset < len(encoded) and encoded[offset] & 0xC0 == 0x80:
        offset += 1
    return min(offset, len(encoded))


def _characters(text: str, encoded: bytes, piece: Piece, characters: int, offsets: set[int]) -> dict[int, int]:
    """For offsets in bytes, and that of the piece's end, those in characters; the piece starts at `characters`."""
    wanted = sorted(offsets | {piece.end})
    if len(text) == len(encoded):
        return {offset: offset for offset in wanted}
    known: dict[int, int] = {}
    last = piece.start
    for offset in wanted:
        characters += len(encoded[last:offset].decode())
        known[offset] = characters
        last = offset
    return known


def _standing_alone(text: str, places: list[Place], offsets: dict[int, int]) -> Iterator[Place]:
    """Return the places, in characters, that a pattern's conditions on its surroundings allow."""
    length = len(text)
    for first, last, use in places:
        start, end, pattern = offsets[first], offsets[last], use.pattern
        if length >= pattern.minimum_length and stands_alone(text, start, end, pattern.boundary):
            yield start, end, use


def _likeliest(proposals: list[Proposal]) -> Collection[Proposal]:
    """Keep one for each place and classifier: rules make the most of the one that is likeliest before them.

    But the text around a cell says something else than its heading, so both are judged.
    """
    ordered = sorted(proposals, key=lambda proposal: proposal[2].origin.likelihood)
    kept = {(start, end, one.classifier.code, one.view.is_table): (start, end, one) for start, end, one in ordered}
    return kept.values()
