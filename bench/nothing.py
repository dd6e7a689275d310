"""The yardstick: an ASGI application that reads the body and does nothing, on the settings that meterd uses."""

import sys

import uvicorn
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != ScopeType.HTTP:
        return
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


if __name__ == "__main__":
    uvicorn.run(
        application,
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
    )
