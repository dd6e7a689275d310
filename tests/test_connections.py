import asyncio
import socket

from structlog.testing import capture_logs

from meterd.connections import Acceptor, Connections, Slot
from meterd.settings import Limits
from meterd.telemetry import Telemetry

PATIENCE = 60.0


async def test_a_connection_that_can_not_be_opened_is_closed_and_its_slot_is_free_again() -> None:
    def make(_slot: Slot) -> asyncio.Protocol:
        raise RuntimeError("a fault of ours")

    telemetry = Telemetry()
    connections = Connections(Limits(connections_per_address=1), 1, telemetry)
    with socket.create_server(("127.0.0.1", 0)) as listener, capture_logs() as logged:
        acceptor = Acceptor(listener, None, connections, make)
        for _ in range(3):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
            writer.close()
        acceptor.close()
        await acceptor.wait_closed()

    assert ["error"] * 3 == [each["log_level"] for each in logged]
    assert telemetry.registry.get_sample_value("meterd_http_connections") == 0


async def test_a_connection_whose_limits_can_not_be_enforced_spares_no_other() -> None:
    class Holder:
        """A connection that ends when it is looked at, or fails at that."""

        waiting_since = None

        def __init__(self, fails: bool) -> None:
            self._fails = fails
            self.is_ended = False

        def enforce_timeouts(self, _now: float) -> None:
            if self._fails:
                raise RuntimeError("a fault of ours")
            self.is_ended = True

        def displace(self) -> None: ...

    connections = Connections(Limits(), 10, Telemetry())
    holders = [Holder(fails=number % 2 == 0) for number in range(6)]
    for holder in holders:
        slot = connections.admit("127.0.0.1")
        assert slot is not None
        slot.occupy(holder)

    with capture_logs() as logged:
        connections.enforce_timeouts()

    assert [False, True] * 3 == [holder.is_ended for holder in holders]
    assert ["error"] * 3 == [each["log_level"] for each in logged]
