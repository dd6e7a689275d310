"""The errors that end in an answer to a caller, or in a sentence on the command line, as one tree.

MeterdError
├── ConfigurationError               the process can't start: a setting, the data directory, the port
├── InvalidInput               400   the caller must change the request
│   ├── TooLarge               413   … by sending less
│   └── UnsupportedMediaType   415   … by sending another content type
├── Unauthenticated            401   no token, or none that is valid
├── Forbidden                  403   a valid token that may not do this
├── NotFound                   404
├── MethodNotAllowed           405   the address exists, for another method
├── TooSlow                    408   the request did not arrive in time
├── Conflict                   409   somebody else changed it meanwhile: look at it as it is now
├── AddressTooLong             414
├── HeadersTooLarge            431
├── Damaged                    500   what is stored can't be read; the same request will not work either
├── BadGateway                 502   what the request needs from elsewhere can't be had
├── Unavailable                503   can't be taken now; the same request may work after `retry_after` seconds
└── TimedOut                   504   the request took longer than the service allows, and may have been done

Messages are sentences for the caller: they name the field and what is allowed. Each protocol package turns an
error into its own body in one function, which also says where the protocol has another status for it.

`StoreDamaged`, `Overdue`, `InvalidUpdate` and `ComputedUpdate` refine it where they are raised. What is usable without
the server has errors of its own, which the protocols translate: `meterd.classify`, `meterd.expressions`, the client and
the agent. So has the store (`StoreError`), for what the query engine asks of it.
"""

from typing import ClassVar


class MeterdError(Exception):
    """Base of the tree; `status` is the HTTP status that every protocol answers it with."""

    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfigurationError(MeterdError):
    """Start-up is impossible; the command line prints the sentence and exits with status 1."""


class InvalidInput(MeterdError):
    status = 400


class TooLarge(InvalidInput):
    status = 413


class UnsupportedMediaType(InvalidInput):
    status = 415


class Unauthenticated(MeterdError):
    status = 401


class Forbidden(MeterdError):
    status = 403


class NotFound(MeterdError):
    status = 404


class MethodNotAllowed(MeterdError):
    """The address does not take the method; `allow` lists the methods that the address takes."""

    status = 405

    def __init__(self, allow: str) -> None:
        super().__init__(f"method not allowed here, use {allow}")
        self.allow = allow


class TooSlow(MeterdError):
    status = 408


class Conflict(MeterdError):
    status = 409


class AddressTooLong(MeterdError):
    status = 414


class HeadersTooLarge(MeterdError):
    status = 431


class Damaged(MeterdError):
    """A file is damaged: the message says which, and what an operator can do."""


class BadGateway(MeterdError):
    status = 502


class Unavailable(MeterdError):
    """A limit of the moment was reached; `retry_after` is in seconds."""

    status = 503

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TimedOut(MeterdError):
    """The request took too long; whether it was done is unknown."""

    status = 504
