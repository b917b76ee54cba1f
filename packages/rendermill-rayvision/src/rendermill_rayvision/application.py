"""The applications whose scenes are analysed."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Application:
    """An application: its name in scene reports, its number in the API, how its versions are compared.

    ``version_parts`` says how many numbers of a version count: two of ``17.5.460``. ``opens_older`` tells that scenes
    of older versions are opened as a matter of course, ``tells_renderables`` that reports say what can be rendered.
    """

    name: str
    cg_id: str
    version_parts: int = 1
    opens_older: bool = False
    tells_renderables: bool = True

    def fits(self, asked: str, saved: str) -> bool:
        """Whether the version that is asked for is the one that saved the scene; True where one is not known."""
        wanted, found = self._numbers(asked), self._numbers(saved)
        count = min(len(wanted), len(found))
        return wanted[:count] == found[:count] or (self.opens_older and wanted[:count] > found[:count])

    def _numbers(self, version: str) -> tuple[int, ...]:
        return tuple(int(number) for number in _NUMBER.findall(version)[: self.version_parts])
