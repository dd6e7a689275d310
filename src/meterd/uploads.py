"""Limits of bodies that are on their way: of all together, and of each caller's (`service.limits`)."""

from collections import Counter

from meterd.errors import Unavailable
from meterd.settings import Limits
from meterd.telemetry import Telemetry


class Uploads:
    """Counts bodies that arrive in more than one piece, and the bytes of them that are in memory."""

    def __init__(self, limits: Limits, telemetry: Telemetry) -> None:
        self._limits = limits
        self._telemetry = telemetry
        self._bytes = 0
        self._uploads = 0
        self._bytes_by: Counter[str] = Counter()
        self._uploads_by: Counter[str] = Counter()
        telemetry.gauge("meterd_http_uploads", "Bodies that are being received", lambda: self._uploads)
        telemetry.gauge("meterd_http_upload_bytes", "Bytes of such bodies in memory", lambda: self._bytes)

    def begin(self, caller: str) -> "Upload":
        """Count one more body of a caller. Raises `Unavailable`."""
        limits = self._limits
        if self._uploads >= limits.uploads or self._uploads_by[caller] >= limits.uploads_per_caller:
            raise self._refusal("uploads", "too many bodies are being received (service.limits.uploads), try again")
        self._uploads += 1
        self._uploads_by[caller] += 1
        return Upload(self, caller)

    def add(self, caller: str, size: int) -> None:
        limits = self._limits
        if self._bytes + size > limits.upload_bytes or self._bytes_by[caller] + size > limits.upload_bytes_per_caller:
            raise self._refusal(
                "upload-bytes",
                "the bodies that are being received are too large together (service.limits.upload-bytes), try again",
            )
        self._bytes += size
        self._bytes_by[caller] += size

    def end(self, caller: str, size: int) -> None:
        self._uploads -= 1
        self._bytes -= size
        for counter, less in ((self._uploads_by, 1), (self._bytes_by, size)):
            counter[caller] -= less
            if not counter[caller]:
                del counter[caller]

    def _refusal(self, reason: str, message: str) -> Unavailable:
        self._telemetry.http_refusals.labels(reason).inc()
        return Unavailable(message)


class Upload:
    """One body, from its first piece until its request is answered."""

    __slots__ = ("_caller", "_size", "_uploads")

    def __init__(self, uploads: Uploads, caller: str) -> None:
        self._uploads = uploads
        self._caller = caller
        self._size = 0

    def add(self, size: int) -> None:
        """Count so many more bytes in memory. Raises `Unavailable`."""
        self._uploads.add(self._caller, size)
        self._size += size

    def end(self) -> None:
        """Count the body and its bytes no longer."""
        self._uploads.end(self._caller, self._size)
