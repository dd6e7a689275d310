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
