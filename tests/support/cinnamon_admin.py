"""What tests of the commands share that set a Cinnamon repository up."""

from __future__ import annotations

from typing import Any

from support.cinnamon import CinnamonClient

OTHER = "other"
"""A second repository of the same farm."""


async def group(client: CinnamonClient, name: str) -> int:
    """The id of a group."""
    return int(await client.text("listgroups", f"group[name='{name}']/id"))


async def term(client: CinnamonClient, command: str, name: str) -> int:
    """The id of what a list has under a name."""
    return int(await client.text(command, f"*[name='{name}']/id"))


def by(name: str, value: object) -> dict[str, Any]:
    """A field whose name is no word of Python, or comes from a table."""
    return {name: value}
