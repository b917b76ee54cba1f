"""The table of commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rendermill.doors.cinnamon.context import Answer, Call

Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the API: what it does within a transaction, and whether that changes anything."""

    name: str
    handler: Handler
    changes: bool
    xml: tuple[tuple[str, str], ...]
    """Fields that are XML, each with the key by which it is refused; parsed before the transaction."""
    takes_file: bool


COMMANDS: dict[str, Command] = {}
"""Every command that needs a session and nothing else than the repository."""


def command(
    name: str, *, changes: bool = False, xml: tuple[tuple[str, str], ...] = (), takes_file: bool = False
) -> Callable[[Handler], Handler]:
    """Register the handler of a command."""

    def register(handler: Handler) -> Handler:
        assert name not in COMMANDS, name
        COMMANDS[name] = Command(name, handler, changes, xml, takes_file)
        return handler

    return register
