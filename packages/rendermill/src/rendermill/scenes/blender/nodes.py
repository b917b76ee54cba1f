"""Files of nodes: light profiles and scripts, files that geometry is imported from, and what compositors write."""

from __future__ import annotations

from collections.abc import Iterator

from rendermill.scenes.blender.datablocks import Datablock
from rendermill.scenes.blender.files import named
from rendermill.scenes.blender.paths import absolute, numbered
from rendermill.scenes.findings import Reference, Role

KEPT = frozenset(
    {
        "bNode",
        "NodeShaderTexIES",
        "NodeShaderScript",
        "NodeImageMultiFile",
        "bNodeSocketValueString",
        "bNodeTreeInterfaceSocket",
    }
)
"""The structs that are read here: nodes, and what some of them store."""

_EXTERNAL = 1
_FILE_PATH = 1
_KINDS = {
    "SC": "scene",
    "MA": "material",
    "LA": "light",
    "WO": "world",
    "LS": "line style",
    "TE": "texture",
    "NT": "node group",
}


def references(block: Datablock, folder: str) -> Iterator[Reference]:
    """The files of a data-block's nodes."""
    if block.code not in _KINDS or block.root.pointer("compositing_node_group"):  # since 5.0; its own is left over
        return
    names = {node.pointer("storage"): node.text("name") for node in block.of("bNode")}
    of = f"of {_KINDS[block.code]} {block.name}"
    for record in block.of("NodeShaderTexIES", "NodeShaderScript"):
        raw = record.text("filepath")
        if raw and record.whole("mode") == _EXTERNAL:
            yield named(raw, f"node {names.get(record.address, '')} {of}", folder)
    presets = {socket.pointer("socket_data") for socket in block.of("bNodeTreeInterfaceSocket")}
    for record in block.of("bNodeSocketValueString"):
        raw = record.text("value")
        if raw and record.whole("subtype") == _FILE_PATH and record.address not in presets:
            yield named(raw, f"file path of a node {of}", folder)
    for record in block.of("NodeImageMultiFile"):
        if raw := record.text("base_path"):
            user = f"node {names.get(record.address, '')} {of}"
            yield Reference(raw, user, (absolute(raw, folder, numbered),), role=Role.OUTPUT)
