"""OpenAI's SDK with an instrumentation: a question with a tool, its answer, a stream, a response and an embedding."""

import os
from typing import Any

from openai import OpenAI

TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def main() -> None:
    client = OpenAI(base_url=f"{os.environ['MODEL_URL']}/v1", api_key="none")
    messages: list[Any] = [{"role": "user", "content": "Weather in Oslo?"}]
    asked = client.chat.completions.create(model="small-1", messages=messages, tools=[TOOL]).choices[0].message
    (call,) = asked.tool_calls or ()
    messages += [asked, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    client.chat.completions.create(model="small-1", messages=messages, tools=[TOOL])
    usage: Any = {"include_usage": True}
    for _ in client.chat.completions.create(model="small-1", messages=messages, stream=True, stream_options=usage):
        pass
    client.responses.create(model="small-1", input="Weather in Oslo?")
    client.embeddings.create(model="embed-1", input="Oslo")


if __name__ == "__main__":
    main()
