"""File Output nodes of the compositor: what they write belongs to the job, as the frames do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import bpy

_UNFIT = re.compile(r"[^\w.-]+")


def redirect(scene: Any, output: str) -> None:
    """Let the File Output nodes of ``scene`` write below ``output``.

    A folder below that of the scene's own frames keeps its place relative to it; any other gives its last name. To be
    called while the scene still has its own output path.
    """
    home = os.path.dirname(_absolute(scene.render.filepath))
    taken: dict[str, str] = {}
    for node in _nodes(_tree(scene), set()):
        attribute = "directory" if hasattr(node, "directory") else "base_path"  # its name since Blender 5
        path = _absolute(getattr(node, attribute))
        place = _place(path, home, node.name)
        while taken.setdefault(place, path) != path:
            place = f"{place.rstrip('/')}-{_UNFIT.sub('_', node.name)}"
        setattr(node, attribute, os.path.join(output, place))


def _absolute(path: str) -> str:
    """Normal, and with the slash at its end: a multilayer file takes what follows the last one for its name."""
    found = os.path.normpath(bpy.path.abspath(path.replace("\\", "/")))
    return f"{found}/" if path.endswith(("/", "\\")) else found


def _place(path: str, home: str, name: str) -> str:
    if f"{path}/".startswith(f"{home}/"):
        return path[len(home) :].strip("/") + ("/" if path.endswith("/") else "")
    return _UNFIT.sub("_", os.path.basename(path.rstrip("/")) or name) + ("/" if path.endswith("/") else "")


def _tree(scene: Any) -> Any:
    if hasattr(scene, "compositing_node_group"):
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def _nodes(tree: Any, seen: set[str]) -> Iterator[Any]:
    """The tree's File Output nodes, those in its groups included."""
    for node in tree.nodes if tree is not None else ():
        if node.bl_idname == "CompositorNodeOutputFile":
            yield node
        group = getattr(node, "node_tree", None)
        if group is not None and group.name not in seen:
            seen.add(group.name)
            yield from _nodes(group, seen)
