"""What the disk holds at the moment of an answer: the rest of a machine's memory is gone when the power fails."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meterd.data_directory import open_metadata
from tests.process import OF_ONE_PROCESS, Meterd, make_token

pytestmark = OF_ONE_PROCESS  # the directory is on the disk that is cut off

MEGABYTE = 2**20
QUIET = {"METERD_USAGE__RECORD": "off", "METERD_INGEST__DISK_RESERVE_BYTES": "0"}
"""Nothing but what is asked for is written, so that no other write takes it to the disk."""


class Disk:
    """A file system of its own in a file. A copy of the file is what the disk would hold after a loss of power."""

    def __init__(self, image: Path) -> None:
        self.image = image

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """Where it is mounted. Skips the test where that is not permitted."""
        place = self.image.with_suffix(".mounted")
        place.mkdir()
        done = subprocess.run(["mount", "-o", "loop", self.image, place], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting is not permitted: {done.stderr.strip()}")
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    make = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if make is None or shutil.which("mount") is None:
        pytest.skip("there is no mkfs.ext4 or no mount command")
    image = tmp_path / "disk.ext4"
    with image.open("wb") as file:
        file.truncate(64 * MEGABYTE)
    subprocess.run([make, "-q", image], check=True)
    return Disk(image)


def after_power_loss(server: Meterd, disk: Disk) -> Disk:
    """The disk as it is now, with the server standing still."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        return Disk(shutil.copyfile(disk.image, disk.image.with_name("cut.ext4")))
    finally:
        server.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("service", ["object", "calendar"])
def test_an_acknowledged_item_survives_a_loss_of_power(service: str, disk: Disk) -> None:
    item = {"calendar": {"_type": "BusinessCalendar"}} if service == "calendar" else {"colour": "red"}
    with disk.mounted() as place, Meterd(place / "data", environment=QUIET) as server:
        for number in range(3):
            posted = server.client.post(f"/api/{service}/v1", json={"_id": f"item-{number}", **item})
            assert posted.status_code == 200, posted.text
        cut = after_power_loss(server, disk)
    with cut.mounted() as place, Meterd(place / "data") as server:
        found = server.client.get(f"/api/{service}/v1/private", params={"_sort": "_id"})
        assert [item["_id"] for item in found.json()] == ["item-0", "item-1", "item-2"]


def test_a_revoked_token_stays_revoked_after_a_loss_of_power(disk: Disk) -> None:
    with disk.mounted() as place, Meterd(place / "data", environment=QUIET) as server:
        made = make_token(server.data, "leaver")
        metadata = open_metadata(server.data)
        metadata.tokens.revoke(made.id)
        cut = after_power_loss(server, disk)
        metadata.close()
    with cut.mounted() as place, Meterd(place / "data") as server:
        assert server.query(token=made.token or "").status_code == 401


def test_an_acknowledged_fact_survives_a_loss_of_power(disk: Disk) -> None:
    with disk.mounted() as place, Meterd(place / "data", environment=QUIET) as server:
        assert server.ingest([{"guardrailName": "kept"}]).status_code == 200
        cut = after_power_loss(server, disk)
    with cut.mounted() as place, Meterd(place / "data") as server:
        assert server.points(groupBy=["guardrailName"])[0]["guardrailName"] == "kept"
