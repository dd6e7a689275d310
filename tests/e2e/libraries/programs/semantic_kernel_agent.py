"""An agent of Semantic Kernel, which traces itself, with a tool."""

import asyncio
import os
from typing import Annotated

from openai import AsyncOpenAI
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import OpenAIChatCompletion
from semantic_kernel.functions import kernel_function


class Forecasts:
    @kernel_function(name="weather")
    def weather(self, city: Annotated[str, "where"]) -> str:
        """Tell the weather."""
        return f"sunny in {city}"


async def main() -> None:
    client = AsyncOpenAI(base_url=f"{os.environ['MODEL_URL']}/v1", api_key="none")
    service = OpenAIChatCompletion("small-1", async_client=client)
    agent = ChatCompletionAgent(service=service, name="planner", plugins=[Forecasts()])
    await agent.get_response("Weather in Oslo?")


if __name__ == "__main__":
    asyncio.run(main())
