"""The table of commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rendermill.doors.cinnamon.context import Answer, Call

Handler = Callable[[Call], Answer]
First = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the API: what it does within a transaction, and whether that changes anything."""

    name: str
    handler: Handler
    changes: bool
    xml: tuple[tuple[str, str], ...]
    """Fields that are XML, each with the key by which it is refused; parsed before the transaction."""
    takes_file: bool
    first: First | None
    """What is done before, in a thread where nobody waits for it: it only reads, or changes users by their port. Its
    result is the handler's ``call.before``."""


COMMANDS: dict[str, Command] = {}
"""Every command that needs a session and nothing else than the repository."""


def command(
    name: str,
    *,
    changes: bool = False,
    xml: tuple[tuple[str, str], ...] = (),
    takes_file: bool = False,
    first: First | None = None,
) -> Callable[[Handler], Handler]:
    """Register the handler of a command."""

    def register(handler: Handler) -> Handler:
        assert name not in COMMANDS, name
        COMMANDS[name] = Command(name, handler, changes, xml, takes_file, first)
        return handler

    return register
