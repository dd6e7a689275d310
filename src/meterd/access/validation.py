"""Bearer tokens that another service vouches for: AI Guard's mode `onetrust` (`docs/specifications/ai-guard.md`
section 7).
"""

import asyncio
import time

import httpx
import stamina
import structlog

from meterd.access.directory import digest
from meterd.endpoints import Endpoint, endpoint_of
from meterd.errors import ConfigurationError
from meterd.settings import Authorization

log = structlog.get_logger()

_OWN_PREFIX = "mtr_"
_SECTION = "service.authorization"


class RemoteValidation:
    """Asks the validation endpoint whether a token is good: 200 means yes, everything else no.

    A yes is remembered for `cache-ttl`, a no never. Connection failures and 5xx are tried again; an endpoint that has
    not answered after `max-retry-duration` counts as a no. Raises `ConfigurationError`.
    """

    def __init__(self, settings: Authorization) -> None:
        self._endpoint = _endpoint(settings)
        self._initial_backoff = settings.initial_backoff
        self._patience = settings.max_retry_duration
        self._most = settings.cache_max_capacity
        self._lifetime = settings.cache_ttl
        self._valid_until: dict[bytes, float] = {}
        self._asking: dict[bytes, asyncio.Task[bool]] = {}
        self._client = httpx.AsyncClient(verify=self._endpoint.trust(), timeout=self._patience)

    async def accepts(self, token: str) -> bool:
        """Whether the token is good. meterd's own tokens never leave the machine."""
        if token.startswith(_OWN_PREFIX) or not (token.isascii() and token.isprintable()):
            return False
        key = digest(token)
        if self._valid_until.get(key, 0.0) > time.monotonic():
            return True
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, token))
            asking.add_done_callback(lambda _: self._asking.pop(key))
        return await asyncio.shield(asking)  # others may wait for it when this caller is gone

    async def close(self) -> None:
        """Close the connections to the endpoint."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)  # a connection that is just being made is closed by then
        await self._client.aclose()

    async def _ask(self, key: bytes, token: str) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                status = await self._status(token)
        except (TimeoutError, httpx.HTTPError) as error:
            reason = str(error).partition("\n")[0] or f"no answer within {self._patience} s"
            log.warning("the validation endpoint did not answer: the token is refused", reason=reason)
            return False
        if status != httpx.codes.OK:
            return False
        self._remember(key)
        return True

    async def _status(self, token: str) -> int:
        attempts = stamina.retry_context(
            on=_may_pass,
            attempts=None,
            timeout=self._patience,
            wait_initial=self._initial_backoff,
            wait_max=self._patience,
            wait_jitter=self._initial_backoff,
            wait_exp_base=2,
        )
        status = 0
        async for attempt in attempts:
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

    def _remember(self, key: bytes) -> None:
        """All live equally long, so the one that was remembered first is the first to go."""
        self._valid_until.pop(key, None)
        while len(self._valid_until) >= self._most:
            del self._valid_until[next(iter(self._valid_until))]
        self._valid_until[key] = time.monotonic() + self._lifetime


def _may_pass(error: Exception) -> bool:
    """Whether trying again may help: the connection failed, or the endpoint has trouble of its own."""
    return isinstance(error, httpx.TransportError | httpx.HTTPStatusError)


def _endpoint(settings: Authorization) -> Endpoint:
    url = settings.validation_endpoint
    if not url:
        raise ConfigurationError(f"{_SECTION}.type onetrust needs validation-endpoint, the URL to ask")
    return endpoint_of(_SECTION, "validation-endpoint", url, settings.trusted_root_address, settings.trusted_root_path)
