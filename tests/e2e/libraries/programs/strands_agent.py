"""An agent of Strands, which traces itself, with a tool."""

import os

from strands import Agent, tool
from strands.models.openai import OpenAIModel


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


def main() -> None:
    options = {"base_url": f"{os.environ['MODEL_URL']}/v1", "api_key": "none"}
    model = OpenAIModel(client_args=options, model_id="small-1")
    Agent(model=model, name="planner", tools=[weather], callback_handler=None)("Weather in Oslo?")


if __name__ == "__main__":
    main()
