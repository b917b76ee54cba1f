"""Scenes: their view layers, frames, cameras and output settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rendermill.scenes.blender.datablocks import Datablock
from rendermill.scenes.blender.records import Record
from rendermill.scenes.findings import Findings
from rendermill.scenes.report import FrameRange, Plugin, Renderable

KEPT = frozenset(
    {
        "ViewLayer",
        "SceneRenderLayer",
        "TimeMarker",
        "Base",
        "Collection",
        "CollectionObject",
        "CollectionChild",
    }
)
"""The structs that are read here."""

_CAMERA = 11
_LAYER_RENDERS = 1 << 0
_OLD_LAYER_OFF = 1 << 16
_BUILT_IN = ("CYCLES", "BLENDER_", "HYDRA_STORM")
_MOVIES = ("FFMPEG", "AVI_JPEG", "AVI_RAW", "AVI_CODEC", "QUICKTIME", "H264", "XVID", "THEORA")
# ImageFormatData.imtype and the names that Python has for them (R_IMF_IMTYPE_… of DNA_scene_types.h).
_FORMATS = {
    **{0: "TARGA", 1: "IRIS", 4: "JPEG", 7: "IRIS", 14: "TARGA_RAW", 15: "AVI_RAW", 16: "AVI_JPEG", 17: "PNG"},
    **{18: "AVI_CODEC", 19: "QUICKTIME", 20: "BMP", 21: "HDR", 22: "TIFF", 23: "OPEN_EXR", 24: "FFMPEG"},
    **{25: "FRAMESERVER", 26: "CINEON", 27: "DPX", 28: "OPEN_EXR_MULTILAYER", 29: "DDS", 30: "JPEG2000"},
    **{31: "H264", 32: "XVID", 33: "THEORA", 34: "PSD", 35: "WEBP", 36: "AVIF"},
}


@dataclass
class _Scene:
    address: int
    name: str
    frames: FrameRange
    resolution: tuple[int, int]
    engine: str
    output: str
    format: str
    camera: int
    bound: list[int]
    """The cameras that markers switch to."""
    layers: list[tuple[str, bool]]
    members: _Members


@dataclass
class _Members:
    """What a collection holds: addresses of objects, and of collections, in order."""

    objects: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)


class Stage:
    """Gathers what concerns rendering, and tells it when all is read."""

    def __init__(self) -> None:
        self._scenes: dict[int, _Scene] = {}
        self._collections: dict[int, _Members] = {}
        self._objects: dict[int, str] = {}
        self._cameras: set[int] = set()
        self._active = 0

    def add(self, block: Datablock) -> None:
        """Take a data-block."""
        if block.code == "GLOB":
            self._active = block.root.pointer("curscene")
        elif block.code == "SC":
            self._scenes[block.address] = _scene(block)
        elif block.code == "GR":
            self._collections[block.address] = _members(block, block.root)
        elif block.code == "OB":
            self._objects[block.address] = block.name
            if block.root.whole("type") == _CAMERA:
                self._cameras.add(block.address)

    def tell(self, found: Findings, linked: dict[int, str]) -> None:
        """Write what is known into the findings; ``linked`` are the full names of what other files hold."""
        self._objects.update((address, name[2:]) for address, name in linked.items() if name.startswith("OB"))
        active = self._scenes.get(self._active)
        if active is None and self._active in linked:
            found.warn(f"the active scene, {linked[self._active][2:]}, is linked from another file: render that one")
        elif active is None and self._scenes:
            active = next(iter(self._scenes.values()))
        for scene in self._scenes.values():
            found.renderables += self._renderables(scene, active=scene is active)
        if active is not None:
            self._tell_active(found, active)

    def _tell_active(self, found: Findings, scene: _Scene) -> None:
        found.frames, found.resolution, found.renderer = scene.frames, scene.resolution, scene.engine
        found.cameras = self._cameras_of(scene)
        if scene.engine and not scene.engine.startswith(_BUILT_IN):
            found.plugins.append(Plugin(scene.engine))
        if scene.camera not in self._objects:
            found.warn(f"the scene {scene.name} has no camera")
        if scene.format in _MOVIES:
            found.warn("the scene writes a movie: frames are rendered as PNG; --movie encodes them")

    def _renderables(self, scene: _Scene, *, active: bool) -> Iterator[Renderable]:
        through = [self._objects[address] for address in (scene.camera, *scene.bound) if address in self._objects]
        for layer, enabled in scene.layers or [("", True)]:
            yield Renderable(
                name=f"{scene.name}/{layer}" if layer else scene.name,
                kind="view_layer",
                frames=scene.frames,
                cameras=tuple(dict.fromkeys(through)),
                resolution=scene.resolution,
                renderer=scene.engine,
                output=scene.output,
                enabled=enabled,
                scene=scene.name,
                layer=layer,
                format=scene.format,
                active=active,
            )

    def _cameras_of(self, scene: _Scene) -> list[str]:
        """The cameras among a scene's objects. A linked object is known to be one where the scene looks through it."""
        known = self._cameras | ({scene.camera, *scene.bound} & self._objects.keys())
        objects = dict.fromkeys(self._objects_of(scene))
        return [self._objects[address] for address in objects if address in known]

    def _objects_of(self, scene: _Scene) -> Iterator[int]:
        seen = set()
        queue = [scene.members]
        while queue:
            members = queue.pop()
            yield from members.objects
            for address in reversed(members.children):
                if address in self._collections and address not in seen:
                    seen.add(address)
                    queue.append(self._collections[address])


def _scene(block: Datablock) -> _Scene:
    root = block.root
    bound = [marker.pointer("camera") for marker in block.chain(root, "markers")]
    return _Scene(
        address=block.address,
        name=block.name,
        frames=_frames(root),
        resolution=_resolution(root),
        engine=_engine(root),
        output=root.text("r.pic"),
        format=_format(root),
        camera=root.pointer("camera"),
        bound=[address for address in bound if address],
        layers=list(_layers(block)),
        members=_scene_members(block),
    )


def _frames(root: Record) -> FrameRange:
    fps = (root.whole("r.frs_sec") or 25) / (root.real("r.frs_sec_base") or 1.0)
    step = root.whole("r.frame_step") or root.whole("frame_step") or 1  # before 2.5 it lay in the scene
    fps = int(fps) if fps == int(fps) else fps
    return FrameRange(root.whole("r.sfra"), root.whole("r.efra"), max(1, step), fps)


def _resolution(root: Record) -> tuple[int, int]:
    percentage = root.whole("r.size", 100) or 100
    return root.whole("r.xsch") * percentage // 100, root.whole("r.ysch") * percentage // 100


def _engine(root: Record) -> str:
    """Its name since 2.5; before, a number, of which 1 is YafRay."""
    return root.text("r.engine") or ("YAFRAY" if root.whole("r.renderer") == 1 else "BLENDER_RENDER")


def _format(root: Record) -> str:
    number = root.whole("r.im_format.imtype", root.whole("r.imtype"))
    return _FORMATS.get(number, "")


def _layers(block: Datablock) -> Iterator[tuple[str, bool]]:
    """View layers, before 2.8 render layers; and whether each renders."""
    if block.root.has("view_layers"):
        for layer in block.chain(block.root, "view_layers"):
            yield layer.text("name"), bool(layer.whole("flag") & _LAYER_RENDERS)
    else:
        for layer in block.chain(block.root, "r.layers"):
            yield layer.text("name"), not layer.whole("layflag") & _OLD_LAYER_OFF


def _scene_members(block: Datablock) -> _Members:
    """The objects of a scene: since 2.8 in a collection of its own, before that in a list."""
    collection = block.at(block.root.pointer("master_collection"))
    if collection is not None:
        return _members(block, collection)
    return _Members([base.pointer("object") for base in block.chain(block.root, "base")])


def _members(block: Datablock, collection: Record) -> _Members:
    objects = [member.pointer("ob") for member in block.chain(collection, "gobject")]
    children = [child.pointer("collection") for child in block.chain(collection, "children")]
    return _Members(objects, children)
