"""Bearer tokens that another service vouches for: AI Guard's mode `onetrust` (`docs/specifications/ai-guard.md`
section 7).
"""

import asyncio
import time

import httpx2
import structlog

from meterd.access.tokens import digest
from meterd.endpoints import Endpoint, attempts, endpoint_of
from meterd.errors import ConfigurationError, Unavailable
from meterd.settings import Authorization
from meterd.telemetry import Telemetry

log = structlog.get_logger()

_OWN_PREFIX = "mtr_"
_SECTION = "service.authorization"
MAX_TOKEN_LENGTH = 8192
"""Characters of a token that somebody is asked about."""
_WAITING = 32
"""Tokens that wait for each question that may be asked at once."""
_WAITING_SHARE = 0.5
"""Part of `max-retry-duration` for which a token may wait for its turn; the endpoint has the rest to answer."""
_TRANSIENT_STATUSES = frozenset({httpx2.codes.REQUEST_TIMEOUT, httpx2.codes.TOO_MANY_REQUESTS})
"""Statuses that say nothing of the token."""


class RemoteValidation:
    """Asks the validation endpoint whether a token is good: 200 means yes, everything else no.

    A yes is remembered for `cache-ttl`, a no for `cache-refused-ttl`, so that a token is no way to ask often. Made-up
    tokens differ: `concurrency` questions are asked at once, and of those that wait for their turn there is a maximum.
    Connection failures and 5xx are tried again; an endpoint that has not answered after `max-retry-duration` counts as
    a no that is not remembered. Raises `ConfigurationError`.
    """

    def __init__(self, settings: Authorization, telemetry: Telemetry) -> None:
        self._endpoint = _endpoint(settings)
        self._initial_backoff = settings.initial_backoff
        self._timeout = settings.max_retry_duration
        self._accepted = _ExpiringSet(settings.cache_max_capacity, settings.cache_ttl)
        self._refused = _ExpiringSet(settings.cache_max_capacity, settings.cache_refused_ttl)
        self._asking: dict[bytes, asyncio.Task[bool | None]] = {}
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._max_asking = settings.concurrency * (1 + _WAITING)
        self._client = httpx2.AsyncClient(verify=self._endpoint.trust(), timeout=self._timeout)
        self._counter = telemetry.validations

    async def accepts(self, token: str) -> bool:
        """Tell whether the token is good. meterd's own tokens never leave the machine. Raises `Unavailable`."""
        if token.startswith(_OWN_PREFIX) or not (token.isascii() and token.isprintable()):
            return False
        if len(token) > MAX_TOKEN_LENGTH:
            return False
        key = digest(token)
        if key in self._accepted:
            return True
        if key in self._refused:
            return False
        asking = self._asking.get(key)
        if asking is None:
            if len(self._asking) >= self._max_asking:
                raise self._overloaded()
            asking = self._asking[key] = asyncio.create_task(self._ask(key, token))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        is_good = await asyncio.shield(asking)  # others may wait for it when this caller is gone
        if is_good is None:
            raise self._overloaded()
        return is_good

    @property
    def pending(self) -> int:
        """Tokens that are being asked about, or wait for their turn."""
        return len(self._asking)

    async def close(self) -> None:
        """Close the connections to the endpoint."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)  # a connection that is just being made is closed by then
        await self._client.aclose()

    def _overloaded(self) -> Unavailable:
        self._counter.labels("turned-away").inc()
        return Unavailable(f"too many tokens wait to be checked ({_SECTION}.concurrency), try again")

    async def _ask(self, key: bytes, token: str) -> bool | None:
        """Tell whether it is good; None when its turn did not come in time."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout(self._timeout * _WAITING_SHARE):
                await self._slots.acquire()
        except TimeoutError:
            return None
        try:
            async with asyncio.timeout_at(deadline):
                status = await self._status(token)
        except (TimeoutError, httpx2.HTTPError) as error:
            reason = str(error).partition("\n")[0] or f"no answer within {self._timeout} s"
            log.warning("the validation endpoint did not answer: the token is refused", reason=reason)
            self._counter.labels("failed").inc()
            return False
        finally:
            self._slots.release()
        is_good = status == httpx2.codes.OK
        self._counter.labels("accepted" if is_good else "refused").inc()
        if is_good:
            self._accepted.add(key)
        elif status not in _TRANSIENT_STATUSES:
            self._refused.add(key)
        return is_good

    async def _status(self, token: str) -> int:
        status = 0
        async for attempt in attempts(_is_transient, self._initial_backoff, self._timeout):
            with attempt:
                response = await self._client.get(
                    self._endpoint.target,
                    headers={"Authorization": f"Bearer {token}", "Host": self._endpoint.host},
                    extensions={"sni_hostname": self._endpoint.tls_name},
                )
                if response.is_server_error:
                    response.raise_for_status()
                status = response.status_code
        return status


class _ExpiringSet:
    """Keys that are kept for `lifetime` seconds, `maximum` of them."""

    def __init__(self, maximum: int, lifetime: float) -> None:
        self._maximum = maximum
        self._lifetime = lifetime
        self._until: dict[bytes, float] = {}

    def __contains__(self, key: bytes) -> bool:
        return self._until.get(key, 0.0) > time.monotonic()

    def add(self, key: bytes) -> None:
        """Keep a key. All live equally long, so the one that was remembered first is the first to go."""
        self._until.pop(key, None)
        while len(self._until) >= self._maximum:
            del self._until[next(iter(self._until))]
        self._until[key] = time.monotonic() + self._lifetime


def _is_transient(error: Exception) -> bool:
    """Tell whether trying again may help: the connection failed, or the endpoint has trouble of its own."""
    return isinstance(error, httpx2.TransportError | httpx2.HTTPStatusError)


def _endpoint(settings: Authorization) -> Endpoint:
    url = settings.validation_endpoint
    if not url:
        raise ConfigurationError(f"{_SECTION}.type onetrust needs validation-endpoint, the URL to ask")
    return endpoint_of(_SECTION, "validation-endpoint", url, settings.trusted_root_address, settings.trusted_root_path)
