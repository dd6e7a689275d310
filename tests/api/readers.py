"""A reader of bodies that can be told to do all that one may do, and the helper that reads by it."""

import os
import signal
import threading
import time
from pathlib import Path

import msgspec

from meterd.api.helper_process import serve
from meterd.errors import InvalidInput, TooLarge


class Told(msgspec.Struct, frozen=True):
    """What was read, and by which process."""

    text: str
    process: int


class Obedient(msgspec.Struct, frozen=True):
    """Does what it is told about a body: `wait FILE` until that is there, having made one whose name begins so.

    Only a helper dies or hangs: `service` is the process that may not.
    """

    service: int

    def read(self, body: bytes, about: str) -> Told:
        is_helper = os.getpid() != self.service
        command, _, rest = about.partition(" ")
        match command:
            case "refuse":
                raise InvalidInput(rest)
            case "measure":
                raise TooLarge(rest)
            case "fail":
                raise ArithmeticError(rest)
            case "wait":
                Path(f"{rest}-{os.getpid()}-{threading.get_ident()}").touch()
                while not Path(rest).exists():
                    time.sleep(0.01)
            case "die" if is_helper:
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang" if is_helper:
                time.sleep(3600)
        return Told(body.decode(), os.getpid())


if __name__ == "__main__":
    serve({"obedient": (Obedient, str)})
