"""Which format a file has, by its first bytes and never by its name, and who reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from rendermill.scenes.findings import Findings, Source

Read = Callable[[Source, Findings], None]
HEAD = 64


@dataclass(frozen=True, slots=True)
class Format:
    """A scene format: its name in reports, the first bytes of its files, and the room of its reader."""

    name: str
    magics: tuple[bytes, ...]
    room: str

    @property
    def read(self) -> Read:
        """Its reader; only the one that is needed is imported."""
        function: Read = import_module(f"rendermill.scenes.{self.room}").read
        return function


FORMATS = (
    Format("hip", (b"070707",), "houdini"),
    Format("hiplc", (b"HouLC\x1a",), "houdini"),
    Format("hipnc", (b"HouNC\x1a",), "houdini"),
    Format("ma", (b"//Maya ASCII",), "maya"),
    Format("mb", (b"FOR4", b"FOR8"), "maya"),
    Format("project", (b"#Isotropix_",), "clarisse"),
    Format("blend", (b"BLENDER", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"), "blender"),
    Format("usda", (b"#usda ",), "usd"),
    Format("usdc", (b"PXR-USDC",), "usd"),
    Format("usdz", (b"PK\x03\x04",), "usd"),
    Format("katana", (b"<katana",), "katana"),
    Format("c4d", (b"QC4DC4D6",), "cinema4d"),
    Format("max", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "max"),
)


def sniff(head: bytes) -> Format | None:
    """The format of a file that begins so; None if it is none that is known.

    A byte order mark and blank lines before a text format are passed over.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    return next((each for each in FORMATS if head.startswith(each.magics) or text.startswith(each.magics)), None)
