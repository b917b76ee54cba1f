"""JSON from outside: bounded, of finite numbers and real text."""

from __future__ import annotations

import json
import math
from typing import Any

from rendermill.farm.model.errors import BadInputError, RendermillError

MAX_DEPTH = 32
MAX_VALUES = 2_000_000


def parse_json(content: str | bytes, where: str, error: type[RendermillError] = BadInputError) -> Any:
    """What JSON says. Raises ``error`` where it is none, or nothing that can be kept."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise error(f"it is not JSON: {str(problem)[:200]}", where=where) from problem
    if what := _problem(found):
        raise error(what, where=where)
    return found


def parse_object(content: str | bytes, where: str, error: type[RendermillError] = BadInputError) -> dict[str, Any]:
    """The same of an object."""
    found = parse_json(content, where, error)
    if not isinstance(found, dict):
        raise error("it is no JSON object", where=where)
    return found


def _problem(value: object) -> str:
    """What is wrong with a value, looked at level by level; empty if nothing is."""
    level, seen = [value], 0
    for _ in range(MAX_DEPTH):
        seen += len(level)
        if seen > MAX_VALUES:
            return f"it holds over {MAX_VALUES} values"
        inside: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inside += each.keys()
                inside += each.values()
            elif isinstance(each, list):
                inside += each
            elif isinstance(each, float) and not math.isfinite(each):
                return "it holds a number that is none"
            elif isinstance(each, str) and not _is_text(each):
                return "it holds text that is not Unicode"
        level = inside
    return f"it is nested deeper than {MAX_DEPTH}" if level else ""


def _is_text(text: str) -> bool:
    return text.isascii() or not any(0xD800 <= ord(letter) < 0xE000 for letter in text)
