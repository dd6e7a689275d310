import socket

import pytest

from meterd.errors import ConfigurationError
from meterd.serving import listening


class TestListening:
    def test_takes_a_free_port(self) -> None:
        with listening("127.0.0.1", 0) as listener:
            assert listener.getsockname()[0] == "127.0.0.1"

    @pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 on this machine")
    def test_takes_an_address_of_version_6(self) -> None:
        with listening("::1", 0) as listener:
            assert listener.getsockname()[0] == "::1"

    def test_names_an_address_that_is_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

            with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}"), listening("127.0.0.1", port):
                pass

    def test_closes_the_port_at_the_end(self) -> None:
        with listening("127.0.0.1", 0) as listener:
            pass

        assert listener.fileno() == -1
