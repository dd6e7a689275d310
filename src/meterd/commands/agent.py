"""`meterd agent`."""

import sys

from meterd.agent.main import run


def command() -> None:
    """Run the local agent, to which applications hand their session telemetry, until SIGTERM or SIGINT."""
    sys.exit(run())
