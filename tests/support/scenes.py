"""Small Blender scenes, made through bpy where a test needs them."""

from __future__ import annotations

import subprocess
from pathlib import Path

_HEAD = """
import bpy, os, sys
from pathlib import Path
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 1
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 36, 100
scene.frame_start, scene.frame_end = 1, 4
world = bpy.data.worlds.new("World")
world.use_nodes = True
world.node_tree.nodes["Background"].inputs[0].default_value = (0.4, 0.6, 0.9, 1)
scene.world = world
bpy.ops.mesh.primitive_cube_add()
cube = bpy.context.object
cube.location.x = -1
cube.keyframe_insert("location", frame=1)
cube.location.x = 1
cube.keyframe_insert("location", frame=8)

def camera(name="Camera", z=6):
    made = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    made.location = (0, 0, z)
    scene.collection.objects.link(made)
    return made

def script(text):
    block = bpy.data.texts.new("startup.py")
    block.write(text)
    block.use_module = True

def link_from_library(thing):
    group = bpy.data.collections.new("Things")
    group.objects.link(thing)
    (folder / "lib").mkdir(exist_ok=True)
    bpy.data.libraries.write(str(folder / "lib" / "things.blend"), {group})
    bpy.data.objects.remove(thing)
    bpy.data.collections.remove(group)
    with bpy.data.libraries.load(str(folder / "lib" / "things.blend"), link=True, relative=False) as (there, here):
        here.collections = ["Things"]
    bpy.data.libraries[0].filepath = "//lib/things.blend"
    instance = bpy.data.objects.new("Instance", None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = here.collections[0]
    scene.collection.objects.link(instance)

def save(name="scene.blend"):
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / name), relative_remap=False)
"""

_TAIL = "\nsys.stdout.flush(); os._exit(0)\n"

PLAIN = "scene.camera = camera()\nsave()"
#: A red floor by a texture beside the scene, a blue thing out of a library, and the cube, green, that goes from left to
#: right; nothing else gives light, so a picture shows whether each of them was there.
TO_LOOK_AT = """
def material(name, colour):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shown = made.node_tree.nodes["Principled BSDF"]
    shown.inputs["Base Color"].default_value = (0, 0, 0, 1)
    shown.inputs["Emission Color"].default_value = colour
    shown.inputs["Emission Strength"].default_value = 1
    return made

world.node_tree.nodes["Background"].inputs[1].default_value = 0
scene.camera = camera(z=12)
cube.data.materials.append(material("green", (0, 0.5, 0, 1)))
picture = bpy.data.images.new("red", 8, 8)
picture.pixels = [0.8, 0.1, 0.1, 1.0] * 64
picture.filepath_raw = str(folder / "textures" / "red.png")
picture.file_format = "PNG"
(folder / "textures").mkdir(exist_ok=True)
picture.save()
bpy.data.images.remove(picture)
picture = bpy.data.images.load(str(folder / "textures" / "red.png"))
picture.filepath = "//textures/red.png"
bpy.ops.mesh.primitive_plane_add(size=8, location=(0, 0, -1))
floor = material("floor", (0, 0, 0, 1))
node = floor.node_tree.nodes.new("ShaderNodeTexImage")
node.image = picture
floor.node_tree.links.new(node.outputs[0], floor.node_tree.nodes["Principled BSDF"].inputs["Emission Color"])
bpy.context.object.data.materials.append(floor)
bpy.ops.mesh.primitive_cube_add(size=1.5, location=(0, 1.4, 0))
thing = bpy.context.object
thing.data.materials.append(material("blue", (0.05, 0.05, 0.9, 1)))
link_from_library(thing)
scene.frame_end = 12
save()
"""

#: Two File Output nodes, one beside the scene's frames and one elsewhere.
FILE_OUTPUTS = """
scene.camera = camera()
scene.render.filepath = "//render/beauty_"
if bpy.app.version < (5, 0):
    scene.use_nodes = True
    tree = scene.node_tree
else:
    tree = scene.compositing_node_group = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
layers = tree.nodes.new("CompositorNodeRLayers")
for path in ("//render/passes/", "/nowhere/else/"):
    node = tree.nodes.new("CompositorNodeOutputFile")
    if bpy.app.version < (5, 0):
        node.base_path = path
        tree.links.new(layers.outputs[0], node.inputs[0])
    else:
        node.directory, node.file_name = path, "Image"
        node.format.media_type = "IMAGE"
        node.file_output_items.new("RGBA", "Image")
        tree.links.new(layers.outputs[0], node.inputs[0])
save()
"""

NO_CAMERA = "save()"

#: A texture beside it, a library in a folder of its own, a second camera, a second view layer.
WITH_FILES = """
scene.camera = camera()
camera("Far", 12)
scene.view_layers.new("Second")
picture = bpy.data.images.new("wood", 8, 8)
picture.filepath_raw = str(folder / "textures" / "wood.png")
picture.file_format = "PNG"
(folder / "textures").mkdir(exist_ok=True)
picture.save()
picture = bpy.data.images.load(str(folder / "textures" / "wood.png"))
picture.filepath = "//textures/wood.png"
material = bpy.data.materials.new("wood")
material.use_nodes = True
node = material.node_tree.nodes.new("ShaderNodeTexImage")
node.image = picture
material.node_tree.links.new(node.outputs[0], material.node_tree.nodes["Principled BSDF"].inputs[0])
cube.data.materials.append(material)
thing = bpy.data.objects.new("Thing", bpy.data.meshes.new("Thing"))
link_from_library(thing)
save()
"""


def misbehaving(frame: int, deed: str) -> str:
    """A scene whose own script does ``deed`` when ``frame`` is about to be rendered (it needs --auto-run)."""
    text = (
        "import bpy, os, signal, time\n"
        "def before(scene, *_):\n"
        f"    if scene.frame_current == {frame}:\n"
        f"        {deed}\n"
        "bpy.app.handlers.render_pre.append(before)\n"
    )
    return f"scene.camera = camera()\nscript({text!r})\nsave()"


SEGFAULT = "os.kill(os.getpid(), signal.SIGSEGV)"
HANG = "time.sleep(3600)"


def build(bpy_python: Path, folder: Path, body: str = PLAIN) -> Path:
    """Make a scene in ``folder``; its path."""
    subprocess.run(
        [str(bpy_python), "-c", _HEAD + body + _TAIL, str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    return folder / "scene.blend"


def say_saved_by(folder: Path, version: str) -> None:
    """Let the scenes below ``folder`` say that another Blender saved them: ``402``."""
    for path in folder.rglob("*.blend"):
        content = path.read_bytes()
        assert content[:9] == b"BLENDER-v"
        path.write_bytes(content[:9] + version.encode() + content[12:])
