"""Anthropic's SDK with an instrumentation: a question with a tool, and its answer."""

import os
from typing import Any

from anthropic import Anthropic

TOOL: Any = {"name": "weather", "input_schema": {"type": "object", "properties": {}}}


def main() -> None:
    client = Anthropic(base_url=os.environ["MODEL_URL"], api_key="none")
    messages: list[Any] = [{"role": "user", "content": "Weather in Oslo?"}]
    asked = client.messages.create(model="small-1", max_tokens=200, messages=messages, tools=[TOOL])
    result = {"type": "tool_result", "tool_use_id": "call-1", "content": "sunny"}
    messages += [{"role": "assistant", "content": asked.content}, {"role": "user", "content": [result]}]
    client.messages.create(model="small-1", max_tokens=200, messages=messages, tools=[TOOL])


if __name__ == "__main__":
    main()
