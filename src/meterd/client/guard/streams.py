"""Texts that are redacted while they arrive."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator

from meterd.client.guard.redaction import Action, strongest
from meterd.client.guard.window import Part, Window, pieces
from meterd.client.guard.wire import Counted, Match


class BaseStream:
    """The matches in the text that was released so far, and what was done about them.

    Attributes:
        matches: with offsets in the whole original text.
    """

    def __init__(self, window: Window) -> None:
        self.matches: list[Match] = []
        self._window = window
        self._actions: frozenset[Action] = frozenset()

    @property
    def action(self) -> Action:
        """The strongest action so far."""
        return strongest(self._actions)

    @property
    def blocked(self) -> bool:
        """Whether the stream ended before something that the policy blocks."""
        return self.action == "block"

    def _apply(self, part: Part) -> frozenset[Action]:
        """Take a part into account; return the actions that are the first of their kind in this stream."""
        first = part.actions - self._actions
        self.matches += part.matches
        self._actions |= first
        return first


class GuardedStream(BaseStream, Iterator[str]):
    """Parts of the redacted text; together they are what `Guard.redact` makes of the whole.

    Reading it raises what `Guard.classify` and the chunks raise; what is not released then never is.
    """

    def __init__(
        self,
        chunks: Iterable[str],
        window: Window,
        classify: Callable[[str, Counted], list[Match]],
        count: Callable[[Action], None],
    ) -> None:
        super().__init__(window)
        self._classify = classify
        self._count = count
        self._texts = self._redacted(chunks)

    def __next__(self) -> str:
        return next(self._texts)

    def _redacted(self, chunks: Iterable[str]) -> Iterator[str]:
        for chunk in chunks:
            for piece in pieces(chunk):
                if counted := self._window.add(piece):
                    if text := self._decided(counted):
                        yield text
                    if self.blocked:
                        return
        if (counted := self._window.close()) and (text := self._decided(counted)):
            yield text

    def _decided(self, counted: Counted) -> str:
        part = self._window.decide(self._classify(self._window.text, counted), counted)
        for action in self._apply(part):
            self._count(action)
        return part.text


class AsyncGuardedStream(BaseStream, AsyncIterator[str]):
    """The counterpart of `GuardedStream` for one event loop."""

    def __init__(
        self,
        chunks: AsyncIterable[str],
        window: Window,
        classify: Callable[[str, Counted], Awaitable[list[Match]]],
        count: Callable[[Action], Awaitable[None]],
    ) -> None:
        super().__init__(window)
        self._classify = classify
        self._count = count
        self._texts = self._redacted(chunks)

    async def __anext__(self) -> str:
        return await anext(self._texts)

    async def _redacted(self, chunks: AsyncIterable[str]) -> AsyncIterator[str]:
        async for chunk in chunks:
            for piece in pieces(chunk):
                if counted := self._window.add(piece):
                    if text := await self._decided(counted):
                        yield text
                    if self.blocked:
                        return
        if (counted := self._window.close()) and (text := await self._decided(counted)):
            yield text

    async def _decided(self, counted: Counted) -> str:
        part = self._window.decide(await self._classify(self._window.text, counted), counted)
        for action in self._apply(part):
            await self._count(action)
        return part.text
