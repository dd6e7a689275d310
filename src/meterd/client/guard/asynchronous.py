"""The guard of `AsyncClient`."""

from collections.abc import AsyncIterable, Mapping
from functools import partial

from meterd.client.connection import AsyncConnection
from meterd.client.guard.base import WINDOW, BaseGuard, logging_failure
from meterd.client.guard.redaction import Action, Policy, Redaction, chosen, redaction
from meterd.client.guard.streams import AsyncGuardedStream
from meterd.client.guard.window import Window
from meterd.client.guard.wire import Actor, Classifiers, Counted, Match, Platform, read_matches


class AsyncGuard(BaseGuard):
    """The counterpart of `Guard` for one event loop; `AsyncClient.guard` makes one."""

    def __init__(
        self, connection: AsyncConnection, agent: str, platform: Platform, attributes: Mapping[str, str] | None
    ) -> None:
        super().__init__(agent, platform, attributes)
        self._connection = connection

    async def classify(
        self,
        text: str,
        actor: Actor = "user",
        *,
        classifiers: Classifiers = None,
        metadata: Mapping[str, str] | None = None,
        structured: bool = False,
    ) -> list[Match]:
        """Do what `Guard.classify` does."""
        return await self._classified(text, None, actor, classifiers, metadata, structured)

    async def redact(
        self,
        text: str,
        actor: Actor = "user",
        *,
        policy: Action | Policy = "redact",
        classifiers: Classifiers = None,
        metadata: Mapping[str, str] | None = None,
        structured: bool = False,
    ) -> Redaction:
        """Do what `Guard.redact` does."""
        rules = chosen(policy)
        matches = await self.classify(text, actor, classifiers=classifiers, metadata=metadata, structured=structured)
        result = redaction(text, matches, rules)
        if result.action != "none":
            await self._count(result.action, actor)
        return result

    def stream(
        self,
        chunks: AsyncIterable[str],
        actor: Actor = "agent",
        *,
        policy: Action | Policy = "redact",
        window: int = WINDOW,
        classifiers: Classifiers = None,
        metadata: Mapping[str, str] | None = None,
        structured: bool = False,
    ) -> AsyncGuardedStream:
        """Do what `Guard.stream` does; not to be awaited but iterated with `async for`."""
        classify = partial(
            self._classified, actor=actor, classifiers=classifiers, metadata=metadata, structured=structured
        )
        return AsyncGuardedStream(chunks, Window(chosen(policy), window), classify, partial(self._count, actor=actor))

    async def user(self, *, new_session: bool) -> None:
        """Do what `Guard.user` does."""
        await self.metric("ai_guard.user", 1, new_session="true" if new_session else "false")

    async def response(self, milliseconds: float) -> None:
        """Do what `Guard.response` does."""
        await self.metric("ai_guard.agent", round(milliseconds))

    async def metric(self, name: str, value: int, /, **attributes: str) -> None:
        """Do what `Guard.metric` does."""
        await self._connection.send(self._metric(name, value, attributes))

    async def _classified(
        self,
        text: str,
        counted: Counted | None,
        actor: Actor,
        classifiers: Classifiers,
        metadata: Mapping[str, str] | None,
        structured: bool,
    ) -> list[Match]:
        request = self._classification(text, actor, classifiers, metadata, structured, counted)
        return read_matches(await self._connection.send(request), text)

    async def _count(self, action: Action, actor: Actor) -> None:
        with logging_failure():
            await self.metric("ai_guard.redact", 1, action=action, actor=actor)
