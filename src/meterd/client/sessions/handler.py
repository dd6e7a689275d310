"""Records of `logging` as events of a session."""

import logging

from meterd.client.sessions.bodies import exception_members
from meterd.client.sessions.session import BaseSession
from meterd.client.sessions.transport import is_delivering

_CATEGORIES = {10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}


class SessionHandler(logging.Handler):
    """Logs each record as the event `log.<logger>`.

    Passes over what the client itself logs, and what is logged while it talks to the server: that would never end.
    """

    def __init__(self, session: BaseSession, level: int | str = logging.NOTSET) -> None:
        super().__init__(level)
        self._session = session

    def emit(self, record: logging.LogRecord) -> None:
        if self._session.ended or is_delivering() or record.name.partition(".client")[0] == "meterd":
            return
        try:
            self._log(record)
        except Exception:  # noqa: BLE001 - as handlers do: logging must not break the program
            self.handleError(record)

    def _log(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        category = _CATEGORIES.get(record.levelno, "info")
        self._session.log_event(
            f"log.{record.name}",
            category,
            record.name,
            [record.levelname, record.name, record.funcName],
            record.getMessage(),
            {
                "logger": record.name,
                "level_name": record.levelname,
                "pathname": record.pathname,
                "lineno": record.lineno,
                "funcName": record.funcName,
                "module": record.module,
            },
            **(exception_members(error) if error else {}),
        )
