"""How applications are named where workers say what they have and steps say what they need.

OpenJD's attribute values are words (letters, digits, ``_`` and ``-``), so ``houdini 17.5`` is ``houdini_17-5``.
"""

from __future__ import annotations

import re

#: The worker attribute that lists its software (OpenJD 2023-09, ``<AttributeCapabilityName>``).
SOFTWARE = "attr.software"
_UNFIT = re.compile(r"[^a-z0-9-]+")


def software_word(name: str, version: str) -> str:
    """``("houdini", "17.5")`` as ``houdini_17-5``: at most 100 characters."""
    plain_name = _UNFIT.sub("-", name.lower()).strip("-") or "unnamed"
    plain_version = _UNFIT.sub("-", version.lower()).strip("-")
    word = f"{plain_name}_{plain_version}" if plain_version else plain_name
    return (word if word[0].isalpha() else f"x-{word}")[:100]


def software_text(word: str) -> str:
    """``houdini_17-5`` as ``houdini 17.5``."""
    name, _, version = word.partition("_")
    return f"{name} {version.replace('-', '.')}".strip()
