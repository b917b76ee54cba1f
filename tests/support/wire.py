"""A wire between clients and a server: it counts what it carries, and something can happen at a certain byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

_BLOCK = 64 * 1024


class Wire:
    """Listens on a port of its own; the server behind it may come and go."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.server: tuple[str, int] | None = None
        self.carried = 0
        """Bytes that went the way that is counted, since :meth:`count` was called."""
        self._up = True
        self._plan: list[tuple[int, Callable[[], None]]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self, *, up: bool, plan: list[tuple[int, Callable[[], None]]]) -> None:
        """Count from 0 what goes to the server (``up``) or comes from it; do something once so much has gone."""
        with self._lock:
            self.carried, self._up, self._plan = 0, up, sorted(plan, key=lambda step: step[0])

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.server is None:
                return
            with socket.create_connection(self.server) as server:
                back = threading.Thread(target=self._carry, args=(server, client, False), daemon=True)
                back.start()
                self._carry(client, server, True)
                back.join()

    def _carry(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        try:
            while data := source.recv(_BLOCK):
                if up == self._up:
                    self._note(len(data))
                sink.sendall(data)
        except OSError:
            pass  # one end is gone; so is the other, then
        finally:
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _note(self, size: int) -> None:
        due = []
        with self._lock:
            self.carried += size
            while self._plan and self._plan[0][0] <= self.carried:
                due.append(self._plan.pop(0)[1])
        for act in due:
            act()
