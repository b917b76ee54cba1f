"""The plain side of the Rayvision door: an HTTP server that answers every request with the same JSON.

``rayvision_echo.py FILE`` prints the port that it listens on, of 127.0.0.1.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Echo:
    """The application."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read what is sent, and answer."""
        await Request(scope, receive).body()
        await Response(self._content, media_type="application/json")(scope, receive, send)


def main() -> None:
    """Serve until the process is told to end."""
    config = uvicorn.Config(Echo(Path(sys.argv[1]).read_bytes()), lifespan="off", log_config=None, access_log=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the farm's, taken over by each connection
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
