"""The files that a scene refers to, with what is known of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rendermill.scenes.findings import Findings, Reference, Role
from rendermill.scenes.maya.files import reference
from rendermill.scenes.maya.model import Attribute, Node, Referenced, Scene
from rendermill.scenes.maya.paths import Places

_NAMES: Attribute = ("fn", "fileNames")
_MOST_NAMES = 50
_COPY = re.compile(r"\{\d+\}$")


def referenced_files(scene: Scene, places: Places, found: Findings) -> Iterator[Reference]:
    """Each reference once: Maya writes one for its load info and again for itself.

    What lies below another reference is there only if that one is; it is met again where that one is read.
    """
    former = {node.name: _former_names(node) for node in scene.of_type("reference")}
    unloaded = [each.node for each in scene.referenced if each.unloaded and each.depth == 1]
    if unloaded:
        more = f" and {len(unloaded) - _MOST_NAMES} more" if len(unloaded) > _MOST_NAMES else ""
        names = ", ".join(unloaded[:_MOST_NAMES]) + more
        found.warn(f"references are unloaded, what is in them does not render: {names}")
    seen: set[tuple[str, str]] = set()
    for each in scene.referenced:
        if (each.node, each.path) not in seen:
            seen.add((each.node, each.path))
            yield _reference(each, former.pop(each.node, []), places)
    for name, paths in former.items():
        if paths:
            yield _reference(Referenced(paths[0], name), [], places)


def _reference(each: Referenced, former: list[str], places: Places) -> Reference:
    made = reference(places, each.path, f"{each.node} file", "scene")
    if made.role is Role.INPUT:
        # The reference node may know the whole path of what the scene names by a shorter one.
        same = [name for name in former if name != each.path and _base(name) == _base(each.path)]
        more = tuple(path for name in same[:1] for path in places.located(name, "scene").paths)
        made = replace(made, paths=tuple(dict.fromkeys((*made.paths, *more))))
    return replace(made, optional=each.depth > 1)


def _former_names(node: Node) -> list[str]:
    """The paths that a reference node had, the last first."""
    texts = [value for name in _NAMES for _, value in node.elements(name) if isinstance(value, str) and value]
    return texts[:_MOST_NAMES]


def _base(path: str) -> str:
    return _COPY.sub("", path.replace("\\", "/").rpartition("/")[2])
