"""The framework's routers, each made for one application."""

from typing import Self

from litestar import Router as LitestarRouter


class Router(LitestarRouter):
    """A router that is registered as it is: the framework copies one with all that its handlers refer to."""

    def __deepcopy__(self, _known: dict[int, object]) -> Self:
        return self
