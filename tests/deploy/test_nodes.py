"""Files for several nodes: engines, load balancer and nodes know each other by the names that there are."""

import re
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

import pytest

from meterd.settings import load
from tests.deploy.files import DEPLOY, ROOT, document, resources, services, stateful_set
from tests.test_packaging import PROJECT, names

NODES = DEPLOY / "nodes"
COMPOSE = document(NODES / "compose.yaml")
KUBERNETES = DEPLOY / "kubernetes" / "nodes" / "kustomization.yaml"
LOGS = re.findall(
    r"\w+",
    "aggregated_zookeeper_log asynchronous_insert_log asynchronous_metric_log background_schedule_pool_log"
    " blob_storage_log error_log latency_log metric_log opentelemetry_span_log part_log processors_profile_log"
    " query_log query_metric_log query_thread_log query_views_log session_log text_log trace_log zookeeper_log",
)
"""Tables of ClickHouse about itself that grow with time."""


def clickhouse(name: str) -> ET.Element:
    return ET.parse(NODES / "clickhouse" / name).getroot()


def text(element: ET.Element, path: str) -> str:
    return element.findtext(path) or ""


def test_an_image_has_the_drivers_that_the_extras_name() -> None:
    lines = (ROOT / "requirements" / "engines.in").read_text().splitlines()
    extras = PROJECT["optional-dependencies"]
    assert names([*extras["clickhouse"], *extras["postgres"]]) == names([each for each in lines if each[0] != "#"])


def test_nodes_name_services_that_there_are() -> None:
    for each in services(NODES / "compose.yaml").values():
        own = {name: value for name, value in each["environment"].items() if name.startswith("METERD_")}
        settings = load(None, own)
        urls = (settings.store.url, settings.directory.url)
        assert ["clickhouse", "postgres"] == [urlsplit(url).hostname for url in urls]
        assert settings.store.cluster in {
            cluster.tag for cluster in clickhouse("server.xml").findall("remote_servers/*")
        }


def test_nodes_have_a_volume_each() -> None:
    volumes = [each["volumes"] for each in services(NODES / "compose.yaml").values()]
    assert len(volumes) == len({str(each) for each in volumes}) == 2


def test_the_load_balancer_asks_every_node_and_is_believed() -> None:
    found = re.findall(r"^    server (\S+) (\S+):(\d+)", (NODES / "haproxy.cfg").read_text(), re.MULTILINE)
    nodes = services(NODES / "compose.yaml").keys()
    assert {(name, name, port) for name in nodes for port in ("8080", "4317")} == set(found)
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    for each in services(NODES / "compose.yaml").values():
        proxies = each["environment"]["METERD_ACCESS__TRUSTED_PROXIES"]
        assert (network["subnet"],) == load(None, {"METERD_ACCESS__TRUSTED_PROXIES": proxies}).access.trusted_proxies


def test_a_shard_a_replica_and_the_keeper_are_those_that_there_are() -> None:
    server, keeper = clickhouse("server.xml"), clickhouse("keeper.xml")
    hosts = {host.text for host in server.iter("host")} | {host.text for host in keeper.iter("hostname")}
    assert hosts <= COMPOSE["services"].keys()
    assert text(server, "zookeeper/node/port") == text(keeper, "keeper_server/tcp_port")
    assert text(server, "macros/cluster") == "meterd"
    assert text(server, "macros/replica") == text(server, "remote_servers/meterd/shard/replica/host")
    volumes = [each.split(":")[1] for each in COMPOSE["services"]["keeper"]["volumes"]]
    assert text(keeper, "keeper_server/log_storage_path").startswith(f"{volumes[0]}/")


@pytest.mark.parametrize("name", LOGS)
def test_a_table_of_the_server_about_itself_is_removed_or_ends(name: str) -> None:
    table = clickhouse("server.xml").find(name)
    assert table is not None
    assert table.get("remove") == "1" or "INTERVAL 7 DAY" in text(table, "ttl")


def test_of_two_pods_one_is_always_there() -> None:
    (budget,) = (each for each in resources(KUBERNETES) if each["kind"] == "PodDisruptionBudget")
    applied = stateful_set(KUBERNETES)["spec"]
    assert 2 == applied["replicas"]
    assert 1 == budget["spec"]["maxUnavailable"]
    assert budget["spec"]["selector"] == applied["selector"]
    assert "RollingUpdate" == applied.get("updateStrategy", {"type": "RollingUpdate"})["type"]


def test_pods_have_the_passwords_of_the_secret_that_the_page_makes() -> None:
    (container,) = stateful_set(KUBERNETES)["spec"]["template"]["spec"]["containers"]
    wanted = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if "secretKeyRef" in each["valueFrom"]]
    page = (ROOT / "docs" / "deployment.md").read_text()
    (made,) = re.findall(r"create secret generic (\S+) .*", page)
    assert {made} == {each["name"] for each in wanted}
    assert {each["key"] for each in wanted} == set(re.findall(r"--from-literal=(\w+)=", page))
