"""What the metaset ``render_input`` of a task says: its name, its source, and the parameters of its plug-in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rendermill.doors.cinnamon.form import is_plain
from rendermill.farm.model.errors import BadInputError
from rendermill.safe_xml import parse_xml

_OWN = ("renderTaskName", "sourceId")
_MAX_VALUE = 1024
_FRACTION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


@dataclass(frozen=True, slots=True)
class RenderInput:
    """A task's input: ``source_id`` is the object that it works on, ``values`` are the other elements."""

    source_id: int | None
    values: Mapping[str, str]

    def only(self, known: Collection[str]) -> None:
        """Pass if there are no others than these. Raises :class:`BadInputError`."""
        for name in self.values:
            if name not in known:
                what, remedy = "it is no parameter of this task", f"Known: {', '.join(sorted(known)) or 'none'}."
                raise BadInputError(what, where=name[:60], remedy=remedy)

    def text(self, name: str) -> str:
        """A text; empty if it is not there."""
        return self.values.get(name, "")

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number; None if it is not there. Raises :class:`BadInputError`."""
        text = self.text(name)
        if not text:
            return None
        if not (is_plain(text) and least <= int(text) <= most):
            raise BadInputError(f"{text[:40]!r} is not a whole number from {least} to {most}", where=name)
        return int(text)

    def fraction(self, name: str, least: float, most: float) -> float | None:
        """A number like 23.976; None if it is not there. Raises :class:`BadInputError`."""
        text = self.text(name)
        if not text:
            return None
        if not (_FRACTION.fullmatch(text) and least <= float(text) <= most):
            raise BadInputError(f"{text[:40]!r} is not a number from {least:g} to {most:g}", where=name)
        return float(text)

    def flag(self, name: str) -> bool:
        """``true`` or ``false``, which it is where it is not there. Raises :class:`BadInputError`."""
        text = self.text(name).lower()
        if text not in ("", "true", "false"):
            raise BadInputError(f"{text[:40]!r} is neither true nor false", where=name)
        return text == "true"


def read_input(content: str) -> RenderInput:
    """The input of a task by what stands in its metaset. Raises :class:`BadInputError`."""
    root = parse_xml(f"<metaset>{content}</metaset>")
    source = (root.findtext(".//sourceId") or "").strip()
    if source and not is_plain(source):
        raise BadInputError(f"{source[:40]!r} is no object's id", where="sourceId")
    values: dict[str, str] = {}
    for element in root.iterchildren("*"):
        if element.tag in _OWN:
            continue
        value = (element.text or "").strip()
        if len(element) or len(value) > _MAX_VALUE:
            raise BadInputError(f"a parameter is a text of at most {_MAX_VALUE} characters", where=element.tag[:60])
        values[element.tag] = value
    return RenderInput(int(source) if source else None, values)
