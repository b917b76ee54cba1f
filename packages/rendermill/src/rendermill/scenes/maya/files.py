"""The files that nodes name: which attribute of which type holds one, and what varies in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rendermill.scenes.findings import Reference, Role
from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.maya.attributes import CONFIG_ENABLED, PLANE_TYPE, SEQUENCE, SETTINGS, TILING
from rendermill.scenes.maya.model import Attribute, Node, Scene
from rendermill.scenes.maya.paths import Places, Tiling
from rendermill.scenes.maya.typecodes import CODES
from rendermill.scenes.report import Confidence

_FILE_TEXTURE: Attribute = ("ftn", "fileTextureName")
_FILENAME: Attribute = ("filename", "filename")
_TEX0: Attribute = ("tex0", "tex0")
_LIGHT_MAP: Attribute = ("lightColorMap", "lightColorMap")
_ABC_LAYERS: Attribute = ("fns", "abc_layerFiles")
_EXPLICIT: Attribute = ("eut", "explicitUvTiles")
_TILE_NAME: Attribute = ("eutn", "explicitUvTileName")
_MOVIE = 2

IMAGES = "sourceImages"
# By type of node: the attributes that name a file, and the folder of the project where such files are kept.
_BY_TYPE: dict[str, tuple[tuple[Attribute, ...], str]] = {
    "file": ((_FILE_TEXTURE,), IMAGES),
    "psdFileTex": ((_FILE_TEXTURE,), IMAGES),
    "movie": ((_FILE_TEXTURE,), "movie"),
    "mentalrayTexture": ((_FILE_TEXTURE,), IMAGES),
    "mentalrayIblShape": ((("tx", "texture"),), IMAGES),
    "mentalrayLightProfile": ((("fn", "fileName"),), IMAGES),
    "imagePlane": ((("imn", "imageName"),), IMAGES),
    "audio": ((("f", "filename"),), "sound"),
    "colorManagementGlobals": ((("cfp", "configFilePath"),), ""),
    "gpuCache": ((("cfn", "cacheFileName"),), "alembicCache"),
    "AlembicNode": ((("fn", "abc_File"),), "alembicCache"),
    "diskCache": ((("hcn", "hiddenCacheName"),), "diskCache"),
    "assemblyReference": ((("def", "definition"),), "scene"),
    "aiImage": ((_FILENAME,), IMAGES),
    "aiStandIn": ((("dso", "dso"),), "scene"),
    "aiVolume": ((_FILENAME,), "scene"),
    "aiPhotometricLight": ((("aiFilename", "aiFilename"),), IMAGES),
    "VRayMesh": ((("fileName2", "fileName2"), ("fileName", "fileName")), "scene"),
    "VRayScene": ((("fpath", "FilePath"),), "scene"),
    "VRayVolumeGrid": ((("inFile", "inFile"), ("inPath", "inPath")), "scene"),
    "VRayLightIESShape": ((("iesFile", "iesFile"),), IMAGES),
    "VRayPtex": ((("ptexFile", "ptexFile"),), IMAGES),
    "RedshiftNormalMap": ((_TEX0,), IMAGES),
    "RedshiftSprite": ((_TEX0,), IMAGES),
    "RedshiftCameraMap": ((_TEX0,), IMAGES),
    "RedshiftDomeLight": ((_TEX0, ("tex1", "tex1")), IMAGES),
    "RedshiftEnvironment": (tuple((f"tex{number}", f"tex{number}") for number in range(5)), IMAGES),
    "RedshiftLightGobo": ((_TEX0,), IMAGES),
    "RedshiftIESLight": ((("profile", "profile"),), IMAGES),
    "RedshiftLensDistortion": ((("LDimage", "LDimage"),), IMAGES),
    "RedshiftProxyMesh": ((("fn", "fileName"),), "scene"),
    "RedshiftVolumeShape": ((("fileName", "fileName"),), "scene"),
    "PxrTexture": ((_FILENAME,), IMAGES),
    "PxrNormalMap": ((_FILENAME,), IMAGES),
    "PxrBump": ((_FILENAME,), IMAGES),
    "PxrPtexture": ((_FILENAME,), IMAGES),
    "PxrMultiTexture": (tuple((f"filename{number}", f"filename{number}") for number in range(10)), IMAGES),
    "PxrDomeLight": ((_LIGHT_MAP,), IMAGES),
    "PxrRectLight": ((_LIGHT_MAP,), IMAGES),
    "iesProfile": ((("fn", "fileName"), _FILENAME), IMAGES),
    "mayaUsdProxyShape": ((("fp", "filePath"),), "scene"),
    "pxrUsdProxyShape": ((("fp", "filePath"),), "scene"),
    "pxrUsdReferenceAssembly": ((("fp", "filePath"),), "scene"),
    "pgYetiMaya": ((("cacheFileName", "cacheFileName"),), "fileCache"),
    "OpenVDBRead": ((("file", "file"), ("vdbFilePath", "VdbFilePath")), "fileCache"),
}
_OTHERS: tuple[Attribute, ...] = (
    _ABC_LAYERS,
    _TILE_NAME,
    ("fn", "fileNames"),
    ("cp", "cachePath"),
    ("cn", "cacheName"),
    ("cd", "cacheDirectory"),
    ("xfn", "xgFileName"),
    ("rda", "repData"),
)
FILE_ATTRIBUTES = frozenset(name for attributes, _ in _BY_TYPE.values() for each in attributes for name in each) | {
    name for each in _OTHERS for name in each
}
"""The names of all attributes that are read here and in :mod:`~rendermill.scenes.maya.caches`."""
FILE_TYPES = frozenset(_BY_TYPE)
"""The types of nodes that name files."""
_RULES = {name: rule for attributes, rule in _BY_TYPE.values() for each in attributes for name in each if len(name) > 2}
_SCENES = (".ma", ".mb", ".usd", ".usda", ".usdc", ".usdz")
_OWN_TYPES = frozenset(CODES.values()) | {""}
# What render settings name is written, and what a farm needs of them is told otherwise.
_NO_FILES = re.compile(
    r"aiOptions|aiAOVDriver|VRaySettingsNode|RedshiftOptions|RedshiftAOV|rmanGlobals|rmanDisplay\w*|gameFbxExporter"
    r"|nodeGraphEditor\w+|d_\w+|mayaUsdLayerManager|xgmPalette"
)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A file as an attribute names it."""

    node: Node
    attribute: str
    text: str
    rule: str
    sequence: bool = False
    tiling: int = Tiling.OFF


def references(scene: Scene, places: Places) -> Iterator[Reference]:
    """Every file that a node of a known type names, what references change, and what looks like a file elsewhere."""
    for node in scene.nodes:
        known = _BY_TYPE.get(_type(node))
        for mention in _mentions(node, known):
            yield _reference(mention, places)
        if known is None and node.type not in _OWN_TYPES and not _NO_FILES.fullmatch(node.type):
            yield from _guesses(node, places)
        for target, attribute, text in node.edits:
            yield from _edited(target, attribute, text, places)


def _type(node: Node) -> str:
    return "colorManagementGlobals" if node.name == "defaultColorMgtGlobals" else node.type


def _mentions(node: Node, known: tuple[tuple[Attribute, ...], str] | None) -> Iterator[_Mention]:
    if node.type == "assemblyDefinition":
        for name, value in (*node.elements("rep"), *node.elements("representations")):
            if isinstance(value, str) and value and name.endswith((".rda", ".repData")):
                yield _Mention(node, "representations", value, "scene")
    if known is None:
        return
    attributes, rule = known
    sequence, tiling = _is_sequence(node), int(node.number(TILING, Tiling.OFF))
    for attribute in attributes:
        text = node.text(attribute)
        if text and not _is_off(node):
            yield _Mention(node, attribute[1], text, rule, sequence, tiling)
    layers = node.get(_ABC_LAYERS)
    if isinstance(layers, tuple):
        named = {node.text(attribute) for attribute in attributes}
        yield from (_Mention(node, _ABC_LAYERS[1], text, rule) for text in layers if text and text not in named)
    if tiling == Tiling.EXPLICIT:
        yield from _explicit(node, rule)


def _explicit(node: Node, rule: str) -> Iterator[_Mention]:
    for array in _EXPLICIT:
        for name, value in node.elements(array):
            if isinstance(value, str) and value and name.rpartition(".")[2] in _TILE_NAME:
                yield _Mention(node, _TILE_NAME[1], value, rule)


def _is_sequence(node: Node) -> bool:
    is_movie = node.type == "imagePlane" and node.number(PLANE_TYPE, 0) == _MOVIE
    return node.number(SEQUENCE, 0) != 0 and not is_movie


def _is_off(node: Node) -> bool:
    """Whether a colour configuration is named, but not used."""
    return _type(node) == "colorManagementGlobals" and node.number(CONFIG_ENABLED, 0) == 0


def _reference(mention: _Mention, places: Places) -> Reference:
    user = f"{mention.node.name} {mention.attribute}"
    return reference(places, mention.text, user, mention.rule, sequence=mention.sequence, tiling=mention.tiling)


def reference(
    places: Places,
    text: str,
    user: str,
    rule: str,
    *,
    sequence: bool = False,
    tiling: int = Tiling.OFF,
    confidence: Confidence = Confidence.HIGH,
) -> Reference:
    """A mention of a file; scenes are followed."""
    located = places.located(text, rule, sequence=sequence, tiling=tiling)
    follow = located.role is Role.INPUT and is_scene(text)
    return Reference(text, user, located.paths, located.role, located.reason, follow=follow, confidence=confidence)


def is_scene(path: str) -> bool:
    """Whether a path is that of a scene that can be read; the second use of one has its number behind it."""
    return re.sub(r"\{\d+\}$", "", path.strip()).casefold().endswith(_SCENES)


def _guesses(node: Node, places: Places) -> Iterator[Reference]:
    for name, value in node.values.items():
        if isinstance(value, str) and name not in SETTINGS and looks_like_file(value):
            user = f"{node.name} {name}"
            sequence = _is_sequence(node)
            yield reference(places, value, user, IMAGES, sequence=sequence, confidence=Confidence.LOW)


def _edited(target: str, attribute: str, text: str, places: Places) -> Iterator[Reference]:
    """What a reference node changes; the type of the node that it changes is not known here."""
    user = f"{target} {attribute}"
    if attribute in _FILE_TEXTURE or (attribute in _RULES and looks_like_file(text)):
        yield reference(places, text, user, _RULES[attribute])
    elif looks_like_file(text):
        yield reference(places, text, user, IMAGES, confidence=Confidence.LOW)
