"""From what a layer names to the mentions of files that a report is made from."""

from __future__ import annotations

import re
from dataclasses import replace

from rendermill.scenes.findings import Reference, Role
from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.template import Kind, Part, Template, Token, expression
from rendermill.scenes.report import Confidence
from rendermill.scenes.usd.address import LAYERS, MATERIALX, Address, Meaning
from rendermill.scenes.usd.contents import Mention, Sense
from rendermill.scenes.usd.opening import Opener

_CLIP_TIME = re.compile(r"#+(?:\.#+)?(?=[^/\\]*$)")


def reference(mention: Mention, means: Meaning, package: Address | None, opener: Opener) -> Reference:
    """The reference of a mention. ``package`` is the one that the layer itself lies in.

    What lies in that package is packed; what should and does not is missing.
    """
    made = Reference(
        mention.text,
        mention.user,
        confidence=Confidence.LOW if mention.sense is Sense.GUESS else Confidence.HIGH,
    )
    if means.reason:
        return replace(made, role=Role.UNRESOLVED, reason=means.reason)
    for place in means.places:
        if package is not None and _is_in(place, package):
            found = _packed(place, mention.sense, opener)
            if found is not None:
                return replace(made, role=Role.PACKED, paths=(found,))
    return replace(made, paths=tuple(_templates(means.places, mention.sense, package)))


def follows(mention: Mention, means: Meaning) -> bool:
    """Whether what is mentioned is a layer or a MaterialX document, whose own files count too."""
    return mention.sense is not Sense.GUESS and any(place.ending in (*LAYERS, MATERIALX) for place in means.places)


def _is_in(place: Address, package: Address) -> bool:
    return place.file == package.file and place.inside[: len(package.inside)] == package.inside and bool(place.inside)


def _packed(place: Address, sense: Sense, opener: Opener) -> Template | None:
    """Where in its package a place is, None if nothing is there; tiles and frames count as one."""
    outer, name = Address(place.file, place.inside[:-1]), place.inside[-1]
    parts = _parts(name, sense)
    wanted = re.compile("/".join(expression(each) for each in Template.of(parts).components))
    if name in opener.members(outer):
        parts = [name]
    elif not any(wanted.fullmatch(member) for member in opener.members(outer)):
        return None
    return _inside(outer, parts)


def _templates(places: tuple[Address, ...], sense: Sense, package: Address | None) -> list[Template]:
    found = []
    for place in places:
        if package is not None and _is_in(place, package):
            found.append(_inside(Address(place.file, place.inside[:-1]), _parts(place.inside[-1], sense)))
            continue
        parts = _parts(place.file, sense)
        # A name may have number signs of its own; a tile's token it has never.
        if sense is not Sense.TEMPLATE and _may_be_literal(parts):
            found.append(Template.literal(place.file))
        found.append(Template.of(parts))
    return list(dict.fromkeys(found))


def _inside(outer: Address, parts: list[Part]) -> Template:
    """``set.usdz[wood.<UDIM>.png]``."""
    return Template.of([f"{outer.text.rstrip(']')}[", *parts, "]" * (len(outer.inside) + 1)])


def _parts(path: str, sense: Sense) -> list[Part]:
    if sense is not Sense.TEMPLATE:
        return tokens.split(path)
    match = _CLIP_TIME.search(path)
    if match is None:
        return [path]
    shown = match[0]
    token = Token(Kind.SUBFRAME, shown) if "." in shown else Token(Kind.FRAME, shown, len(shown))
    return [path[: match.start()], token, path[match.end() :]]


def _may_be_literal(parts: list[Part]) -> bool:
    kinds = {part.kind for part in parts if isinstance(part, Token)}
    return bool(kinds) and kinds <= {Kind.FRAME, Kind.SUBFRAME}
