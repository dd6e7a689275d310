import pytest

from meterd.api.usage.providers import PROVIDERS
from meterd.collect.servicebus import GROUPS, Namespace

RESOURCE = "/subscriptions/id/resourceGroups/group/providers/Microsoft.ServiceBus/namespaces/etrm"


def test_every_metric_of_the_provider_is_collected_in_its_unit_and_once() -> None:
    collected = [(name, unit) for group in GROUPS for name, unit in group.units.items()]
    assert sorted((metric.name, metric.unit) for metric in PROVIDERS["AzureServiceBus"].metrics) == sorted(collected)


@pytest.mark.parametrize("text", [RESOURCE, RESOURCE.lower()])
def test_a_namespace_has_a_name(text: str) -> None:
    assert Namespace(text, "etrm") == Namespace.parse(text)


@pytest.mark.parametrize("text", ["etrm", f"{RESOURCE}/queues/orders", RESOURCE.replace("ServiceBus", "EventHub"), ""])
def test_anything_else_than_the_id_of_a_namespace_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a resource id such as /subscriptions/"):
        Namespace.parse(text)
