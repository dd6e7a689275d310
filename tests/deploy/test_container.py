"""The image, and whatever runs it, agree; and it runs without rights that it does not need."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.files import (
    COMPOSE,
    KUSTOMIZATIONS,
    ROOT,
    document,
    image,
    instructions,
    resources,
    services,
    stateful_set,
)
from tests.process import Meterd

USER = 10001
PORTS = [8080, 4317]


def name(path: Path) -> str:
    return path.parent.name


def pod(kustomization: Path) -> dict[str, Any]:
    found: dict[str, Any] = stateful_set(kustomization)["spec"]["template"]["spec"]
    return found


def test_what_is_copied_is_there_and_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [source for each in instructions() if each.name == "COPY" for source in each.text.split()[:-1]]
    for source in (each for each in copied if not each.startswith(("--", "/"))):
        assert (ROOT / source).exists(), source
        assert source in kept or source.split("/")[0] in kept, source


def test_the_image_is_nobodys_in_particular() -> None:
    assert f"{USER}:{USER}" == image()["USER"]
    assert f"--owner={USER} --group={USER} --mode=0700" in image()["RUN"]
    assert PORTS == [int(port) for port in image()["EXPOSE"].split()]


def health(url: str) -> int:
    """The status of the image's own health check, asked of another server."""
    command = json.loads(image()["HEALTHCHECK"].partition("CMD ")[2])
    assert "python" == command[0]
    program = [sys.executable, *(each.replace("http://127.0.0.1:8080", url) for each in command[1:])]
    return subprocess.run(program, capture_output=True, timeout=60, check=False).returncode


def test_the_health_check_tells_who_answers(shared: Meterd) -> None:
    assert 0 == health(shared.url)
    assert 0 != health("http://127.0.0.1:1")


@pytest.mark.parametrize("path", COMPOSE, ids=name)
def test_compose_files_take_away_what_is_not_needed(path: Path) -> None:
    for each in services(path).values():
        assert (True, f"{USER}:{USER}", ["ALL"]) == (each["read_only"], each["user"], each["cap_drop"])
        assert ["no-new-privileges:true"] == each["security_opt"]
        assert {"mem_limit", "pids_limit", "stop_grace_period", "restart", "ulimits"} <= each.keys()
        kept = [volume.split(":") for volume in each["volumes"]]
        assert [image()["VOLUME"]] == [target for source, target, *_ in kept if source in document(path)["volumes"]]


@pytest.mark.parametrize("path", COMPOSE, ids=name)
def test_compose_files_publish_ports_on_this_machine_only(path: Path) -> None:
    published = [port for each in document(path)["services"].values() for port in each.get("ports", [])]
    assert sorted(f"127.0.0.1:{port}:{port}" for port in PORTS) == sorted(published)


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=name)
def test_pods_are_restricted(path: Path) -> None:
    context = pod(path)["securityContext"]
    assert (True, USER, USER) == (context["runAsNonRoot"], context["runAsUser"], context["fsGroup"])
    assert "RuntimeDefault" == context["seccompProfile"]["type"]
    assert not pod(path)["automountServiceAccountToken"]
    for each in pod(path)["containers"]:
        own = each["securityContext"]
        assert (False, True) == (own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"])
        assert ["ALL"] == own["capabilities"]["drop"]
        assert each["resources"]["requests"]["memory"] == each["resources"]["limits"]["memory"]


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=name)
def test_services_lead_to_pods_and_their_ports(path: Path) -> None:
    found = [each for each in resources(path) if each["kind"] == "Service"]
    labels = stateful_set(path)["spec"]["template"]["metadata"]["labels"]
    (container,) = pod(path)["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert PORTS == list(ports.values())
    for each in found:
        assert each["spec"]["selector"].items() <= labels.items()
        assert {port["targetPort"] for port in each["spec"]["ports"]} <= ports.keys()
    assert stateful_set(path)["spec"]["serviceName"] in {each["metadata"]["name"] for each in found}


def test_a_stop_has_the_time_that_it_may_take() -> None:
    assert [120] * len(KUSTOMIZATIONS) == [pod(each)["terminationGracePeriodSeconds"] for each in KUSTOMIZATIONS]
    assert {"2m"} == {each["stop_grace_period"] for path in COMPOSE for each in services(path).values()}
