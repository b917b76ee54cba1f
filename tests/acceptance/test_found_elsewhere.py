"""Files that are not where a .blend says, but were found below it: they are rendered all the same."""

from __future__ import annotations

from pathlib import Path

import numpy
import OpenImageIO as oiio
import pytest

from support import scenes
from support.command import serving

#: Where the floor is, the thing out of the library, and the cube: x, y in pixels.
FLOOR, THING, CUBE = (12, 30), (32, 8), (24, 18)

#: The same scene, but the floor's picture, the library and the cube's picture are named as other machines have them.
ELSEWHERE = """
def picture(name, colour):
    made = bpy.data.images.new(name, 8, 8)
    made.pixels = [*colour, 1.0] * 64
    made.filepath_raw, made.file_format = str(folder / "textures" / name), "PNG"
    made.save()
    bpy.data.images.remove(made)

def shown(material, image):
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    tree.links.new(node.outputs[0], tree.nodes["Principled BSDF"].inputs["Emission Color"])

bpy.ops.wm.open_mainfile(filepath=str(folder / "lib/things.blend"))
picture("blue.png", (0.05, 0.05, 0.9))
thing = next(thing for thing in bpy.data.objects if thing.type == "MESH")
bpy.data.collections["Things"].use_fake_user = True
image = bpy.data.images.new("blue", 8, 8)
image.source, image.filepath_raw = "FILE", BLUE
shown(thing.data.materials[0], image)
bpy.ops.wm.save_mainfile(relative_remap=False)

bpy.ops.wm.open_mainfile(filepath=str(folder / "scene.blend"))
picture("green.1001.png", (0.05, 0.9, 0.05))
image = bpy.data.images.new("green", 8, 8, tiled=True)
image.filepath_raw = GREEN
shown(bpy.data.materials["green"], image)
bpy.data.images["red.png"].filepath_raw = RED
bpy.data.libraries[0].filepath = LIBRARY
bpy.ops.wm.save_mainfile(relative_remap=False)
"""


def strongest(picture: numpy.ndarray, at: tuple[int, int]) -> str:
    """The colour that a place has most of."""
    x, y = at
    return "rgb"[int(numpy.argmax(picture[y, x, :3]))]


@pytest.mark.parametrize(
    "named",
    [
        {
            "RED": "/mnt/elsewhere/textures/red.png",
            "BLUE": r"D:\show\textures\blue.png",
            "GREEN": "//Textures/Green.<UDIM>.png",
            "LIBRARY": r"D:\show\lib\things.blend",
        },
        {
            "RED": r"\\filer\show\textures\RED.png",
            "BLUE": r"//..\Textures\BLUE.png",
            "GREEN": "/mnt/elsewhere/textures/green.<UDIM>.png",
            "LIBRARY": "lib/things.blend",
        },
    ],
    ids=["moved", "respelled"],
)
def test_files_that_were_found_elsewhere_are_rendered(bpy_python: Path, tmp_path: Path, named: dict[str, str]) -> None:
    said = "".join(f"{name} = {path!r}\n" for name, path in named.items())
    scene = scenes.build(bpy_python, tmp_path / "project", scenes.TO_LOOK_AT + said + ELSEWHERE)
    with serving(tmp_path / "farm", tmp_path / "home") as server:
        result = server.run("submit", scene, "--frames", "1", "--output", tmp_path / "out")
        assert result.code == 0, result
        logged = server.run("logs", "1").out
    picture = oiio.ImageBuf(str(tmp_path / "out/scene_0001.png")).get_pixels(oiio.FLOAT)
    assert picture is not None
    assert "".join(strongest(picture, at) for at in (FLOOR, THING, CUBE)) == "rbg", logged
    red, _, blue = picture[FLOOR[1], FLOOR[0], :3]
    assert blue < red / 2, "a picture that is not there is magenta"
