"""How tokens of services get into texts: settings, commands, code, logs and chats."""

from tests.classify.heldout.drawing import Draw
from tests.classify.heldout.kind import Kind

_SETTINGS = (
    "<NAME>=<value>",
    'export <NAME>="<value>"',
    "services:\n  worker:\n    environment:\n      <NAME>: <value>",
    '{"region": "eu-west-1", "<name>": "<value>"}',
    "<name> = '<value>'  # TODO move to the vault",
)
_CHATS = (
    "hey, use this for <service>: <value> but don't share it",
    "my <service> token is <value>, why do I get a 403?",
)
_ALONE = (
    "I pushed <value> to main by mistake, can somebody revoke it?",
    "2024-03-11T08:22:41Z ERROR [api] client refused: <value> (status 403)",
    "17,ci-runner,<value>,2023-11-02,active",
    'client = Client("<value>", timeout=30)',
    "./deploy.sh --env staging <value>",
)


def token(name: str, service: str, setting: str, draw: Draw) -> Kind:
    """Of a form that nothing else has, so that it can stand anywhere."""
    return Kind(name, draw, _named(service, setting), _ALONE)


def nameless(name: str, service: str, setting: str, draw: Draw) -> Kind:
    """Of a form that many other things have too, so that its name is always beside it."""
    return Kind(name, draw, _named(service, setting))


def _named(service: str, setting: str) -> tuple[str, ...]:
    return tuple(
        sentence.replace("<NAME>", setting).replace("<name>", setting.lower()).replace("<service>", service)
        for sentence in (*_SETTINGS, *_CHATS)
    )
