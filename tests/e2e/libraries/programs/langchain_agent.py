"""LangChain with an instrumentation: a chat model asks for a tool, and gets its answer."""

import os

from langchain_core.messages import HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


def main() -> None:
    url = f"{os.environ['MODEL_URL']}/v1"
    model = ChatOpenAI(model="small-1", base_url=url, api_key="none").bind_tools([weather])  # type: ignore[arg-type]
    messages = [HumanMessage("Weather in Oslo?")]
    asked = model.invoke(messages)
    model.invoke([*messages, asked, weather.invoke(asked.tool_calls[0])])


if __name__ == "__main__":
    main()
