"""Applies a classifier's rules to what its patterns propose.

Every rule looks at the text around, and at, what the *pattern* found, so only the order of their effects matters.
Removals are final and thus tried last, on findings that would otherwise be reported: they include the dear validators.
"""

from collections.abc import Callable, Collection

import msgspec

from meterd.classify.expressions import compiled
from meterd.classify.model import Adjust, Classifier, Dictionary, Expression, Likelihood, Rule, Set, Target, Validator
from meterd.classify.validators import validator
from meterd.classify.words import Span, Words, parted

Search = Callable[[str, int, int], Span | None]
"""Where a part of a text meets a test."""


class Source(msgspec.Struct, frozen=True):
    """A text, and the name of the column or file it came from, which may be empty."""

    text: str
    object_name: str = ""
    object_words: str = ""

    @classmethod
    def of(cls, text: str, object_name: str) -> "Source":
        return cls(text, object_name, parted(object_name))


class Verdict(msgspec.Struct, frozen=True):
    """A finding after the rules."""

    start: int
    end: int
    likelihood: Likelihood


class CompiledRule:
    """Raises `InvalidExpression` or `UnknownValidator`.

    `probe` numbers a dictionary of context words in the prefilter; the rule can't be met in a text without them.
    """

    def __init__(self, rule: Rule, probe: int | None = None) -> None:
        self.rule = rule
        self.removes = isinstance(rule.effect, Set) and rule.effect.likelihood is Likelihood.NO_MATCH
        self.probe = None if rule.inverse or rule.target is not Target.CONTEXT else probe
        self._search = _search(rule.test)

    def spans(self, source: Source, start: int, end: int) -> list[Span]:
        """Where the target of the finding from `start` to `end` meets the test."""
        rule, text = self.rule, source.text
        if rule.target is Target.FINDING:
            parts = [(text, start, end)]
        elif rule.target is Target.OBJECT_NAME:
            name = source.object_words if isinstance(rule.test, Dictionary) else source.object_name
            parts = [(name, 0, len(name))] if name else []
        else:
            before = [(text, max(0, start - rule.before), start)] if rule.before else []
            after = [(text, end, min(len(text), end + rule.after))] if rule.after else []
            parts = before + after
        found = (self._search(*part) for part in parts)
        return [span for span in found if span is not None]

    def may_hold(self, source: Source, occurring: Collection[int] | None) -> bool:
        """Whether any finding of the text could meet it; `occurring` are the probes found in it, None if unknown."""
        if self.rule.target is Target.OBJECT_NAME and not self.rule.inverse:
            return bool(source.object_name) and bool(self.spans(source, 0, 0))
        return self.probe is None or occurring is None or self.probe in occurring


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
    """The rules of a classifier; `probes` numbers the dictionaries that the prefilter looks for."""

    def __init__(self, classifier: Classifier, probes: dict[Dictionary, int]) -> None:
        compiled_rules = [
            CompiledRule(rule, probes.get(rule.test) if isinstance(rule.test, Dictionary) else None)
            for rule in classifier.rules
        ]
        self._effects = [rule for rule in compiled_rules if not rule.removes]
        self._removals = [rule for rule in compiled_rules if rule.removes]

    def highest(self, likelihood: Likelihood, source: Source, occurring: Collection[int] | None) -> Likelihood:
        """The most that a finding of this text, which starts with `likelihood`, can come to."""
        for rule in self._effects:
            raised = _changed(likelihood, rule.rule.effect)
            if raised > likelihood and rule.may_hold(source, occurring):
                likelihood = raised
        return likelihood

    def verdict(
        self, source: Source, start: int, end: int, likelihood: Likelihood, minimum: Likelihood
    ) -> Verdict | None:
        """The finding from `start` to `end` after all rules; None when it is removed or not as likely as `minimum`."""
        first, last = start, end
        for rule in self._effects:
            spans = rule.spans(source, start, end)
            if bool(spans) == rule.rule.inverse:
                continue
            likelihood = _changed(likelihood, rule.rule.effect)
            if rule.rule.expand:
                first = min([first, *(span[0] for span in spans)])
                last = max([last, *(span[1] for span in spans)])
        if likelihood < minimum or likelihood is Likelihood.NO_MATCH:
            return None
        for rule in self._removals:
            if bool(rule.spans(source, start, end)) != rule.rule.inverse:
                return None
        return Verdict(first, last, likelihood)


def _changed(likelihood: Likelihood, effect: Set | Adjust) -> Likelihood:
    if isinstance(effect, Set):
        return effect.likelihood
    if effect.levels == 0:
        return likelihood
    return Likelihood(max(Likelihood.VERY_UNLIKELY, min(Likelihood.VERY_LIKELY, likelihood + effect.levels)))
