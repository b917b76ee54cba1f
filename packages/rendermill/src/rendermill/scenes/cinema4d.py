"""Reads what can be had of Cinema 4D scenes (``.c4d``): the version, and files by the look of the texts in them.

The format is not public and from R20 on often packed, so nothing here is certain: confidence is low throughout, and
settings are not read. What is known of it: after the magic stands the version as a number (15037 for R15.037); a value
is a byte for its kind (0x82 a text, 0x83 a file's name), the number of its bytes, and UTF-16 (big-endian) or UTF-8; a
value of a container comes after 0x0f, its parameter's number, 0x0f and its kind again. Parameter 5041 of the render
settings is where pictures are written to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rendermill.scenes.findings import DamageError, Findings, Reference, Role, Source
from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.locate import tokens
from rendermill.scenes.report import Confidence, Software

_MAGIC_AND_VERSION = 12
_TEXT = re.compile(rb"[\x82\x83]\x00\x00[\x00-\x0f][\x00-\xff]")
_FILE_NAME = 0x83
_IN_CONTAINER = re.compile(rb"\x0f(....)\x0f\x00\x00\x00[\x82\x83]", re.DOTALL)
_CONTAINER = 10
_SLACK = 1 << 16
_SAVED_BY = re.compile(r"cinema 4d\b.*?(\d+(?:\.\d+)+)", re.IGNORECASE)
_OUTPUT_PARAMETER = 5041
_MOST_FILES = 100_000
_TELL_EVERY = 1 << 16


@dataclass(frozen=True, slots=True)
class _Text:
    """A text of a scene, where it stands, and the parameter that it is the value of (-1 for none)."""

    text: str
    at: int
    is_file_name: bool
    parameter: int


def read(source: Source, found: Findings) -> None:
    """Read a scene."""
    found.confidence = Confidence.LOW
    found.warn(
        "only Cinema 4D can tell the settings and all files of its scenes; "
        "'Save Project with Assets' puts the files beside the scene"
    )
    found.software = Software("cinema4d")
    if len(source.data) < _MAGIC_AND_VERSION:
        raise DamageError("its header ends too early", len(source.data))
    number = int.from_bytes(source.data[8:12], "big")
    found.software = Software("cinema4d", f"{number // 1000}.{number % 1000:03}" if number < 100_000 else "")
    seen: set[tuple[str, str]] = set()
    for text in _texts(source):
        if match := _SAVED_BY.search(text.text):  # who made the scene stands first, who saved it last
            found.software = Software("cinema4d", match[1])
        elif (reference := _reference(text, source.folder)) and (reference.raw, reference.user) not in seen:
            seen.add((reference.raw, reference.user))
            found.references.append(reference)
            if len(seen) >= _MOST_FILES:
                found.warn(f"more than {_MOST_FILES} texts look like files; the rest is left out")
                return


def _texts(source: Source) -> Iterator[_Text]:
    budget = 2 * len(source.data) + _SLACK  # texts that are none overlap, in a file made for it all over
    for count, match in enumerate(_TEXT.finditer(source.data)):
        if count % _TELL_EVERY == 0:
            source.progress(match.start() / len(source.data))
        size = int.from_bytes(match[0][1:], "big")
        content = source.data[match.end() : match.end() + size]
        budget -= size
        if budget < 0:
            raise DamageError("its texts overlap", match.start())
        if len(content) == size and size > 0 and (text := _decoded(content)):
            container = _IN_CONTAINER.fullmatch(source.data, max(0, match.start() - _CONTAINER), match.start())
            parameter = int.from_bytes(container[1], "big") if container else -1
            yield _Text(text, match.start(), match[0][0] == _FILE_NAME, parameter)


def _decoded(content: bytes) -> str:
    """Text in one of the two codings, if it is all printable; that of UTF-16 has bytes which UTF-8 cannot show."""
    for codec in ("utf-8", "utf-16-be"):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if text.isprintable():
            return text
    return ""


def _reference(text: _Text, folder: str) -> Reference | None:
    user = f"parameter {text.parameter}" if text.parameter >= 0 else f"text at byte {text.at}"
    if text.is_file_name and text.parameter == _OUTPUT_PARAMETER:
        path = tokens.template(text.text).under(folder)
        return Reference(text.text, user, (path,), Role.OUTPUT, confidence=Confidence.LOW)
    if not looks_like_file(text.text):
        return None
    places = (folder, f"{folder}/tex")  # where Cinema 4D looks for what has no folder of its own
    paths = tuple(dict.fromkeys(tokens.template(text.text).under(place) for place in places))
    return Reference(text.text, user, paths, confidence=Confidence.LOW)
