"""Who calls the AI Guard endpoints (`docs/specifications/ai-guard.md` section 7)."""

from meterd.access import Caller
from meterd.access.authentication import AI_GUARD_CALLER, Authenticator, SharedSecret, bearer_token, identified
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

    async def caller(self, authorization: str | None) -> Caller:
        """The caller behind an `Authorization` header; raises `Unauthenticated` and `Unavailable`."""
        if known := self.remembered(authorization):
            return known
        if await self._is_accepted(bearer_token(authorization)):
            return identified(AI_GUARD_CALLER)
        return await self._authenticator.caller(authorization)

    def remembered(self, authorization: str | None) -> Caller | None:
        """The caller who was found behind a header a moment ago."""
        return self._authenticator.remembered(authorization)

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
