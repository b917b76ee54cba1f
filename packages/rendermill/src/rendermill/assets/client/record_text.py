"""Records as databases keep them: a key and a line of text."""

from __future__ import annotations

import re

from rendermill.assets.client.records import Mark

_LINE = re.compile(r"(\d{1,20}) (\d{1,20}) (\d{1,20}) ([0-9a-f]{64})", re.ASCII)


def text_of(mark: Mark) -> str:
    """A mark as a line: size, times in nanoseconds, hash."""
    return f"{mark.size} {mark.mtime_ns} {mark.ctime_ns} {mark.hash}"


def mark_of(text: object) -> Mark | None:
    """The mark that :func:`text_of` wrote; None for what somebody else did."""
    found = _LINE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return Mark(int(found[1]), int(found[2]), int(found[3]), found[4])


def key_text(key: str) -> str:
    """A key that a database takes: names that are no valid Unicode are escaped."""
    return key.encode("utf-8", "backslashreplace").decode()
