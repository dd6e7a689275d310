"""What files of deploy/ say to meterd is what it knows: settings, variables, arguments, addresses."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from meterd.cli import COMMANDS
from meterd.settings import load
from tests.deploy.files import (
    COMPOSE,
    KUSTOMIZATIONS,
    SETTINGS,
    image,
    image_environment,
    services,
    stateful_set,
    unit,
)
from tests.process import Meterd

FLAGS = {"METERD_CONFIG", "METERD_DATA"}
"""Variables that are no settings but stand for flags of `serve`."""


def name(path: Path) -> str:
    return path.parent.name


def serve(*arguments: str) -> dict[str, Any]:
    """What `meterd serve` reads of arguments. Fails for those that it does not have."""
    assert "serve" == arguments[0]
    parameters: dict[str, Any] = COMMANDS["serve"].load().make_context("serve", list(arguments[1:])).params
    return parameters


def settings_of(environment: dict[str, str]) -> None:
    """Load settings from variables. Fails for one that does not exist."""
    own = {key: value for key, value in environment.items() if key.startswith("METERD_")}
    assert {key for key in own if "__" not in key} <= FLAGS
    load(None, own)


@pytest.mark.parametrize("path", SETTINGS, ids=name)
def test_settings_files_hold_settings_that_exist(path: Path) -> None:
    load(path, {})


def test_the_image_serves_on_every_address_from_its_volume() -> None:
    environment = image_environment()
    settings_of(environment)
    listeners = load(None, environment).service.listeners
    assert [("0.0.0.0", 8080)] == [(each.host, each.port) for each in listeners]
    assert Path(environment["METERD_DATA"]).is_relative_to(image()["VOLUME"])
    assert '["meterd"]' == image()["ENTRYPOINT"]
    serve(*image()["CMD"].strip('[]"').split())


@pytest.mark.parametrize("path", COMPOSE, ids=name)
def test_compose_files_give_variables_and_arguments_that_exist(path: Path) -> None:
    for each in services(path).values():
        settings_of(image_environment() | each.get("environment", {}))
        serve(*each.get("command", ["serve"]))


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=name)
def test_pods_give_variables_and_arguments_that_exist(path: Path) -> None:
    (container,) = stateful_set(path)["spec"]["template"]["spec"]["containers"]
    given = {each["name"]: each.get("value", "text") for each in container.get("env", [])}
    settings_of(image_environment() | given)
    config = serve(*container["args"])["config"]
    assert (path.parent / config.name) in SETTINGS
    mounts = {each["mountPath"] for each in container["volumeMounts"]}
    assert {str(config.parent), image()["VOLUME"], "/tmp"} == mounts


def test_the_unit_gives_arguments_that_exist() -> None:
    command, *arguments = shlex.split(unit()["Service"]["ExecStart"])
    assert "meterd" == Path(command).name
    given = serve(*arguments)
    assert given["config"] == Path("/etc") / unit()["Service"]["ConfigurationDirectory"] / "meterd.yaml"
    assert given["data"] == Path("/var/lib") / unit()["Service"]["StateDirectory"]


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=name)
def test_probes_ask_addresses_that_answer_without_a_token(path: Path, shared: Meterd) -> None:
    (container,) = stateful_set(path)["spec"]["template"]["spec"]["containers"]
    asked = [container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert ["/healthz", "/healthz", "/readyz"] == [each["path"] for each in asked]
    assert {"http"} == {each["port"] for each in asked}
    assert [200] * 3 == [shared.anonymous.get(each["path"]).status_code for each in asked]
