"""XML from outside, whoever reads it: a server what clients send, a client what servers answer.

Nothing is fetched, no DTD is read, no entity is replaced: a DOCTYPE is refused before anything is parsed. The parser's
own bounds hold (256 levels, no huge texts); how long a text may be is the caller's matter.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape as _escape

from lxml import etree

from rendermill.farm.model.errors import BadInputError

#: Characters that XML 1.0 cannot hold, not even escaped.
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION = re.compile(r"\A<\?xml\s[^>]*?encoding\s*=\s*[\"'][^\"'>]*[\"']")


def parse_xml(text: str) -> etree._Element:
    """The root element of an XML text. Raises :class:`BadInputError` if it is none, or has a DOCTYPE."""
    text = text.lstrip("\ufeff \t\r\n")
    if _has_doctype(text):
        raise BadInputError("a DOCTYPE is not taken", remedy="Send it without DTD and entities.")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_pis=True, remove_comments=False
    )
    try:
        # As UTF-8 bytes, with a declaration that says so: what the text declared was for bytes that we never saw.
        root = etree.fromstring(_DECLARATION.sub("<?xml version='1.0'", text, count=1).encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadInputError(f"it is not well-formed XML: {str(error)[:200]}") from error
    return root


def _has_doctype(text: str) -> bool:
    """Whether a DOCTYPE comes before the root element, the only place where one may be."""
    at = 0
    while text.startswith("<", at):
        for opening, closing in (("<?", "?>"), ("<!--", "-->")):
            if text.startswith(opening, at):
                at = text.find(closing, at + len(opening))
                if at < 0:
                    return False
                at += len(closing)
                break
        else:
            return text[at : at + 9].upper() == "<!DOCTYPE"
        while text[at : at + 1].isspace():
            at += 1
    return False


def inner_xml(element: etree._Element) -> str:
    """What stands inside an element, as XML."""
    parts = [escape(element.text or "")]
    for child in element:
        parts.append(etree.tostring(child, encoding="unicode", with_tail=True))
    return "".join(parts)


def escape(text: str) -> str:
    """Text as XML has it; what XML cannot hold is replaced."""
    if not text.isprintable():
        text = UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    return _escape(text) if "&" in text or "<" in text or ">" in text else text
