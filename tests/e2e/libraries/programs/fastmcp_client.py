"""A FastMCP server and a client of it in one process, which trace themselves."""

import asyncio

from fastmcp import Client, FastMCP

server = FastMCP("forecasts")


@server.tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


async def main() -> None:
    async with Client(server) as client:
        await client.list_tools()
        await client.call_tool("weather", {"city": "Oslo"})


if __name__ == "__main__":
    asyncio.run(main())
