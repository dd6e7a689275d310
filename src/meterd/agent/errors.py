"""The errors of the agent."""


class ConfigurationError(Exception):
    """The configuration can't be used; the text is one sentence for the person who starts the agent."""


class Refused(Exception):
    """A request that can't be taken: a status and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Unreachable(Exception):
    """The server does not answer."""


class SpoolTaken(Exception):
    """The spool is in use by another agent."""
