"""`kill -9` at random moments."""

import itertools
import random
import time
from pathlib import Path

from tests.crash.load import BUSY, Ledger, Load, check
from tests.process import Meterd

ROUNDS = 20


def test_what_was_acknowledged_survives_twenty_kills_at_random_moments(tmp_path: Path) -> None:
    settings = itertools.cycle([{}, BUSY])
    ledgers = [Ledger(f"round{number}") for number in range(ROUNDS)]
    for number, ledger in enumerate(ledgers):
        with Meterd(tmp_path, environment=next(settings)) as server:
            for earlier in ledgers[max(0, number - 1) : number]:
                earlier.repeat_unanswered(server)
                check(server, earlier)
            with Load(server, ledger):
                ledger.wait_for_acknowledged(1)
                time.sleep(random.uniform(0, 0.6))  # the moment is to be random, not tied to an answer
                server.kill()
    with Meterd(tmp_path) as server:
        ledgers[-1].repeat_unanswered(server)
        check(server, *ledgers)
