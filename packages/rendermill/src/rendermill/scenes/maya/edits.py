"""What a reference node changes in the files it refers to, as far as it sets texts.

In .ma it is ``2 "ns:file1" "fileTextureName" " -type \\"string\\" \\"…\\""``, in .mb the number 2 in four bytes and
three texts that end in NUL.
"""

from __future__ import annotations

import re

from rendermill.scenes.maya.statements import Statements

_ASCII = re.compile(
    rb'\b2\s++"([^"\\\r\n]++)"\s++"([^"\\\r\n]++)"\s++("[^"\\\r\n]*+\\"string\\"(?:[^"\\\r\n]++|\\.)*+")', re.DOTALL
)
_BINARY = re.compile(rb'\0\0\0\x02([^\0]{1,4096}+)\0([^\0]{1,256}+)\0([^\0"]{0,256}"string"[^\0]{0,4096}+)\0')
_TEXT = re.compile(r'-type\s+"string"\s+"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(r'\\([\\"])')

Edit = tuple[str, str, str]


def read_edits(statements: Statements) -> list[Edit]:
    """Node, attribute and text of the edits in the rest of a statement of .ma."""
    found: list[Edit] = []
    for match in _ASCII.finditer(statements.data, *statements.rest()):
        _add(found, *(statements.decoded(part) for part in match.groups()))
    return found


def binary_edits(data: bytes) -> list[Edit]:
    """The same of a ``REFE`` chunk of .mb."""
    found: list[Edit] = []
    for match in _BINARY.finditer(data):
        _add(found, *(part.decode("utf-8", "surrogateescape") for part in match.groups()))
    return found


def _add(found: list[Edit], node: str, attribute: str, set_: str) -> None:
    text = _TEXT.search(set_)
    if text is not None:
        found.append((node, attribute, _ESCAPE.sub(r"\1", text[1])))
