"""An agent of Pydantic AI, which traces itself, with a tool."""

import os

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


def main() -> None:
    Agent.instrument_all()
    provider = OpenAIProvider(base_url=f"{os.environ['MODEL_URL']}/v1", api_key="none")
    agent = Agent(OpenAIChatModel("small-1", provider=provider), name="planner", tools=[weather])
    agent.run_sync("Weather in Oslo?")


if __name__ == "__main__":
    main()
