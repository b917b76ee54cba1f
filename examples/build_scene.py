"""Builds the example scene: a toy mill that grinds light into coloured pixels.

Run it as ``python examples/build_scene.py OUT_DIR`` with a Python that has Blender's ``bpy``, 4.2 or newer.
It writes ``mill.blend`` (24 frames of 480x270, Cycles on one thread), ``props/vane.blend`` (a library whose
collection ``Vane`` the mill links) and ``textures/tiles.png`` (the paving). All paths inside are relative, so
that the folder can be moved. Nothing is random: the same bpy always builds the same scene.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy

# isort: split
# These come with bpy and can be imported only after it.
import bmesh
import numpy as np
from mathutils import Matrix, Vector

FIRST_FRAME, LAST_FRAME = 1, 24
SAMPLES = 7  # a frame takes about a second on one core
MILL_TURN = math.radians(-32)
YARD = 7.0  # radius of the paving, metres
CUBE = 0.5  # edge of a pixel cube, metres

GLOSS = 0.25
PAINTS: dict[str, tuple[float, ...]] = {  # red, green, blue as a colour picker shows them (sRGB); gloss
    "lawn": (0.50, 0.69, 0.36),
    "hill": (0.45, 0.66, 0.35),
    "far hill": (0.35, 0.58, 0.36),
    "pale hill": (0.55, 0.73, 0.42),
    "fir": (0.18, 0.46, 0.30),
    "larch": (0.33, 0.58, 0.28),
    "bark": (0.36, 0.23, 0.15),
    "cloud": (0.98, 0.98, 1.0),
    "kerb": (0.70, 0.68, 0.66),
    "stone": (0.62, 0.62, 0.66),
    "plaster": (0.97, 0.94, 0.88),
    "wood": (0.45, 0.27, 0.15),
    "band": (0.16, 0.40, 0.62),
    "roof": (0.83, 0.22, 0.19),
    "coral": (0.95, 0.33, 0.24),
    "cream": (0.99, 0.93, 0.80),
    "glass": (0.10, 0.16, 0.24, 0.35),
    "brass": (0.95, 0.72, 0.30, 0.40),
    "red": (0.93, 0.17, 0.18, GLOSS),
    "green": (0.20, 0.72, 0.33, GLOSS),
    "blue": (0.15, 0.36, 0.90, GLOSS),
    "yellow": (0.99, 0.80, 0.12, GLOSS),
    "magenta": (0.85, 0.22, 0.62, GLOSS),
}


def main() -> int:
    """Builds everything into the folder given on the command line; returns the exit status."""
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} OUT_DIR", file=sys.stderr)
        return 2
    out = Path(sys.argv[1]).resolve()
    for folder in (out / "props", out / "textures"):
        folder.mkdir(parents=True, exist_ok=True)
    write_tiles(out / "textures" / "tiles.png")
    write_vane(out / "props" / "vane.blend")
    write_mill(out / "mill.blend")
    return 0


# ---- files


def write_tiles(path: Path) -> None:
    """Paints the paving, 4x4 tiles with grout between them, and saves it as a PNG picture."""
    palette = np.array([(0.93, 0.84, 0.68), (0.86, 0.72, 0.54), (0.80, 0.60, 0.45), (0.90, 0.78, 0.61)])
    tile, side = 128, 4 * 128
    y, x = np.mgrid[0:side, 0:side]
    row, column = y // tile, x // tile
    chosen = (row * 3 + column * 2 + row * column) % len(palette)
    edge = np.minimum.reduce([y % tile, tile - 1 - y % tile, x % tile, tile - 1 - x % tile])
    grain = 0.035 * (np.sin(x * 0.11 + chosen * 2.1 + 2.2 * np.sin(y * 0.045)) + np.sin(y * 0.31))
    light = np.where(edge < 5, 0.45, np.where(edge < 11, 1.06, 1.0 + grain))
    pixels = np.ones((side, side, 4), np.float32)
    pixels[..., :3] = np.clip(palette[chosen] * light[..., None], 0, 1)
    image = bpy.data.images.new("tiles", side, side)
    image.pixels.foreach_set(pixels.ravel())
    image.file_format = "PNG"
    image.filepath_raw = str(path)
    image.save()


def write_vane(path: Path) -> None:
    """Builds one vane of the mill, pointing up from its origin, as the collection ``Vane`` of a library."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    collection = bpy.data.collections.new("Vane")
    bpy.context.scene.collection.children.link(collection)
    box("wood", (0.10, 0.10, 2.30), (0, 0, 1.15))
    for x in (0.17, 0.72):
        box("wood", (0.045, 0.05, 1.72), (x, 0, 1.36))
    for k in range(7):
        box("wood", (0.74, 0.05, 0.05), (0.37, 0, 0.52 + k * 0.28))
    for k in range(6):
        box("cream" if k % 2 else "coral", (0.53, 0.02, 0.23), (0.445, 0.01, 0.66 + k * 0.28))
    for part in list(bpy.context.scene.collection.objects):
        collection.objects.link(part)
        bpy.context.scene.collection.objects.unlink(part)
    save(path)


def write_mill(path: Path) -> None:
    """Builds the main scene; the texture and the library must already lie beside it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    save(path)  # only a file that has a place can link by relative paths
    add_ground()
    add_landscape()
    mill = add_mill()
    add_sails(mill)
    add_cubes(mill)
    add_light()
    add_camera()
    set_render(bpy.context.scene)
    save(path)


def save(path: Path) -> None:
    """Saves the current file, compressed and without a backup of the one before."""
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)


# ---- paints: lit by the sun alone; the light of the sky is painted on, so that few samples leave no noise


def linear(colour: Sequence[float]) -> tuple[float, ...]:
    """The sRGB colour as Blender's nodes want it: linear light, with an alpha of one."""
    return (*(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]), 1.0)


def empty_tree(owner: Any) -> Any:
    """The node tree of a material or world, emptied."""
    if owner.node_tree is None:  # since Blender 5 there always is one, and use_nodes is deprecated
        owner.use_nodes = True
    owner.node_tree.nodes.clear()
    return owner.node_tree


def node(tree: Any, kind: str, inputs: Mapping[Any, Any], output: Any = 0, **settings: Any) -> Any:
    """Adds a shader node; inputs are values or outputs of other nodes. Returns one of its outputs."""
    made = tree.nodes.new(f"ShaderNode{kind}")
    for name, value in settings.items():
        setattr(made, name, value)
    for key, value in inputs.items():
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, made.inputs[key])
        else:
            made.inputs[key].default_value = value
    return made.outputs[output] if made.outputs else None


def ramp(tree: Any, factor: Any, *stops: tuple[float, Sequence[float]]) -> Any:
    """Adds a gradient between two colours; returns the colour at the factor."""
    colour = node(tree, "ValToRGB", {0: factor})
    for element, (position, value) in zip(colour.node.color_ramp.elements, stops, strict=True):
        element.position, element.color = position, linear(value)
    return colour


def paint(name: str, texture: Any = None) -> Any:
    """The material of a paint; a texture replaces the colour, and then the name need not be in the table."""
    if name in bpy.data.materials:
        return bpy.data.materials[name]
    made = bpy.data.materials.new(name)
    made.cycles.emission_sampling = "NONE"
    tree = empty_tree(made)
    red, green, blue, gloss = (*PAINTS.get(name, (1, 1, 1)), 0.0)[:4]
    base = node(tree, "RGB", {}) if texture is None else node(tree, "TexImage", {}, image=texture)
    base.default_value = linear((red, green, blue))
    up = node(tree, "SeparateXYZ", {0: node(tree, "NewGeometry", {}, "Normal")}, "Z")
    height = node(tree, "Math", {0: up, 1: 0.5, 2: 0.5}, operation="MULTIPLY_ADD")
    sky = ramp(tree, height, (0.0, (0.55, 0.52, 0.52)), (1.0, (0.66, 0.72, 0.83)))
    glow = node(tree, "Emission", {0: node(tree, "VectorMath", {0: base, 1: sky}, operation="MULTIPLY")})
    surface = node(tree, "AddShader", {0: node(tree, "BsdfDiffuse", {0: base}), 1: glow})
    if gloss:
        mirrored = node(tree, "Emission", {0: linear((0.80, 0.89, 0.98))})
        coat = node(tree, "AddShader", {0: node(tree, "BsdfGlossy", {"Roughness": 0.28}), 1: mirrored})
        edge = node(tree, "LayerWeight", {"Blend": gloss}, "Fresnel")
        surface = node(tree, "MixShader", {0: edge, 1: surface, 2: coat})
    node(tree, "OutputMaterial", {"Surface": surface})
    return made


# ---- shapes, in metres


def group(name: str, at: Sequence[float], parent: Any = None, data: Any = None) -> Any:
    """A new object in the scene; without data it is empty, to hold others."""
    made = bpy.data.objects.new(name, data)
    made.location, made.parent = at, parent
    bpy.context.scene.collection.objects.link(made)
    return made


def solid(look: str, shape: Any, at: Sequence[float], parent: Any = None, texture: Any = None) -> Any:
    """An object of a paint and a bmesh, which is used up."""
    mesh = bpy.data.meshes.new(look)
    shape.to_mesh(mesh)
    shape.free()
    mesh.materials.append(paint(look, texture))
    made = group(look, at, parent, mesh)
    made.visible_diffuse = made.visible_glossy = False
    return made


def box(look: str, size: Sequence[float], at: Sequence[float], parent: Any = None, bevel: float = 0) -> Any:
    """A box around a point; the bevel rounds its edges."""
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=1.0, matrix=Matrix.Diagonal((*size, 1.0)))
    if bevel:
        bmesh.ops.bevel(shape, geom=shape.edges[:], offset=bevel, segments=3, profile=0.5, affect="EDGES")
    return solid(look, shape, at, parent)


def cone(look: str, low: float, high: float, foot: float, top: float, parent: Any = None, **more: Any) -> Any:
    """An upright cone: radius below and above, and between which heights."""
    shape = bmesh.new()
    settings = {"cap_ends": True, "segments": 24, "depth": top - foot} | more
    bmesh.ops.create_cone(shape, radius1=low, radius2=high, **settings)
    return solid(look, shape, (0, 0, (foot + top) / 2), parent)


def ball(look: str, radius: Sequence[float], at: Sequence[float], parent: Any = None) -> Any:
    """A smooth ellipsoid with three radii."""
    shape = bmesh.new()
    bmesh.ops.create_icosphere(shape, subdivisions=4, radius=1.0, matrix=Matrix.Diagonal((*radius, 1.0)))
    for face in shape.faces:
        face.smooth = True
    return solid(look, shape, at, parent)


def motion() -> Iterator[tuple[int, float]]:
    """Each frame, and how much of the motion is done by then: 0.0 first, 1.0 at the frame after the last one.

    Every frame gets its own keyframes: the curves between, which Blender 5 keeps elsewhere, do not matter.
    """
    for frame in range(FIRST_FRAME, LAST_FRAME + 1):
        yield frame, (frame - FIRST_FRAME) / (LAST_FRAME + 1 - FIRST_FRAME)


# ---- the scene


def add_ground() -> None:
    """A lawn, and on it the paved yard with the texture file."""
    box("lawn", (120, 120, 0.1), (0, 0, -0.15))
    cone("kerb", YARD + 0.25, YARD + 0.25, -0.2, -0.02, segments=64)
    shape = bmesh.new()
    bmesh.ops.create_circle(shape, cap_ends=True, segments=64, radius=YARD)
    layer = shape.loops.layers.uv.new("UVMap")
    for loop in (loop for face in shape.faces for loop in face.loops):
        loop[layer].uv = loop.vert.co.xy / 4.0
    yard = solid("paving", shape, (0, 0, 0), texture=bpy.data.images.load("//textures/tiles.png"))
    yard.rotation_euler.z = MILL_TURN


def add_landscape() -> None:
    """Hills and trees behind the mill, and clouds that drift over them."""
    hills = [("hill", -16.0, 24.0, 11, 5.0), ("far hill", -3.0, 30.0, 12, 6.0), ("hill", 25.0, 25.0, 12, 6.0)]
    for look, x, y, r, h in [*hills, ("pale hill", 11.0, 26.0, 10, 4.4), ("far hill", -30.0, 26.0, 12, 6.5)]:
        ball(look, (r, 6, h), (x, y, 0))
    trees = [(-8.6, 3.0, 1.5), (-6.6, 6.4, 1.3), (-4.2, 8.4, 1.1), (4.2, 7.6, 1.4), (6.4, 5.4, 1.6)]
    for i, (x, y, size) in enumerate([*trees, (8.6, 7.6, 1.3)]):
        look, tree = ("larch" if i % 2 else "fir"), group("Tree", (x, y, 0))
        tree.scale = (size, size, size)
        cone("bark", 0.16, 0.14, -0.1, 0.6, tree)
        for z, radius in ((0.45, 0.85), (1.0, 0.65), (1.55, 0.45)):
            cone(look, radius, 0.12, z, z + 0.9, tree, segments=12)
    for x, y, z, size in [(-8.0, 20, 8.6, 1.3), (6.5, 22, 9.6, 1.5), (17.0, 20, 8.2, 1.1)]:
        cloud = group("Cloud", (x, y, z))
        cloud.scale = (size, size, size)
        for dx, dz, puff in [(-1.5, 0.0, 0.75), (-0.5, 0.35, 1.05), (0.7, 0.25, 0.95), (1.7, -0.05, 0.65)]:
            ball("cloud", (puff * 1.15, puff, puff * 0.85), (dx, 0, dz), cloud)
        for frame, done in motion():
            cloud.location.x = x + 0.9 * done
            cloud.keyframe_insert("location", frame=frame)


def add_mill() -> Any:
    """The tower; returns its root, whose -Y is the front."""
    root = group("Mill", (0, 0, 0))
    root.rotation_euler.z = MILL_TURN
    cone("stone", 1.75, 1.65, 0.0, 0.22, root)
    cone("band", 1.36, 1.30, 0.22, 0.60, root)
    cone("plaster", 1.27, 0.90, 0.60, 3.00, root)
    cone("band", 0.94, 0.94, 3.00, 3.16, root)
    cone("roof", 1.08, 0.42, 3.16, 4.05, root)
    cone("roof", 0.42, 0.02, 4.05, 4.40, root)
    ball("brass", (0.12, 0.12, 0.12), (0, 0, 4.46), root)
    box("wood", (0.92, 0.3, 1.22), (0, -1.22, 0.78), root, bevel=0.03)
    box("glass", (0.68, 0.3, 1.02), (0, -1.26, 0.72), root)
    box("wood", (0.46, 0.2, 0.60), (0, -0.96, 2.38), root, bevel=0.02)
    box("glass", (0.30, 0.2, 0.44), (0, -1.00, 2.38), root)
    box("wood", (0.16, 1.0, 0.16), (0, -0.83, 3.55), root)
    cone("wood", 1.42, 1.42, 1.62, 1.72, root)
    cone("plaster", 1.37, 1.37, 2.03, 2.10, root, cap_ends=False)
    for angle in (math.tau * (step + 0.5) / 16 for step in range(16)):
        box("plaster", (0.05, 0.05, 0.34), (1.36 * math.cos(angle), 1.36 * math.sin(angle), 1.88), root)
    return root


def add_sails(mill: Any) -> None:
    """Four instances of the linked vane on a hub that makes a quarter turn in 24 frames, a seamless loop."""
    with bpy.data.libraries.load("//props/vane.blend", link=True, relative=True) as (_, wanted):
        wanted.collections = ["Vane"]
    hub = group("Hub", (0, -1.28, 3.55), mill)
    ball("brass", (0.2, 0.16, 0.2), (0, -0.04, 0), hub)
    for quarter in range(4):
        holder = group("Vane", (0, 0, 0), hub)
        holder.instance_type, holder.instance_collection = "COLLECTION", wanted.collections[0]
        holder.rotation_euler.y = quarter * math.pi / 2
    for frame, done in motion():
        hub.rotation_euler.y = math.radians(24 + 90 * done)
        hub.keyframe_insert("rotation_euler", frame=frame)


def add_cubes(mill: Any) -> None:
    """The mill's flour: coloured pixels that roll out of its door."""
    for number, look in enumerate(["red", "green", "blue", "yellow", "magenta"]):
        cube = box(look, (CUBE, CUBE, CUBE), (0, 0, 0), mill, bevel=0.05)
        for frame, done in motion():
            start = -1.75 - number * 2.2 * CUBE
            cube.location, cube.rotation_euler.x = rolled(start, 2 * done + number * 0.37)
            cube.keyframe_insert("location", frame=frame)
            cube.keyframe_insert("rotation_euler", frame=frame)


def rolled(start: float, rolls: float) -> tuple[Any, float]:
    """Centre and rotation about X of a cube that has rolled towards -Y over a number of its edges."""
    whole = math.floor(rolls)
    part = rolls - whole
    angle = part * part * (3 - 2 * part) * math.pi / 2
    pivot, arm = start - (whole + 0.5) * CUBE, CUBE / math.sqrt(2)
    return Vector((0, pivot + arm * math.cos(angle + math.pi / 4), arm * math.sin(angle + math.pi / 4))), angle


def add_light() -> None:
    """A warm sun, and a sky that pales towards the horizon, which only the camera sees."""
    sun = bpy.data.lights.new("Sun", "SUN")
    sun.energy, sun.angle, sun.color = 2.7, math.radians(0.5), linear((1.0, 0.95, 0.86))[:3]
    sun.cycles.use_multiple_importance_sampling = False
    group("Sun", (0, 0, 9), data=sun).rotation_euler = (math.radians(52), 0, math.radians(-38))
    world = bpy.context.scene.world = bpy.data.worlds.new("Sky")
    world.cycles.sampling_method = "NONE"
    world.cycles_visibility.diffuse = world.cycles_visibility.glossy = False
    tree = empty_tree(world)
    up = node(tree, "SeparateXYZ", {0: node(tree, "TexCoord", {}, "Generated")}, "Z")
    sky = ramp(tree, up, (0.02, (0.86, 0.93, 0.98)), (0.55, (0.30, 0.58, 0.90)))
    node(tree, "OutputWorld", {"Surface": node(tree, "Background", {0: sky, 1: 0.9})})


def add_camera() -> None:
    """A camera before the mill, focused on it; what is far or near is a little soft."""
    camera = bpy.data.cameras.new("Camera")
    camera.lens = 37
    camera.dof.use_dof, camera.dof.focus_distance, camera.dof.aperture_fstop = True, 12.2, 0.7
    view = bpy.context.scene.camera = group("Camera", (1.2, -13.2, 3.0), data=camera)
    view.rotation_euler = (Vector((-1.1, 0, 2.45)) - view.location).to_track_quat("-Z", "Y").to_euler()


def set_render(scene: Any) -> None:
    """Frames, size and output, and Cycles with direct light only, which needs few samples."""
    scene.frame_start, scene.frame_end = FIRST_FRAME, LAST_FRAME
    scene.frame_set(FIRST_FRAME)
    scene.view_settings.view_transform = "Standard"
    render, picture, cycles = scene.render, scene.render.image_settings, scene.cycles
    render.engine, render.filepath = "CYCLES", "//render/mill_####"
    render.resolution_x, render.resolution_y, render.resolution_percentage = 480, 270, 100
    render.fps, render.fps_base, render.dither_intensity = 24, 1.0, 0.0
    render.threads_mode, render.threads, render.use_persistent_data = "FIXED", 1, True
    picture.file_format, picture.color_mode, picture.color_depth = "PNG", "RGB", "8"
    cycles.device, cycles.samples, cycles.seed = "CPU", SAMPLES, 0
    cycles.use_adaptive_sampling = cycles.use_denoising = cycles.use_animated_seed = False
    cycles.max_bounces = cycles.diffuse_bounces = cycles.glossy_bounces = 0


if __name__ == "__main__":
    sys.exit(main())
