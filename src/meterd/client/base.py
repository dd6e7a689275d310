"""The base of both clients: how they are made and shown."""

from typing import Final

from meterd.client.options import Options, address, credential


class BaseClient:
    """A client of one server."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 40.0,
        retry_attempts: int = 10,
        retry_timeout: float = 45.0,
        batch_size: int = 1000,
        flush_interval: float = 1.0,
        max_buffered_rows: int = 100_000,
    ) -> None:
        """Talk to the server at `url`; requests carry `token`.

        Arguments:
            url: address of the server; `METERD_URL` if not given, else `http://127.0.0.1:8080`.
            token: a meterd token; `METERD_TOKEN` if not given. Sessions at a server on this machine need none.
            timeout: seconds that one attempt may wait for the server; connecting may take 5 of them.
            retry_attempts: most attempts at one request; 1 is no retry.
            retry_timeout: seconds after which no further attempt begins.
            batch_size: rows that are sent together, at most.
            flush_interval: seconds that a row waits for a batch to fill up.
            max_buffered_rows: rows that wait in memory, at most.

        Raises:
            ValueError: there is no token for a server elsewhere, or an argument is wrong, which the message names.
        """
        where = address(url)
        self._options: Final = Options(
            url=where,
            token=credential(token, where),
            timeout=timeout,
            retry_attempts=retry_attempts,
            retry_timeout=retry_timeout,
            batch_size=batch_size,
            flush_interval=flush_interval,
            max_buffered_rows=max_buffered_rows,
        )
        self._open()

    def _open(self) -> None:
        """Make what the options describe."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options.url!r})"
