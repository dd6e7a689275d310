"""Who calls the AI Guard endpoints (`docs/specifications/ai-guard.md` section 7)."""

from meterd.access import Caller
from meterd.access.authentication import AI_GUARD_CALLER, Authenticator, SharedSecret, bearer_token
from meterd.access.context import RequestContext
from meterd.access.validation import RemoteValidation
from meterd.errors import ConfigurationError
from meterd.settings import Authorization
from meterd.telemetry import Telemetry


class Callers:
    """Bearers of meterd tokens, and of what `service.authorization` accepts besides.

    The latter are one virtual account: nothing tells who they are. Raises `ConfigurationError`.
    """

    def __init__(self, authenticator: Authenticator, settings: Authorization | None, telemetry: Telemetry) -> None:
        self._authenticator = authenticator
        self._secret: SharedSecret | None = None
        self._validation: RemoteValidation | None = None
        if settings and settings.type == "shared-secret":
            self._secret = _secret(settings.secret_path)
        elif settings:
            self._validation = RemoteValidation(settings, telemetry)
        telemetry.gauge("meterd_validation_pending", "Tokens that are being checked elsewhere", self._pending)

    async def identify(self, context: RequestContext, authorization: str | None) -> Caller:
        """Find out who makes a request, by its `Authorization` header. Raises `Unauthenticated` and `Unavailable`."""
        if known := self.recognise(context, authorization):
            return known
        if await self._is_accepted(bearer_token(authorization)):
            context.caller = AI_GUARD_CALLER
            return AI_GUARD_CALLER
        return await self._authenticator.identify(context, authorization)

    def recognise(self, context: RequestContext, authorization: str | None) -> Caller | None:
        """Identify a caller as `identify` does, at once: None when the header was not checked a moment ago."""
        context.caller = caller = self._authenticator.cached(authorization)
        return caller

    async def close(self) -> None:
        """Close the connections that validation needs."""
        if self._validation:
            await self._validation.close()

    def _pending(self) -> int:
        return self._validation.pending if self._validation else 0

    async def _is_accepted(self, token: str) -> bool:
        if self._secret:
            return self._secret.matches(token)
        return self._validation is not None and await self._validation.accepts(token)


def _secret(path: str | None) -> SharedSecret:
    if not path:
        raise ConfigurationError("service.authorization.type shared-secret needs secret-path, a file's path")
    return SharedSecret(path)
