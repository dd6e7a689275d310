"""Guardrails with every outcome there is. Loaded by LiteLLM, not by the tests."""

import asyncio
from typing import Any

from fastapi import HTTPException
from litellm.integrations.custom_guardrail import CustomGuardrail, log_guardrail_information


class Pass(CustomGuardrail):
    """Lets everything through."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        return data


class Mask(CustomGuardrail):
    """Replaces what looks like an address."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        masked = [{**message, "content": message["content"].replace("@", "<at>")} for message in data["messages"]]
        return {**data, "messages": masked}


class Block(CustomGuardrail):
    """Refuses prompts that ask for what is forbidden."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        if "forbidden" in str(data["messages"]):
            raise HTTPException(400, {"error": f"not allowed: {data['messages'][-1]['content']}"})
        return data


class BlockOutput(CustomGuardrail):
    """Refuses every answer, when LiteLLM has noted it."""

    @log_guardrail_information
    async def async_post_call_success_hook(self, data: Any, user_api_key_dict: Any, response: Any) -> Any:
        await _noted(data["litellm_logging_obj"])
        raise HTTPException(400, {"error": f"not allowed: {response.choices[0].message.content}"})


async def _noted(call: Any) -> None:
    """Wait for the thread that notes an answer for the cache: a refusal that it overtakes is reported as the answer."""
    for _ in range(3000):
        if call.stream or call.model_call_details.get("standard_logging_object"):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("the answer is not noted")


class Flag(CustomGuardrail):
    """Lets everything through, with a remark."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        self.add_standard_logging_guardrail_information_to_request_data(
            {"remark": data["messages"][-1]["content"]}, data, "guardrail_flagged", duration=0.001
        )
        return data


class Apply(CustomGuardrail):
    """In the newer style, which sees input and output alike; lets everything through."""

    async def apply_guardrail(self, inputs: Any, request_data: Any, input_type: Any, logging_obj: Any = None) -> Any:
        return inputs


class Unavailable(CustomGuardrail):
    """Asks a service that is down."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        raise HTTPException(503, {"error": f"cannot judge: {data['messages'][-1]['content']}"})


class Crash(CustomGuardrail):
    """Has a fault of its own."""

    @log_guardrail_information
    async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: Any, call_type: Any) -> Any:
        raise ZeroDivisionError(data["messages"][-1]["content"])
