"""What the operators have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rayvision_api.connect import Connect

Numbers = int | str | Iterable[int | str]
"""A number, or several of them; text that is one counts as well."""


class Operator:
    """Some of the API's calls."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect


def numbers(given: Numbers) -> list[int]:
    """Several numbers, whether one was given or more. Raises ValueError."""
    return [int(given)] if isinstance(given, int | str) else [int(each) for each in given]


def given(**members: Any) -> dict[str, Any]:
    """A call's members without those that are None."""
    return {name: value for name, value in members.items() if value is not None}
