"""What can still be read of a text layer that breaks off or breaks its grammar: what stands before that place."""

from __future__ import annotations

import mmap
import re
from collections import deque
from typing import Any

from pxr import Sdf, Tf

from rendermill.scenes.findings import DamageError

_LARGEST = 64 << 20
_MOST_TRIES = 10
_LINE = re.compile(r"line (\d+): ")
_TOKEN = re.compile(
    rb'"""(?:[^\\]|\\.)*?"""' + rb"|'''(?:[^\\]|\\.)*?'''" + rb'|"(?:[^"\\\n]|\\.)*"' + rb"|'(?:[^'\\\n]|\\.)*'"
    rb"|@@@.*?@@@|@[^@\n]*@|#[^\n]*|[(\[{}\])\n]",
    re.DOTALL,
)
_CLOSING = {ord("{"): b"}\n", ord("("): b")\n"}


def place(data: mmap.mmap | bytes, error: DamageError) -> int | None:
    """The byte at which the line begins that an error is about."""
    line = _LINE.search(error.what)
    if line is None:
        return None
    at = -1
    for _ in range(int(line[1]) - 1):
        at = data.find(b"\n", at + 1)
        if at < 0:
            return len(data)
    return at + 1


def salvaged(data: mmap.mmap | bytes, end: int, path: str) -> Any:
    """The layer that the statements before ``end`` of a file make; None if they make none."""
    if len(data) > _LARGEST:
        return None
    # USD may still hold the damaged one by its own name; what is relative begins at the same folder.
    layer = Sdf.Layer.New(Sdf.FileFormat.FindById("usda"), f"{path}.salvaged")
    for text in _whole(data[:end]):
        try:
            if layer.ImportFromString(text.decode()):
                return layer
        except (Tf.ErrorException, UnicodeDecodeError):
            continue
    return None


def _whole(data: bytes) -> list[bytes]:
    """The data up to each of the last ends of lines at which a statement may end, with what is open closed."""
    found: deque[tuple[int, bytes]] = deque(maxlen=_MOST_TRIES)
    opened = b""
    is_first = True
    nested = 0  # brackets and parentheses, in which no statement ends, but for those of the layer itself
    for match in _TOKEN.finditer(data):
        token = match[0]
        if token == b"\n":
            if not nested:
                found.append((match.end(), opened))
        elif token in b"([{":
            opened += token
            nested += token != b"{" and not (is_first and token == b"(")
            is_first = False
        elif token in b")]}":
            nested -= opened[-1:] in b"([" and nested > 0
            opened = opened[:-1]
    return [data[:at] + b"".join(_CLOSING[each] for each in reversed(stack)) for at, stack in reversed(found)]
