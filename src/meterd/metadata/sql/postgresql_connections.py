"""Connections to PostgreSQL: where it is, what is waited for, and who we are there."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from meterd.errors import ConfigurationError
from meterd.settings import Directory

if TYPE_CHECKING:
    import psycopg

_CONNECT_SECONDS = 3
_SILENCE_MILLISECONDS = 5_000
"""How long what was sent may be without an answer of the other machine."""
_FORM = "postgresql://user@host:5432/database, with %XX for special characters"


class Connector:
    """Makes connections to one database. Raises `ConfigurationError` for settings that can't be used.

    Attributes:
        place: the database as a person calls it, without a password.
        driver: the module psycopg.
    """

    def __init__(self, settings: Directory) -> None:
        self.driver = _driver()
        try:
            self._parameters: dict[str, Any] = self.driver.conninfo.conninfo_to_dict(settings.url)
        except self.driver.Error:  # what it says may hold a part of a password
            raise ConfigurationError(f"directory.url must be an address such as {_FORM}") from None
        if (
            "@" in self._parameters.get("dbname", "")
            or not self._parameters.get("port", "0").replace(",", "").isdecimal()
        ):
            raise ConfigurationError(f"directory.url must be an address such as {_FORM}; a password with / must be %2F")
        if "password" in dict(parse_qsl(settings.url.partition("?")[2], keep_blank_values=True)):
            raise ConfigurationError(
                "directory.url: a password does not belong behind the ?: set PGPASSWORD or directory.password-file"
            )
        self._password_file = settings.password_file
        self._complete(round(settings.timeout * 1000))
        host, name = self._parameters.get("host", "localhost"), self._parameters.get("dbname", "")
        self.place = f"postgresql://{host}/{name}"
        self._password()  # so that a file that can't be read is told at the start

    def connect(self) -> "psycopg.Connection[Any]":
        """Connect; the password is read again each time, as it may have changed."""
        parameters = self._parameters | self._password()
        made: psycopg.Connection[Any] = self.driver.connect(**parameters, prepare_threshold=None)  # as poolers need it
        return made

    def row(self, statement: str, table: str) -> tuple[Any, ...] | None:  # PostgreSQL says what it holds
        """Read one row; None when there is no such table, or no row. Raises `ConfigurationError`."""
        try:
            with self.connect() as connection:
                known = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
                row: tuple[Any, ...] | None = None
                if known and known[0]:
                    row = connection.execute(statement).fetchone()
                return row
        except self.driver.Error as error:
            raise ConfigurationError(f"can't open the directory {self.place}: {str(error).strip()}") from None

    def _complete(self, milliseconds: int) -> None:
        """Add what an address usually leaves open: that nothing is waited for without an end."""
        limits = {
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": 3 * milliseconds,
        }
        options = [f"-c {name}={value}" for name, value in limits.items()]
        own = self._parameters.pop("options", None)
        self._parameters = {
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": _SILENCE_MILLISECONDS,
            "keepalives_idle": 10,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "target_session_attrs": "read-write",
            "application_name": "meterd",
            "options": " ".join([*options, own] if own else options),
        } | self._parameters

    def _password(self) -> dict[str, str]:
        if self._password_file is None:
            return {}
        try:
            password = Path(self._password_file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"directory.password-file: can't read {self._password_file}: {error}") from None
        return {"password": password}


def _driver() -> Any:  # which is not there unless it is asked for
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError as error:
        raise ConfigurationError(
            f"directory.url needs a package that is not installed ({error.name or error}):"
            " pip install psycopg psycopg-binary"
        ) from None
    return psycopg
