"""XML that is written."""

from __future__ import annotations

from rendermill.safe_xml import escape


def el(name: str, value: object) -> str:
    """An element with text; None and empty text give an empty element, booleans ``true`` and ``false``."""
    if value is None or value == "":
        return f"<{name}/>"
    if isinstance(value, bool):
        return f"<{name}>{'true' if value else 'false'}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def box(name: str, *inside: str, **attributes: object) -> str:
    """An element that has others, which are XML already."""
    head = "".join(f' {key.replace("_", "-")}="{_quoted(value)}"' for key, value in attributes.items())
    body = "".join(inside)
    return f"<{name}{head}>{body}</{name}>" if body else f"<{name}{head}/>"


def _quoted(value: object) -> str:
    return escape(str(value)).replace('"', "&quot;")


def success(key: str) -> str:
    """What a command answers that has nothing else to tell."""
    return f"<success>{key}</success>"
