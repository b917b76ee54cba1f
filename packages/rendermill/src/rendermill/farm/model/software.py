"""How applications are named where workers say what they have and steps say what they need.

OpenJD's attribute values are words (letters, digits, ``_`` and ``-``), so ``houdini 17.5`` is ``houdini_17-5`` and
``cinema4d R19 SP1`` is ``cinema4d_R19_SP1``.
"""

from __future__ import annotations

import re

#: The worker attribute that lists its software (OpenJD 2023-09, ``<AttributeCapabilityName>``).
SOFTWARE = "attr.software"
_NAME = re.compile(r"[^a-z0-9-]+")
_VERSION = re.compile(r"[^A-Za-z0-9_-]")
_WRITTEN = {"-": "--", ".": "-", " ": "_"}
_READ = re.compile(r"--|-|_")


def software_word(name: str, version: str) -> str:
    """``("houdini", "17.5")`` as ``houdini_17-5``: at most 100 characters."""
    plain = _NAME.sub("-", name.lower()).strip("-") or "unnamed"
    written = "".join(_WRITTEN.get(letter, letter) for letter in " ".join(version.split()))
    word = f"{plain}_{_VERSION.sub('_', written)}" if written else plain
    return (word if word[0].isalpha() else f"x-{word}")[:100]


def software_text(word: str) -> str:
    """``houdini_17-5`` as ``houdini 17.5``."""
    name, _, version = word.partition("_")
    return f"{name} {_READ.sub(lambda found: {'--': '-', '-': '.', '_': ' '}[found[0]], version)}".strip()
