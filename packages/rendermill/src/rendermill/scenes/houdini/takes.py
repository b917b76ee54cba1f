"""The .takes entry: a tree of takes, each of which gives some parameters other values than its parent has.

After ``take name N kids K`` come records, each a big-endian 32-bit length and that many bytes: ``s I text`` names
string I (of the whole entry), ``d A B`` and a nested record of the form of a .parm entry overrides the parameter that
string B names on the node that string A names; ``e`` ends the take. Its kids follow it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct

from rendermill.scenes.houdini import grammar
from rendermill.scenes.houdini.grammar import Component, Parm

_HEAD = re.compile(rb"\s*take name (.{1,4096}?) kids (\d{1,9})\n")
_STRING = re.compile(rb"s (\d{1,9}) ([^\n]*)\n")
_OVERRIDE = re.compile(rb"d (\d{1,9}) (\d{1,9})\n")
_LENGTH = Struct(">I")
_MOST = 2000

Overrides = dict[str, dict[str, Parm]]
"""Parameters by the path of their node and by their name."""


@dataclass(frozen=True, slots=True)
class Take:
    """A take: its parent's name (empty for the main one), and what it changes."""

    parent: str
    changes: Overrides = field(default_factory=dict)


def takes(payload: bytes) -> dict[str, Take]:
    """The takes of a scene by their names, as far as the entry can be read."""
    found: dict[str, Take] = {}
    strings: dict[bytes, str] = {}
    waiting: list[list[str | int]] = []
    head = _HEAD.match(payload, payload.find(b"\n") + 1)
    while head is not None and len(found) < _MOST:
        name, kids = _text(head[1]), int(head[2])
        while waiting and waiting[-1][1] == 0:
            waiting.pop()
        parent = str(waiting[-1][0]) if waiting else ""
        if waiting:
            waiting[-1][1] = int(waiting[-1][1]) - 1
        take = Take(parent)
        found.setdefault(name, take)
        waiting.append([name, kids])
        head = _HEAD.match(payload, _records(payload, head.end(), strings, take.changes))
    return found


def overrides(found: Mapping[str, Take], name: str) -> Overrides:
    """What a take changes, with what its parents change."""
    chain: dict[str, Take] = {}
    while name in found and name not in chain:
        chain[name] = found[name]
        name = found[name].parent
    changed: Overrides = {}
    for take in reversed(chain.values()):
        for node, parms in take.changes.items():
            changed.setdefault(node, {}).update(parms)
    return changed


def _records(payload: bytes, at: int, strings: dict[bytes, str], changes: Overrides) -> int:
    """Read the records of one take; gives where they end."""
    while (record := _record(payload, at)) is not None:
        at += _LENGTH.size + len(record)
        if string := _STRING.match(record):
            strings[string[1]] = _text(string[2])
        elif override := _OVERRIDE.match(record):
            node = strings.get(override[1], "")
            nested = _record(record, override.end()) or b""
            parms = grammar.parms(_text(nested))
            changes.setdefault(node, {}).update({name: _unbound(parm) for name, parm in parms.items()})
        elif record.startswith(b"e"):
            break
    return at


def _unbound(parm: Parm) -> Parm:
    """Without channels: those of the node are not those of the take."""
    return tuple(Component(component.value) for component in parm)


def _record(payload: bytes, at: int) -> bytes | None:
    if at + _LENGTH.size > len(payload):
        return None
    [length] = _LENGTH.unpack_from(payload, at)
    start = at + _LENGTH.size
    return payload[start : start + length] if 0 < length <= len(payload) - start else None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
