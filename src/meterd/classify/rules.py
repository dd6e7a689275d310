"""Applies a classifier's rules to what its patterns propose.

They are applied in order: a rule looks at, and around, what the pattern found and the rules before it added. Removals
are final, so they are tried last, on findings that would otherwise be reported: they include the dear validators.
"""

from collections.abc import Callable, Collection, Iterator

import msgspec

from meterd.classify.expressions import compiled
from meterd.classify.findings import Finding
from meterd.classify.model import Adjust, Classifier, Dictionary, Expression, Likelihood, Rule, Set, Target, Validator
from meterd.classify.validators import validator
from meterd.classify.words import Span, Words, split_words

Search = Callable[[str, int, int], Span | None]
"""Where a part of a text meets a test."""


class Source(msgspec.Struct, frozen=True):
    """A text, and the name of the column or file it came from, which may be empty."""

    text: str
    object_name: str = ""
    object_words: str = ""

    @classmethod
    def of(cls, text: str, object_name: str) -> "Source":
        return cls(text, object_name, split_words(object_name))


class CompiledRule:
    """A rule that is ready to be applied. Raises `InvalidExpression` or `UnknownValidator`.

    `probes` numbers a dictionary's context words in the prefilter; the rule can't be met in a text without any of them.
    """

    def __init__(self, rule: Rule, probes: frozenset[int] | None = None) -> None:
        self.rule = rule
        self.removes = isinstance(rule.effect, Set) and rule.effect.likelihood is Likelihood.NO_MATCH
        self.expands = rule.expand and rule.target is Target.CONTEXT
        self.probes = None if rule.inverse or rule.target is not Target.CONTEXT else probes
        self._words = Words(rule.test) if isinstance(rule.test, Dictionary) else None
        self._search = self._words.find if self._words else _search(rule.test)

    def spans(self, source: Source, start: int, end: int) -> list[Span]:
        """Tell where the target of the finding from `start` to `end` meets the test: in the text, if that is the
        context.
        """
        rule, text = self.rule, source.text
        if rule.target is Target.FINDING:
            parts = [(text[start:end], 0, end - start)]
        elif rule.target is Target.OBJECT_NAME:
            name = source.object_words if isinstance(rule.test, Dictionary) else source.object_name
            parts = [(name, 0, len(name))] if name else []
        else:
            before = [(text, max(0, start - rule.before), start)] if rule.before else []
            after = [(text, end, min(len(text), end + rule.after))] if rule.after else []
            parts = before + after
        found = (self._search(*part) for part in parts)
        return [span for span in found if span is not None]

    def words_before(self, source: Source, start: int) -> Iterator[Span]:
        """Return where its words are in the context before a place."""
        words, place = self._words, max(0, start - self.rule.before)
        while words is not None and place < start and (found := words.find(source.text, place, start)):
            yield found
            place = found[1]

    def may_hold(self, source: Source, occurring: Collection[int] | None) -> bool:
        """Tell whether a finding of the text could meet it; `occurring` are the probes found in it, None if unknown."""
        if self.rule.target is Target.OBJECT_NAME and not self.rule.inverse:
            return bool(source.object_name) and bool(self.spans(source, 0, 0))
        return self.probes is None or occurring is None or not self.probes.isdisjoint(occurring)


def _search(test: Expression | Dictionary | Validator) -> Search:
    if isinstance(test, Dictionary):
        return Words(test).find
    if isinstance(test, Validator):
        accepts = validator(test.name)
        return lambda text, start, end: (start, end) if accepts(text[start:end]) else None
    regexp = compiled(test.regex, test.ignore_case)

    def search(text: str, start: int, end: int) -> Span | None:
        found = regexp.search(text[start:end])
        if found is None:
            return None
        first, last = found.span()
        return start + first, start + last

    return search


class Rules:
    """The rules of a classifier; `probes` numbers the terms of the dictionaries that the prefilter looks for."""

    def __init__(self, classifier: Classifier, probes: dict[Dictionary, frozenset[int]]) -> None:
        self._classifier = classifier
        self._rules = [
            CompiledRule(rule, probes.get(rule.test) if isinstance(rule.test, Dictionary) else None)
            for rule in classifier.rules
        ]

    def highest(self, likelihood: Likelihood, source: Source, occurring: Collection[int] | None) -> Likelihood:
        """Return the most that a finding of this text, which starts with `likelihood`, can come to."""
        for rule in self._rules:
            raised = _changed(likelihood, rule.rule.effect)
            if raised > likelihood and rule.may_hold(source, occurring):
                likelihood = raised
        return likelihood

    def distance(self, source: Source, start: int, end: int) -> int | None:
        """Tell how far before a finding the nearest of the words that raise it ends; None if there is none."""
        ends = [
            last
            for rule in self._rules
            if isinstance(rule.rule.test, Dictionary) and rule.rule.target is Target.CONTEXT and not rule.removes
            for _, last in rule.words_before(source, start)
        ]
        return start - max(ends) if ends else None

    def verdict(
        self, source: Source, start: int, end: int, likelihood: Likelihood, minimum: Likelihood
    ) -> Finding | None:
        """Return the finding from `start` to `end` after all rules; None when it is removed or not as likely as
        `minimum`.
        """
        removals: list[tuple[CompiledRule, int, int]] = []
        for rule in self._rules:
            if rule.removes:
                removals.append((rule, start, end))
                continue
            spans = rule.spans(source, start, end)
            if bool(spans) == rule.rule.inverse:
                continue
            likelihood = _changed(likelihood, rule.rule.effect)
            if rule.expands:
                start = min([start, *(span[0] for span in spans)])
                end = max([end, *(span[1] for span in spans)])
        if likelihood < minimum or likelihood is Likelihood.NO_MATCH:
            return None
        if any(bool(rule.spans(source, *place)) != rule.rule.inverse for rule, *place in removals):
            return None
        return Finding(start, end, likelihood, self._classifier)


def _changed(likelihood: Likelihood, effect: Set | Adjust) -> Likelihood:
    if isinstance(effect, Set):
        return effect.likelihood
    if effect.levels == 0:
        return likelihood
    return Likelihood(max(Likelihood.VERY_UNLIKELY, min(Likelihood.VERY_LIKELY, likelihood + effect.levels)))
