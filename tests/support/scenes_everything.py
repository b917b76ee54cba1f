"""A project whose scene names files in every way that Blender has, made by Blender, and what Blender says of it."""

from __future__ import annotations

import json
import subprocess
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy

import rendermill

_HEAD = """
import bpy, os, sys, shutil
from pathlib import Path
folder, compress = Path(sys.argv[1]), sys.argv[2] == "compressed"

def fresh():
    bpy.ops.wm.read_factory_settings(use_empty=True)

def save(name):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=compress, relative_remap=False)

def picture(name, size=4):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    made = bpy.data.images.new("made", size, size)
    made.filepath_raw, made.file_format = str(path), "PNG"
    made.save()
    bpy.data.images.remove(made)

def image(name, raw, source="FILE", users=True):
    made = bpy.data.images.new(name, 4, 4)
    made.source = source
    made.filepath_raw = raw
    made.use_fake_user = users
    return made

def thing(name, scene=None, data=None):
    made = bpy.data.objects.new(name, data or bpy.data.meshes.new(name))
    (scene or bpy.context.scene).collection.objects.link(made)
    return made

def camera(name, scene=None):
    return thing(name, scene, bpy.data.cameras.new(name))

def textured(name, image):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    return made

def link(path, **wanted):
    with bpy.data.libraries.load(str(path), link=True, relative=False) as (there, here):
        for kind, names in wanted.items():
            setattr(here, kind, names)
    return {kind: getattr(here, kind) for kind in wanted}
"""

#: Three libraries: the scene links one of them by a relative path and one by an absolute one, and the first links the
#: third, but also holds what the scene does not take.
_LIBRARIES = """
fresh()
for name in ("lib/tex/brick.png", "lib/tex/unused.png", "deep/tex/glass.png", "props/tex/chair.png"):
    picture(name)
material = textured("Glass", image("glass", "//tex/glass.png"))
material.use_fake_user = True
save("deep/materials.blend")
fresh()
glass = link(folder / "deep/materials.blend", materials=["Glass"])["materials"][0]
bpy.data.libraries[0].filepath = "//../deep/materials.blend"
group = bpy.data.collections.new("House")
house, roof = thing("House"), thing("Roof")
house.data.materials.append(textured("Brick", image("brick", "//tex/brick.png")))
house.data.materials.append(glass)
roof.parent = house
group.objects.link(roof)
group.use_fake_user = True
other = thing("Unused")
other.data.materials.append(textured("Unused", image("unused", "//tex/unused.png")))
save("lib/house.blend")
fresh()
chair = thing("Chair")
chair.data.materials.append(textured("Chair", image("chair", "//tex\\\\chair.png")))
save("props/chair.blend")
"""

_SCENE = """
fresh()
save("scene.blend")  # relative paths mean something from now on
main = bpy.context.scene
main.name = "Main"
view = main.view_layers[0]
view.name = "Beauty"
main.view_layers.new("Shadow").use = False
render = main.render
render.engine = "CYCLES"
render.fps, render.fps_base = 30, 1.001
render.resolution_x, render.resolution_y, render.resolution_percentage = 1919, 1081, 33
main.frame_start, main.frame_end, main.frame_step = 11, 77, 3
render.filepath = "//render/beauty_####"
render.image_settings.file_format = "OPEN_EXR"
main.camera = camera("Hero")
camera("Spare")
nested = bpy.data.collections.new("Cameras")
main.collection.children.link(nested)
inside = bpy.data.objects.new("Inside", bpy.data.cameras.new("Inside"))
nested.objects.link(inside)
main.timeline_markers.new("cut", frame=20).camera = inside
other = bpy.data.scenes.new("Other")
other.render.filepath = "/tmp/other"
other.frame_end = 5
other.render.image_settings.file_format = "JPEG"
other.camera = camera("Elsewhere", other)
other.view_layers[0].name = "Only"

for name in ("tex/wood.png", "tex/far.png", "tex/tile.1001.png", "tex/tile.1002.png", "tex/uv_u1_v1.png",
             "tex/uv_u2_v1.png", "clip/c.0001.png", "clip/c.0002.png", "clip/c.0003.png",
             "strip/s1.png", "strip/s2.png", "strip/x.png",
             *(f"seq/fire_{n:03}.png" for n in (1, 2, 3, 5))):
    picture(name)
image("wood", "//tex/wood.png")
image("far", str(folder / "tex/far.png"))
image("gone", "//tex/gone.png")
image("windows", "D:\\\\textures\\\\nowhere.png")
image("fire", "//seq/fire_002.png", "SEQUENCE")
image("udim", "//tex/tile.<UDIM>.png", "TILED")
image("uv", "//tex/uv_<UVTILE>.png", "TILED")
image("film", "//film.mp4", "MOVIE")
generated = bpy.data.images.new("generated", 4, 4)
generated.use_fake_user = True
packed = bpy.data.images.load(str(folder / "tex/wood.png"))
packed.name = "packed"
packed.pack()
packed.use_fake_user = True
for path in ("clip/c.0001.png", "film.mp4"):
    clip = bpy.data.movieclips.load(str(folder / path))
    clip.filepath = f"//{path}"
    clip.use_fake_user = True
if bpy.app.build_options.audaspace:
    sound = bpy.data.sounds.load(str(folder / "noise.wav"))
    sound.filepath = "//noise.wav"
    sound.use_fake_user = True
found = next(Path(bpy.utils.system_resource("DATAFILES", path="fonts")).iterdir())
shutil.copyfile(found, folder / "letters.woff2")
font = bpy.data.fonts.load(str(folder / "letters.woff2"))
font.filepath = "//letters.woff2"
text = bpy.data.curves.new("Text", "FONT")
text.font = font
thing("Text", data=text)
thing("Plain text", data=bpy.data.curves.new("Plain text", "FONT"))
for name in ("smoke", "flame_0001", "flame_0002"):
    (folder / f"{name}.vdb").write_bytes(b"vdb")
volume = bpy.data.volumes.new("smoke")
volume.filepath = "//smoke.vdb"
thing("Smoke", data=volume)
volume = bpy.data.volumes.new("flame")
volume.filepath, volume.is_sequence = "//flame_0001.vdb", True
thing("Flame", data=volume)
(folder / "notes.py").write_text("x = 1")
bpy.data.texts.load(str(folder / "notes.py"))
bpy.data.texts.new("own")

def abc(name, raw, sequence=False):
    (folder / name).write_bytes(b"abc")
    bpy.ops.cachefile.open(filepath=str(folder / name))
    made = bpy.data.cache_files[-1]
    made.name, made.filepath, made.is_sequence, made.use_fake_user = name, raw, sequence, True

abc("hair.abc", "//hair.abc")
abc("crowd_01.abc", "//crowd_01.abc", True)
(folder / "crowd_02.abc").write_bytes(b"abc")

moving = thing("Moving")
moving.modifiers.new("Mesh cache", "MESH_CACHE").filepath = "//moving.pc2"
(folder / "moving.pc2").write_bytes(b"pc2")
calm = thing("Calm").modifiers.new("Calm", "OCEAN")
calm.filepath = "//calm"
for name, where in (("Domain", "//fluids/one"), ("Dry", "//fluids/two")):
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.name = name
    fluid = bpy.context.object.modifiers.new("Fluid", "FLUID")
    fluid.show_viewport = False
    fluid.fluid_type = "DOMAIN"
    fluid.domain_settings.cache_directory = where
(folder / "fluids/one").mkdir(parents=True, exist_ok=True)
(folder / "fluids/one/data.vdb").write_bytes(b"vdb")
for name in ("Cloth", "Rest"):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=2, y_subdivisions=2)
    bpy.context.object.name = name
    cloth = bpy.context.object.modifiers.new("Cloth", "CLOTH")
    cloth.point_cache.use_disk_cache = name == "Cloth"
blendcache = folder / "blendcache_scene"
blendcache.mkdir(exist_ok=True)
(blendcache / "cloth_000001_00.bphys").write_bytes(b"cache")
bpy.ops.mesh.primitive_plane_add()
sparks = bpy.context.object
sparks.name = "Sparks"
sparks.modifiers.new("Sparks", "PARTICLE_SYSTEM")
cache = sparks.particle_systems[0].point_cache
cache.use_external, cache.filepath = True, "//sparks"
(folder / "sparks").mkdir()
(folder / "sparks/sparks_000001_00.bphys").write_bytes(b"cache")
tree = bpy.data.node_groups.new("Bakes", "GeometryNodeTree")
baked = thing("Baked").modifiers.new("Bakes", "NODES")
baked.node_group = tree
if hasattr(baked, "bake_directory"):
    baked.bake_directory = "//bakes"
(folder / "bakes").mkdir()
(folder / "bakes/1.json").write_text("{}")

if hasattr(bpy.types, "GeometryNodeImportOBJ"):
    tree.nodes.new("GeometryNodeImportOBJ").inputs["Path"].default_value = "//model.obj"
    (folder / "model.obj").write_text("v 0 0 0")

for name in ("spot.ies", "world.ies", "shader.oso"):
    (folder / name).write_text("x")
lamp = bpy.data.lights.new("Lamp", "POINT")
lamp.use_nodes = True
thing("Lamp", data=lamp)
node = lamp.node_tree.nodes.new("ShaderNodeTexIES")
node.name, node.mode, node.filepath = "Profile", "EXTERNAL", "//spot.ies"
world = bpy.data.worlds.new("World")
world.use_nodes = True
main.world = world
node = world.node_tree.nodes.new("ShaderNodeTexIES")
node.mode, node.filepath = "EXTERNAL", "//world.ies"
group = bpy.data.node_groups.new("Shading", "ShaderNodeTree")
group.use_fake_user = True
node = group.nodes.new("ShaderNodeScript")
node.mode, node.filepath = "EXTERNAL", "//shader.oso"
node = group.nodes.new("ShaderNodeScript")
node.mode, node.script = "INTERNAL", bpy.data.texts["own"]

main.sequence_editor_create()
strips = getattr(main.sequence_editor, "strips", None)
if strips is None:
    strips = main.sequence_editor.sequences
strips.new_movie("Film", str(folder / "film.mp4"), channel=1, frame_start=1)
pictures = strips.new_image("Pictures", "//strip/s1.png", channel=2, frame_start=1)
pictures.elements.append("s2.png")
several = strips.new_image("Several", "//strip/s1.png", channel=3, frame_start=1)
several.elements.append("x.png")
if bpy.app.build_options.audaspace:
    strips.new_sound("Noise", str(folder / "noise.wav"), channel=4, frame_start=1)
strips.new_effect("Colour", "COLOR", channel=5, frame_start=1, **(
    {"length": 25} if bpy.app.version >= (5, 0) else {"frame_end": 26}))

if bpy.app.version < (5, 0):
    main.use_nodes = True
    compositing = main.node_tree
else:
    compositing = main.compositing_node_group = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
writer = compositing.nodes.new("CompositorNodeOutputFile")
if bpy.app.version < (5, 0):
    writer.base_path = "//passes/"
else:
    writer.directory = "//passes/"

group = link(folder / "lib/house.blend", collections=["House"])["collections"][0]
bpy.data.libraries["house.blend"].filepath = "//lib/house.blend"
instance = bpy.data.objects.new("Instance", None)
instance.instance_type, instance.instance_collection = "COLLECTION", group
main.collection.objects.link(instance)
main.collection.objects.link(link(folder / "props/chair.blend", objects=["Chair"])["objects"][0])
bpy.context.window.scene = main
save("scene.blend")
"""

#: What Blender itself says of a file, as JSON.
_ASK = """
import bpy, json, os, sys, types
package = types.ModuleType("rendermill")
package.__path__ = [sys.argv[2]]
sys.modules["rendermill"] = package
from rendermill.software.blender.inside.files import external_files
from rendermill.software.blender.inside.overrides import remap
bpy.ops.wm.open_mainfile(filepath=sys.argv[1], load_ui=False, use_scripts=False)
remap([], json.loads(sys.argv[3]))

def frames(scene):
    return [scene.frame_start, scene.frame_end, scene.frame_step, scene.render.fps / scene.render.fps_base]

def size(render):
    share = render.resolution_percentage
    return [render.resolution_x * share // 100, render.resolution_y * share // 100]

def layer(scene, layer):
    bound = [scene.camera, *(marker.camera for marker in scene.timeline_markers)]
    return {
        "name": f"{scene.name}/{layer.name}", "frames": frames(scene), "resolution": size(scene.render),
        "renderer": scene.render.engine, "output": scene.render.filepath, "enabled": layer.use,
        "scene": scene.name, "layer": layer.name, "format": scene.render.image_settings.file_format,
        "active": scene == bpy.context.scene, "cameras": list(dict.fromkeys(each.name for each in bound if each)),
    }

said = {
    "version": list(bpy.data.version)[:2],
    "cameras": [each.name for each in bpy.context.scene.objects if each.type == "CAMERA"],
    "layers": [layer(scene, each) for scene in bpy.data.scenes for each in scene.view_layers],
    "files": [[use.owner, use.raw, use.path, sorted(use.files)] for use in external_files()],
    "paths": [os.path.normpath(path) for path in bpy.utils.blend_paths(absolute=True) if path],
    "packed": [each.name for each in bpy.data.images if each.packed_file],
}
sys.stdout.write("SAID " + json.dumps(said) + "\\n")
"""
_TAIL = "\nsys.stdout.flush(); os._exit(0)\n"


def build(bpy_python: Path, folder: Path, *, compressed: bool = False, then: str = "") -> Path:
    """Make the project in a folder; the path of its scene. ``then`` is done at the end."""
    folder.mkdir(parents=True)
    _film(folder / "film.mp4")
    _noise(folder / "noise.wav")
    script = _HEAD + _LIBRARIES + _SCENE + then + _TAIL
    _run(bpy_python, script, folder, "compressed" if compressed else "plain")
    return folder / "scene.blend"


def asked(bpy_python: Path, scene: Path, found: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """What Blender says of a scene, once it was told where files are instead of where the scene says."""
    out = _run(bpy_python, _ASK + _TAIL, scene, Path(rendermill.__file__).parent, json.dumps(found))
    line = next(line for line in out.splitlines() if line.startswith("SAID "))
    said: dict[str, Any] = json.loads(line.removeprefix("SAID "))
    return said


def _run(bpy_python: Path, script: str, *words: object) -> str:
    done = subprocess.run(
        [str(bpy_python), "-c", script, *map(str, words)], check=True, capture_output=True, text=True, timeout=240
    )
    return done.stdout


def _film(path: Path) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for frame in _frames():
            file.mux(stream.encode(frame))
        file.mux(stream.encode())


def _frames() -> Iterator[av.VideoFrame]:
    for _ in range(3):
        yield av.VideoFrame.from_ndarray(numpy.zeros((32, 32, 3), numpy.uint8))


def _noise(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1600))
