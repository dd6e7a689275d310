"""Who calls the proxy. Loaded by LiteLLM, not by the tests."""

from typing import Any

import litellm
from fastapi import HTTPException, Request
from litellm.integrations.generic_api.generic_api_callback import GenericAPILogger
from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER
from litellm.proxy._types import UserAPIKeyAuth

CALLERS: dict[str, dict[str, Any]] = {
    "sk-ann": {
        "key_alias": "ann-laptop",
        "user_id": "u-ann",
        "user_email": "ann@example.com",
        "team_alias": "red",
        "metadata": {"plan": "gold"},
    },
    "sk-bob": {"key_alias": "bob-laptop", "user_id": "u-bob", "user_email": "bob@example.com", "team_alias": "blue"},
    "sk-cho": {"key_alias": "cho-phone", "user_id": "u-cho", "team_alias": "red"},
    "sk-batch": {"key_alias": "nightly-batch", "team_alias": "blue"},
    "sk-flush": {},
}


async def authenticate(_request: Request, api_key: str) -> UserAPIKeyAuth:
    """The caller of a key; the key that `proxy.py` flushes with also sends what the callback has queued."""
    if (caller := CALLERS.get(api_key)) is None:
        raise HTTPException(401, "no such key")
    if api_key == "sk-flush":
        await flush()
    team = {"team_id": f"team-{caller['team_alias']}"} if "team_alias" in caller else {}
    return UserAPIKeyAuth(api_key=api_key, **caller, **team)


async def flush() -> None:
    """Let every finished call reach the callback's queue, then send the queue as one body."""
    await GLOBAL_LOGGING_WORKER.flush()
    for logger in litellm.logging_callback_manager.get_custom_loggers_for_type(GenericAPILogger):
        await logger.flush_queue()
