"""Policies, and the redaction of matches."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from meterd.client.guard.wire import Match

Action = Literal["none", "redact", "block"]
"""To leave a match as it is, to mask it, or to hold back the whole text; in the order of their strength."""

_STRENGTH: tuple[Action, ...] = get_args(Action)


class Policy(msgspec.Struct, frozen=True):
    """The action for each classifier; `default` for those that are not in `classifiers`.

    `mask` is the character that takes the place of each that is redacted.

    Raises:
        ValueError: an action or the mask is none.
    """

    default: Action = "redact"
    classifiers: Mapping[str, Action] = {}
    mask: str = "*"

    def __post_init__(self) -> None:
        for action in (self.default, *self.classifiers.values()):
            if action not in _STRENGTH:
                raise ValueError(f"policy must be one of {', '.join(_STRENGTH)}, got {action!r}")
        if len(self.mask) != 1:
            raise ValueError(f"mask must be one character, got {self.mask!r}")

    def action(self, match: Match) -> Action:
        return self.classifiers.get(match.classifier, self.default)

    def masked(self, text: str, matches: Iterable[Match]) -> str:
        """Return the text, as long as before, with the matches masked that are to be redacted."""
        characters = list(text)
        for match in matches:
            if self.action(match) == "redact":
                characters[match.start : match.end] = self.mask * (match.end - match.start)
        return "".join(characters)


class Redaction(msgspec.Struct, frozen=True):
    """A text after its policy: `action` is the strongest that was needed, and of a blocked text nothing is left.

    `matches` are all that were found, also those that the policy lets pass; their offsets are those of the original.
    """

    text: str
    matches: list[Match]
    action: Action

    @property
    def blocked(self) -> bool:
        return self.action == "block"


def chosen(policy: Action | Policy) -> Policy:
    """Return the policy that an argument stands for."""
    return policy if isinstance(policy, Policy) else Policy(policy)


def strongest(actions: Iterable[Action]) -> Action:
    return max(actions, key=_STRENGTH.index, default="none")


def redaction(text: str, matches: Sequence[Match], policy: Policy) -> Redaction:
    action = strongest(policy.action(match) for match in matches)
    return Redaction("" if action == "block" else policy.masked(text, matches), list(matches), action)
