"""JSON from outside: bounded, of finite numbers and real text."""

from __future__ import annotations

import json
import math
from typing import Any

from rendermill.doors.rayvision.codes import CallError, Code

MAX_DEPTH = 32


def parse_json(content: str | bytes, where: str, code: Code = Code.INVALID) -> Any:
    """What JSON says. Raises :class:`CallError` with that code where it is none, or nothing that can be kept."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CallError(code, f"it is not JSON: {str(error)[:200]}", where=where) from error
    problem = _problem(found)
    if problem:
        raise CallError(code, problem, where=where)
    return found


def parse_object(content: str | bytes, where: str, code: Code = Code.INVALID) -> dict[str, Any]:
    """The same of an object."""
    found = parse_json(content, where, code)
    if not isinstance(found, dict):
        raise CallError(code, "it is no JSON object", where=where)
    return found


def _problem(value: object) -> str:
    """What is wrong with a value, looked at level by level; empty if nothing is."""
    level = [value]
    for _ in range(MAX_DEPTH):
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
