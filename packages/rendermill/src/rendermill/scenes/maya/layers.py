"""The layers that a scene renders, and what each changes: render layers of old, and those of Render Setup.

A render layer of old holds adjustments: the plug ``adjs[n].plg`` is connected to what it changes, ``adjs[n].val`` is
the value; the default layer holds those of all others. Render Setup (since 2016.5) keeps such a layer, ``rs_name``,
for each of its own; collections and overrides hang below one by ``parentList`` connections, in the order that
``previous`` connections make, and the adjustments that are left over from elsewhere count no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import itemgetter

from rendermill.scenes.maya import attributes as named
from rendermill.scenes.maya.model import Attribute, Node, Number, Scene, Value, short, split_plug

DEFAULT = "defaultRenderLayer"
MASTER = "masterLayer"
_PARENT = ("pls", "parentList")
_PREVIOUS = ("prv", "previous")
_LEGACY = ("lrl", "legacyRenderLayer")
_SELECTOR = ("sel", "selector")
_PLUG = ("plg", "plug")
_MANAGED = ("rlid", "identification")
LAYER_PLUGS = (*_PARENT, *_PREVIOUS, *_LEGACY, *_SELECTOR, *_PLUG, *_MANAGED)
"""The plugs whose incoming connections tell of layers."""
_MANAGER = "renderLayerManager"
_DEEPEST = 100
_LONGEST_PATTERN = 4096
_NOTHING = Number.plain(0)


@dataclass(frozen=True, slots=True)
class Override:
    """What a layer makes of an attribute: of nodes by their names, or by patterns of names.

    It sets ``value``, or where that is None, multiplies by ``factor`` and adds ``offset``.
    """

    nodes: frozenset[str]
    attribute: str
    value: Value | None
    patterns: tuple[str, ...] = ()
    factor: float = 1
    offset: Number = _NOTHING

    def matches(self, node: frozenset[str], attribute: Attribute) -> bool:
        """Whether its patterns are about an attribute of a node that has these names."""
        return self.attribute in attribute and any(fnmatchcase(name, each) for each in self.patterns for name in node)

    def applied(self, before: Value | None) -> Value | None:
        """What the attribute is then."""
        if self.value is not None:
            return self.value
        if not isinstance(before, Number):
            return before
        return Number(before.value * self.factor + self.offset.value, before.frames * self.factor + self.offset.frames)


class Overrides:
    """The overrides of a layer in their order, found by the nodes that they are about."""

    def __init__(self, overrides: Iterable[Override] = ()) -> None:
        self._named: dict[tuple[str, str], list[tuple[int, Override]]] = {}
        self._patterned: list[tuple[int, Override]] = []
        for place, override in enumerate(overrides):
            for name in override.nodes:
                self._named.setdefault((name, override.attribute), []).append((place, override))
            if override.patterns:
                self._patterned.append((place, override))

    def concerning(self, node: frozenset[str], attribute: Attribute) -> list[Override]:
        """Those about an attribute of a node that has these names."""
        found = {
            place: override
            for name in node
            for spelled in attribute
            for place, override in self._named.get((name, spelled), ())
        }
        found |= {place: override for place, override in self._patterned if override.matches(node, attribute)}
        return [found[place] for place in sorted(found)]


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as the artist sees it; ``kind`` is layer (the default one), render_layer or render_setup_layer."""

    name: str
    kind: str
    enabled: bool
    overrides: tuple[Overrides, ...] = ()

    def value(self, node: frozenset[str], attribute: Attribute, before: Value | None) -> Value | None:
        """What an attribute of a node that has these names is on this layer."""
        for overrides in self.overrides:
            for override in overrides.concerning(node, attribute):
                before = override.applied(before)
        return before


def uses_render_setup(scene: Scene) -> bool:
    """Whether the artist works with Render Setup."""
    return bool(scene.of_type("renderSetupLayer"))


def layers(scene: Scene) -> list[Layer]:
    """All layers, the default one first."""
    if uses_render_setup(scene):
        return [_default(scene, MASTER), *_of_setup(scene)]
    adjusted = {name: Overrides(overrides) for name, overrides in _adjustments(scene).items()}
    own = adjusted.get(DEFAULT, Overrides())
    return [_default(scene, DEFAULT, own), *_of_old(scene, adjusted, own)]


def _default(scene: Scene, name: str, *overrides: Overrides) -> Layer:
    return Layer(name, "layer", _is_renderable(scene.named(DEFAULT)), overrides)


def _is_renderable(layer: Node | None) -> bool:
    return layer is None or layer.number(named.LAYER_RENDERABLE, 1) != 0


def _of_old(scene: Scene, adjusted: dict[str, Overrides], own: Overrides) -> Iterator[Layer]:
    managed = {
        split_plug(target)[0]
        for source, target in scene.connections
        if _is(target, _MANAGED) and split_plug(source)[0] == _MANAGER
    }
    nodes = [
        node
        for node in scene.of_type("renderLayer")
        # Files that were imported leave their default layers behind.
        if node.name != DEFAULT and not node.number(named.GLOBAL, 0) and (not managed or node.name in managed)
    ]
    for node in sorted(nodes, key=lambda node: node.number(named.ORDER, 0)):
        yield Layer(node.name, "render_layer", _is_renderable(node), (own, adjusted.get(node.name, Overrides())))


def _adjustments(scene: Scene) -> dict[str, list[Override]]:
    """What each render layer of old sets."""
    found: dict[str, list[Override]] = {}
    for source, target in scene.connections:
        if not _is(target, _PLUG):
            continue
        layer, element = split_plug(target)
        prefix = element.rpartition(".")[0]
        node = scene.named(layer)
        value = node.get((f"{prefix}.val", f"{prefix}.value")) if node is not None else None
        if value is not None:
            changed, attribute = split_plug(source)
            found.setdefault(layer, []).append(Override(frozenset((changed,)), attribute, value))
    return found


def _of_setup(scene: Scene) -> Iterator[Layer]:
    tree = _Tree(scene)
    legacy = {
        split_plug(target)[0]: split_plug(source)[0] for source, target in scene.connections if _is(target, _LEGACY)
    }
    overrides = tree.overrides()

    def order(node: Node) -> tuple[int, float]:
        old = scene.named(legacy.get(node.name, f"rs_{node.name}"))
        return tree.place(node.name), old.number(named.ORDER, 0) if old is not None else 0

    for node in sorted(scene.of_type("renderSetupLayer"), key=order):
        old = scene.named(legacy.get(node.name, f"rs_{node.name}"))
        yield Layer(node.name, "render_setup_layer", _is_renderable(old), (Overrides(overrides.get(node.name, ())),))


class _Tree:
    """Render Setup's layers, groups, collections and overrides, by their connections."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._parents = self._connected(_PARENT)
        self._selectors = self._connected(_SELECTOR)
        self._layers = {node.name for node in scene.of_type("renderSetupLayer")}
        self._places = _places(self._connected(_PREVIOUS))

    def place(self, name: str) -> int:
        """How many of its kind stand before a node in their list."""
        return self._places.get(name, 0)

    def overrides(self) -> dict[str, list[Override]]:
        """The overrides of each layer that are not switched off; the last of several about one attribute counts."""
        found: dict[str, list[tuple[list[int], Override]]] = {}
        for node in self._scene.nodes:
            if not node.type.endswith("Override"):
                continue
            above = self._above(node.name)
            layer = next((name for name in above if name in self._layers), None)
            override = self._override(node, above)
            if layer is not None and override is not None and all(map(self._is_on, (node.name, *above))):
                order = [self.place(name) for name in (*reversed(above), node.name)]
                found.setdefault(layer, []).append((order, override))
        return {
            layer: [override for _, override in sorted(overrides, key=itemgetter(0))]
            for layer, overrides in found.items()
        }

    def _connected(self, target: tuple[str, str]) -> dict[str, str]:
        return {
            split_plug(into)[0]: split_plug(source)[0] for source, into in self._scene.connections if _is(into, target)
        }

    def _above(self, name: str) -> list[str]:
        """What a node hangs below, up to its layer."""
        found: list[str] = []
        while name in self._parents and len(found) < _DEEPEST:
            name = self._parents[name]
            found.append(name)
        return found

    def _is_on(self, name: str) -> bool:
        node = self._scene.named(name)
        return node is None or (node.number(named.SELF_ENABLED, 1) != 0 and node.number(named.ENABLED, 1) != 0)

    def _override(self, node: Node, above: list[str]) -> Override | None:
        attribute = node.text(named.OVERRIDDEN)
        if not attribute or not node.type.startswith(("abs", "rel")):
            return None
        if node.type.endswith("UniqueOverride"):
            names, patterns = [node.text(named.TARGET)], list[str]()
        else:
            names, patterns = self._selected(above)
        value: Value | None = None
        if node.type.startswith("abs"):
            value = node.get(named.OVERRIDE_VALUE) or _NOTHING
        offset = node.get(named.OFFSET)
        return Override(
            frozenset(map(short, names)),
            attribute,
            value,
            tuple(patterns),
            node.number(named.FACTOR, 1),
            offset if isinstance(offset, Number) else _NOTHING,
        )

    def _selected(self, above: list[str]) -> tuple[list[str], list[str]]:
        """The names and the patterns of names that the nearest collection selects."""
        selector = next((self._selectors[name] for name in above if name in self._selectors), "")
        node = self._scene.named(selector)
        if node is None:
            return [], []
        patterns = [each.strip() for each in re.split("[;,]", node.text(named.PATTERN)[:_LONGEST_PATTERN])]
        return node.text(named.SELECTION).split(), [each for each in patterns if each]


def _places(previous: dict[str, str]) -> dict[str, int]:
    """Places in lists that are told by what stands before each."""
    following = {before: name for name, before in previous.items()}
    found: dict[str, int] = {}
    for first in following.keys() - previous.keys():
        place, name = 0, following.get(first)
        while name is not None and name not in found:
            place += 1
            found[name] = place
            name = following.get(name)
    return found


def _is(plug: str, attribute: Attribute) -> bool:
    return plug.rpartition(".")[2].partition("[")[0] in attribute
