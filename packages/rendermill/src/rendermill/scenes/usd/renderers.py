"""Which renderer a prim, a shader or a setting belongs to: by the prefixes that renderers give their schemas."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

_NAMESPACES = {
    "arnold": "arnold",
    "cycles": "cycles",
    "karma": "karma",
    "nsi": "3delight",
    "octane": "octane",
    "redshift": "redshift",
    "ri": "prman",
    "vray": "vray",
}
_PRIM_TYPES = re.compile(r"(Arnold|Karma|Pxr|Redshift|VRay)(?=[A-Z])")
_SHADERS = re.compile(r"(arnold:|kma_|karma_|octane|Pxr(?=[A-Z])|redshift::|vray|VRay)")
_NAMES = {
    "arnold": "arnold",
    "karma": "karma",
    "kma_": "karma",
    "octane": "octane",
    "pxr": "prman",
    "redshift": "redshift",
    "vray": "vray",
}


def of_prim_type(type_: str) -> Iterator[str]:
    """The renderer whose own type of prim this is (``ArnoldUsd``, ``PxrBarnLightFilter``)."""
    yield from _named(_PRIM_TYPES.match(type_))


def of_shader(identifier: str) -> Iterator[str]:
    """The renderer whose shader this is (``arnold:standard_surface``, ``PxrSurface``)."""
    yield from _named(_SHADERS.match(identifier))


def of_settings(attributes: Iterable[str]) -> str:
    """The renderer that render settings are for: whose namespace most of them have; empty where none has one."""
    found = Counter(
        _NAMESPACES[name] for name in (each.partition(":")[0] for each in attributes) if name in _NAMESPACES
    )
    return max(found, key=lambda name: (found[name], name), default="")


def _named(match: re.Match[str] | None) -> Iterator[str]:
    if match is not None:
        yield _NAMES[match[1].rstrip(":").lower()]
