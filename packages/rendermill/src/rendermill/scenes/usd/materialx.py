"""The files that a MaterialX document (.mtlx) names. usd-core as it is installed reads none of these."""

from __future__ import annotations

from xml.parsers import expat

from rendermill.scenes.findings import DamageError
from rendermill.scenes.usd.contents import Contents, Mention

_PREFIX = "fileprefix"


def contents(data: bytes) -> Contents:
    """The files of a document, and the documents that it includes. Raises DamageError if it is no XML.

    A value of type ``filename`` stands behind the ``fileprefix`` of the nearest element that has one (MaterialX
    specification, "File Prefixes").
    """
    document = _Document()
    parser = expat.ParserCreate()
    parser.StartElementHandler = document.start
    parser.EndElementHandler = document.end
    parser.EntityDeclHandler = document.entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise DamageError(f"it is no XML: {error}") from error
    return document.found


class _Document:
    def __init__(self) -> None:
        self.found = Contents()
        self._names: list[str] = []
        self._prefixes = [""]

    def start(self, element: str, attributes: dict[str, str]) -> None:
        prefix = attributes.get(_PREFIX, self._prefixes[-1])
        name = attributes.get("name", "")
        if attributes.get("type") == "filename" and attributes.get("value"):
            user = f"/{'/'.join(filter(None, self._names))} {name}"
            self.found.mentions.append(Mention(prefix + attributes["value"], user))
        if element == "xi:include" and attributes.get("href"):
            self.found.mentions.append(Mention(attributes["href"], "xi:include"))
        self._names.append(name)
        self._prefixes.append(prefix)

    def end(self, _: str) -> None:
        self._names.pop()
        self._prefixes.pop()

    def entity(self, *_: object) -> None:
        raise DamageError("it defines entities, which MaterialX does not")
