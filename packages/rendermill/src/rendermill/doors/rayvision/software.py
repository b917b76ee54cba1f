"""The applications of the API by their numbers (``cgId``), and what files they write."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Software:
    """An application: its number, its name here and as the API shows it, the suffixes of its scenes.

    ``aliases`` are what clients call it besides.
    """

    cg_id: int
    name: str
    title: str
    suffixes: tuple[str, ...]
    needs_project: bool = False
    aliases: tuple[str, ...] = ()

    def is_called(self, name: str) -> bool:
        """Whether a client means it by that name, however it writes it."""
        return _plain(name) in map(_plain, (self.name, self.title, *self.aliases))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


SOFTWARE: dict[int, Software] = {
    each.cg_id: each
    for each in (
        Software(2000, "maya", "Maya", ("ma", "mb"), needs_project=True),
        Software(2001, "3ds-max", "3ds Max", ("max",), aliases=("max",)),
        Software(2002, "lightwave", "LightWave", ("lws",)),
        Software(2003, "arnold", "Arnold Standalone", ("ass",), aliases=("arnold_standalone",)),
        Software(2004, "houdini", "Houdini", ("hip", "hipnc", "hiplc")),
        Software(2005, "cinema4d", "Cinema 4D", ("c4d",), aliases=("c4d",)),
        Software(2006, "softimage", "Softimage", ("scn",)),
        Software(2007, "blender", "Blender", ("blend",)),
        Software(2008, "vray", "VRay Standalone", ("vrscene",), aliases=("vr_standalone", "vray_standalone")),
        Software(2009, "mentalray", "MentalRay Standalone", ("mi",), aliases=("mr_standalone",)),
        Software(2010, "sketchup", "SketchUp", ("skp",)),
        Software(2011, "vue", "Vue", ("vue",)),
        Software(2012, "keyshot", "KeyShot", ("ksp", "bip")),
        Software(2013, "clarisse", "Clarisse", ("project", "render")),
        Software(2014, "octane", "Octane", ("orbx",), aliases=("octane_render",)),
        Software(2015, "nuke", "Nuke", ("nk",)),
        Software(2016, "katana", "Katana", ("katana",)),
        Software(2020, "unreal-engine", "Unreal Engine", ("uproject",), needs_project=True, aliases=("ue", "unreal")),
    )
}
