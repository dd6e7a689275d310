"""A demo's server, which is started as a user starts it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

DEMO = [sys.executable, "-m", "meterd", "demo", "--listen", "127.0.0.1:0"]


class Running:
    """Where it answers, the administrator's token, and all that it has said."""

    def __init__(self, greeting: str, process: "subprocess.Popen[str]") -> None:
        url = re.search(r"meterd ready on (\S+)", greeting)
        token = re.search(r"Token of an administrator: (\S+)", greeting)
        assert url, greeting
        assert token, greeting
        self.url, self.token, self.greeting = url[1], token[1], greeting
        self.process = process


@contextmanager
def running(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[Running]:
    """Wait until it answers; it ends on a signal."""
    with subprocess.Popen([*DEMO, *arguments], stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        greeting = ""
        for line in process.stderr:
            greeting += line
            if "meterd ready on" in line:
                break
        yield Running(greeting, process)
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
