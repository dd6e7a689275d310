"""The guard of `Client`."""

from collections.abc import Iterable, Mapping
from functools import partial

from meterd.client.connection import Connection
from meterd.client.guard.base import WINDOW, BaseGuard, logging_failure
from meterd.client.guard.redaction import Action, Policy, Redaction, chosen, redaction
from meterd.client.guard.streams import GuardedStream
from meterd.client.guard.window import Window
from meterd.client.guard.wire import Actor, Classifiers, Counted, Match, Platform, read_matches


class Guard(BaseGuard):
    """Classifies and redacts the texts of one AI agent. Blocking and thread-safe; `Client.guard` makes one."""

    def __init__(
        self, connection: Connection, agent: str, platform: Platform, attributes: Mapping[str, str] | None
    ) -> None:
        super().__init__(agent, platform, attributes)
        self._connection = connection

    def classify(
        self,
        text: str,
        actor: Actor = "user",
        *,
        classifiers: Classifiers = None,
        metadata: Mapping[str, str] | None = None,
        structured: bool = False,
    ) -> list[Match]:
        """Find what is in a text. The server counts each match as `ai_guard.classification`.

        Arguments:
            text: offsets of matches count its characters, as Python does.
            actor: who wrote it.
            classifiers: the uuid of a profile, codes, or definitions; those of the default profile if not given. A
                mapping is sent as `classifierDescription`.
            metadata: where the text comes from: `objectName`, `parentObjectName`, `xPath`, `fileExtension`.
            structured: whether it is structured data.

        Raises:
            ValueError: the classifiers are neither all codes nor all definitions.
            StatusError: the server answers with an error.
            ConnectionFailed: there is no answer.
            UnexpectedAnswer: the answer is not AI Guard's.
            ClientClosed: the client is closed.
        """
        return self._classified(text, None, actor, classifiers, metadata, structured)

    def redact(
        self,
        text: str,
        actor: Actor = "user",
        *,
        policy: Action | Policy = "redact",
        classifiers: Classifiers = None,
        metadata: Mapping[str, str] | None = None,
        structured: bool = False,
    ) -> Redaction:
        """Return the text after the policy: `redact` masks matches, `block` leaves nothing of a text with a match.

        If that changed it, one `ai_guard.redact` is counted. When counting fails, that is logged as an error of the
        logger `meterd.client`. Other arguments are those of `classify`.

        Raises:
            ValueError: the policy is wrong, or as `classify`.
            MeterdClientError: as `classify`.
        """
        rules = chosen(policy)
        matches = self.classify(text, actor, classifiers=classifiers, metadata=metadata, structured=structured)
        result = redaction(text, matches, rules)
        if result.action != "none":
            self._count(result.action, actor)
        return result

    def stream(
        self,
        chunks: Iterable[str],
        actor: Actor = "agent",
        *,
        policy: Action | Policy = "redact",
        window: int = WINDOW,
        classifiers: Classifiers = None,
        metadata: Mapping[str, str] | None = None,
        structured: bool = False,
    ) -> GuardedStream:
        """Redact a text while it arrives, also where a match begins in one chunk and ends in another.

        Text is released when `window` further characters are classified with it, so up to twice as many are held back.
        A blocked match ends the stream, which then is `blocked`; what came before it may have been released.
        `ai_guard.redact` is counted once for each kind of action in the stream.

        Arguments:
            window: characters that a match spans at most, together with the words around it that classifiers look at.

        Other arguments are those of `redact`, whose errors the stream raises while it is read.

        Raises:
            ValueError: the policy or the window is wrong.
        """
        classify = partial(
            self._classified, actor=actor, classifiers=classifiers, metadata=metadata, structured=structured
        )
        return GuardedStream(chunks, Window(chosen(policy), window), classify, partial(self._count, actor=actor))

    def user(self, *, new_session: bool) -> None:
        """Count a request of a user (`ai_guard.user`), which begins a session or goes on with one."""
        self.metric("ai_guard.user", 1, new_session="true" if new_session else "false")

    def response(self, milliseconds: float) -> None:
        """Record how long the agent's model took to respond (`ai_guard.agent`), in whole milliseconds."""
        self.metric("ai_guard.agent", round(milliseconds))

    def metric(self, name: str, value: int, /, **attributes: str) -> None:
        """Record an event of a meter, with the attributes that it requires. It is on the server's disk on return.

        An event whose answer is lost is sent again, and then counts twice.

        Raises:
            MeterdClientError: as `classify`.
        """
        self._connection.send(self._metric(name, value, attributes))

    def _classified(
        self,
        text: str,
        counted: Counted | None,
        actor: Actor,
        classifiers: Classifiers,
        metadata: Mapping[str, str] | None,
        structured: bool,
    ) -> list[Match]:
        request = self._classification(text, actor, classifiers, metadata, structured, counted)
        return read_matches(self._connection.send(request), text)

    def _count(self, action: Action, actor: Actor) -> None:
        with logging_failure():
            self.metric("ai_guard.redact", 1, action=action, actor=actor)
