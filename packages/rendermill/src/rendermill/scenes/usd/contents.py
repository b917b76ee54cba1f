"""What one layer holds: the files that it names and by what, its arcs to other prims, its cameras and settings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from pxr import Sdf

from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.usd.renderers import of_prim_type, of_shader

_TO_COMPOSE = frozenset({"Camera", "RenderSettings", "RenderProduct", "RenderVar"})
_KINDS = {
    Sdf.ValueTypeNames.Asset: False,
    Sdf.ValueTypeNames.AssetArray: False,
    Sdf.ValueTypeNames.String: True,
    Sdf.ValueTypeNames.StringArray: True,
}
"""The types of attributes that may name files, and whether that is a guess."""
_NAMED = re.compile(r"file|path|tex|image|map|cache|asset|proxy|archive", re.IGNORECASE)
"""What attributes are called whose strings are names of files, even without a folder."""
_CLIPS = "clips"
_TEMPLATE = "templateAssetPath"
_CUSTOM = "customData"
_NOT_METADATA = frozenset({"subLayers", "subLayerOffsets", "references", "payload", "assetInfo"})
"""Named by other means, or, as the place that an asset was published to, read by nothing."""


class Sense(StrEnum):
    """How a mention of a file is meant."""

    ASSET = "asset"
    TEMPLATE = "template"
    """Value clips: ``walk.###.usd``."""
    GUESS = "guess"
    """A string that looks like a path."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A file that a layer names: ``text`` as written, ``user`` the prim and the attribute."""

    text: str
    user: str
    sense: Sense = Sense.ASSET


@dataclass(frozen=True, slots=True)
class Arc:
    """Prims that a prim is composed of: those of the layer that ``text`` names, or of this one if it is empty.

    ``target`` is a prim's path; empty for the layer's default prim.
    """

    prim: Sdf.Path
    text: str
    target: Sdf.Path


@dataclass
class Contents:
    """What was found in a layer."""

    sublayers: list[str] = field(default_factory=list)
    arcs: list[Arc] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    to_compose: list[Sdf.Path] = field(default_factory=list)
    """Cameras and prims of render settings."""
    renderers: Counter[str] = field(default_factory=Counter)
    default_prim: Sdf.Path = field(default_factory=Sdf.Path)
    unreadable: int = 0
    """How many prims and attributes could not be read."""


def contents(layer: Any) -> Contents:
    """Look through a layer, prim by prim, all variants included; no value but paths is taken from the file."""
    found = Contents()
    _guarded(_layer, layer, found)
    todo: list[Any] = []
    _guarded(partial(_roots, todo), layer, found)
    below = partial(_below, todo)
    while todo:
        prim = todo.pop()
        for look in (_prim, _properties, below):
            _guarded(look, prim, found)
    return found


def _guarded(look: Callable[[Any, Contents], None], spec: Any, found: Contents) -> None:
    """Look at one thing; what usd-core cannot read of it, or what is no UTF-8, costs no more than that."""
    try:
        look(spec, found)
    except (RuntimeError, UnicodeDecodeError):
        found.unreadable += 1


def _layer(layer: Any, found: Contents) -> None:
    found.default_prim = layer.GetDefaultPrimAsPath()
    found.sublayers = list(layer.subLayerPaths)
    found.mentions += [Mention(text, "subLayers") for text in found.sublayers]
    found.mentions += _metadata(layer.pseudoRoot, "")


def _roots(todo: list[Any], layer: Any, found: Contents) -> None:
    todo += _sound(layer.rootPrims, found)[::-1]


def _below(todo: list[Any], prim: Any, found: Contents) -> None:
    """Its children go on the list, those in its variants too."""
    sets = _sound(prim.variantSets.values(), found)
    variants = [variant.primSpec for each in sets for variant in _sound(each.variants.values(), found)]
    todo += _sound((*prim.nameChildren, *variants), found)[::-1]


def _sound(specs: Iterable[Any], found: Contents) -> list[Any]:
    """Those that are there: damaged crates list some that are not."""
    listed = list(specs)
    sound = [each for each in listed if each]
    found.unreadable += len(listed) - len(sound)
    return sound


def _prim(prim: Any, found: Contents) -> None:
    path, type_ = prim.path, prim.typeName
    if type_:
        found.renderers.update(of_prim_type(type_))
        if type_ in _TO_COMPOSE:
            found.to_compose.append(path.StripAllVariantSelections())
    _arcs(prim, path.StripAllVariantSelections(), found)
    found.mentions += _metadata(prim, f"{path} ")


def _properties(prim: Any, found: Contents) -> None:
    # A list of all of them at once is what usd-core gives fastest, and scenes have millions.
    for each in prim.properties:
        if each is None:  # as in _sound
            found.unreadable += 1
            continue
        if isinstance(each, Sdf.AttributeSpec):
            strings = _KINDS.get(each.typeName)
            if strings is not None:
                _guarded(partial(_attribute, prim, guessed=strings), each, found)
        if each.HasInfo(_CUSTOM):
            _guarded(_custom_data, each, found)
    if prim.typeName == "Shader" and "info:id" in prim.attributes:
        found.renderers.update(of_shader(str(prim.attributes["info:id"].default)))


def _custom_data(spec: Any, found: Contents) -> None:
    found.mentions += _paths_in(spec.GetInfo(_CUSTOM), f"{spec.path} {_CUSTOM}")


def _arcs(prim: Any, path: Sdf.Path, found: Contents) -> None:
    for name, arcs in (("references", prim.referenceList), ("payload", prim.payloadList)):
        for each in arcs.GetAddedOrExplicitItems():
            found.arcs.append(Arc(path, each.assetPath, each.primPath))
            if each.assetPath:
                found.mentions.append(Mention(each.assetPath, f"{prim.path} {name}"))
    for targets in (prim.inheritPathList, prim.specializesList):
        found.arcs += [Arc(path, "", target) for target in targets.GetAddedOrExplicitItems()]


def _attribute(prim: Any, attribute: Any, found: Contents, *, guessed: bool) -> None:
    if guessed and prim.typeName == "RenderProduct":
        return  # what its strings name is written
    name = attribute.name
    user = f"{prim.path} {name}"
    named = _NAMED.search(name.rpartition(":")[2]) is not None
    for text in _values(attribute):
        if not guessed:
            found.mentions.append(Mention(text, user))
        elif looks_like_file(text) and (named or "/" in text or "\\" in text):
            found.mentions.append(Mention(text, user, Sense.GUESS))


def _values(attribute: Any) -> Iterator[str]:
    """Each path that an attribute has, by default or at any time, once."""
    layer, path = attribute.layer, attribute.path
    found = dict.fromkeys(_texts(attribute.default))
    for time in layer.ListTimeSamplesForPath(path):
        found.update(dict.fromkeys(_texts(layer.QueryTimeSample(path, time))))
    yield from found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Sdf.AssetPath):
        yield value.path
    elif isinstance(value, str):
        yield value
    elif isinstance(value, Sdf.AssetPathArray):
        yield from (each.path for each in value)
    elif value is not None and not isinstance(value, Sdf.ValueBlock):
        yield from (each for each in value if isinstance(each, str))


def _metadata(spec: Any, prefix: str) -> Iterator[Mention]:
    for key in spec.ListInfoKeys():
        if key in _NOT_METADATA:
            continue
        value = spec.GetInfo(key)
        yield from _paths_in(value, f"{prefix}{key}")
        if key == _CLIPS:
            yield from _templates(value, f"{prefix}{key}")


def _paths_in(value: Any, user: str) -> Iterator[Mention]:
    """The asset paths in a value of metadata, also in dictionaries."""
    todo = [(user, value)]
    while todo:
        name, each = todo.pop()
        if isinstance(each, dict):
            todo += [(f"{name}:{below}", what) for below, what in each.items()]
        elif isinstance(each, (Sdf.AssetPath, Sdf.AssetPathArray)):
            yield from (Mention(text, name) for text in _texts(each))


def _templates(sets: dict[str, Any], user: str) -> Iterator[Mention]:
    """Value clips named by a template, which is a plain string."""
    for name, clips in sets.items():
        template = clips.get(_TEMPLATE) if isinstance(clips, dict) else None
        if isinstance(template, str):
            yield Mention(template, f"{user}:{name}:{_TEMPLATE}", Sense.TEMPLATE)
