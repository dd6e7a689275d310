import importlib
import inspect
import pkgutil
import re

import pytest

import meterd
from meterd import errors
from meterd.errors import ConfigurationError, InvalidInput, MeterdError, MethodNotAllowed, TooLarge, Unavailable

LINE = re.compile(r"^(?P<indent>(?:│   |    )*)(?:[├└]── )?(?P<name>[A-Z]\w+)(?: +(?P<status>\d{3}))?(?: .*)?$")


def drawn_tree() -> dict[str, tuple[str | None, str | None]]:
    """Name -> (parent, status) of the tree in the module's docstring."""
    tree: dict[str, tuple[str | None, str | None]] = {}
    path: list[str] = []
    assert errors.__doc__ is not None
    drawing = errors.__doc__.split("\n\n")[1]
    for line in drawing.splitlines():
        match = LINE.match(line)
        assert match is not None, line
        depth = 0 if line == match["name"] else len(match["indent"]) // 4 + 1
        path[depth:] = [match["name"]]
        tree[match["name"]] = (path[depth - 1] if depth else None, match["status"])
    return tree


def real_tree() -> dict[str, type[Exception]]:
    return {
        name: each
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, Exception) and each.__module__ == errors.__name__
    }


def test_the_drawn_tree_is_the_real_one() -> None:
    drawn = {name: parent for name, (parent, _) in drawn_tree().items()}
    real = {name: None if each is MeterdError else each.__mro__[1].__name__ for name, each in real_tree().items()}

    assert drawn == real


def test_what_refines_the_tree_elsewhere_is_named_below_it() -> None:
    modules = [each.name for each in pkgutil.walk_packages(meterd.__path__, "meterd.") if "migrations" not in each.name]
    for name in modules:
        importlib.import_module(name)
    elsewhere = {each.__name__ for each in subclasses(MeterdError) if each.__module__ != errors.__name__}

    assert errors.__doc__ is not None
    _, _, below = errors.__doc__.partition("Messages are sentences")
    assert elsewhere == {name for name in elsewhere if f"`{name}`" in below}


def subclasses(parent: type[MeterdError]) -> set[type[MeterdError]]:
    return set().union(*({each} | subclasses(each) for each in parent.__subclasses__()))


def test_the_drawn_statuses_are_the_real_ones() -> None:
    drawn = {name: int(status) for name, (_, status) in drawn_tree().items() if status}
    real = {name: each.status for name, each in real_tree().items() if issubclass(each, MeterdError)}

    assert drawn == {name: real[name] for name in drawn}
    assert {"MeterdError", "ConfigurationError"} == set(real) - set(drawn)


@pytest.mark.parametrize("each", [ConfigurationError, InvalidInput, TooLarge, Unavailable])
def test_an_error_carries_its_sentence(each: type[MeterdError]) -> None:
    error = each("latencyMs must be a number")

    assert "latencyMs must be a number" == error.message == str(error)


def test_unavailable_says_when_to_come_back() -> None:
    assert Unavailable("later").retry_after == 1
    assert Unavailable("later", retry_after=30).retry_after == 30


def test_a_refused_method_names_the_methods_that_are_taken() -> None:
    error = MethodNotAllowed("GET, POST")

    assert error.allow == "GET, POST"
    assert "GET, POST" in error.message
