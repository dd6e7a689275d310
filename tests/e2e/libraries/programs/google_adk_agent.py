"""An agent of Google's Agent Development Kit, which traces itself, with a tool."""

import asyncio

from google.adk.agents import Agent
from google.adk.runners import InMemoryRunner
from google.genai import types


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


async def main() -> None:
    agent = Agent(name="planner", model="gemini-small-1", instruction="Tell the weather.", tools=[weather])
    runner = InMemoryRunner(agent, app_name="forecasts")
    session = await runner.session_service.create_session(app_name="forecasts", user_id="ann")
    question = types.Content(role="user", parts=[types.Part(text="Weather in Oslo?")])
    async for _ in runner.run_async(user_id="ann", session_id=session.id, new_message=question):
        pass


if __name__ == "__main__":
    asyncio.run(main())
