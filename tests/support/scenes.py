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

def save(name="scene.blend"):
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / name), relative_remap=False)
"""

_TAIL = "\nsys.stdout.flush(); os._exit(0)\n"

PLAIN = "scene.camera = camera()\nsave()"
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
group = bpy.data.collections.new("Things")
group.objects.link(thing)
(folder / "lib").mkdir(exist_ok=True)
bpy.data.libraries.write(str(folder / "lib" / "things.blend"), {group})
bpy.data.collections.remove(group)
with bpy.data.libraries.load(str(folder / "lib" / "things.blend"), link=True, relative=False) as (there, here):
    here.collections = ["Things"]
bpy.data.libraries[0].filepath = "//lib/things.blend"
instance = bpy.data.objects.new("Instance", None)
instance.instance_type = "COLLECTION"
instance.instance_collection = here.collections[0]
scene.collection.objects.link(instance)
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
