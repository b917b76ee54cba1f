"""A scene of one's own, saved by another Blender, with a texture beside it and a linked library."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy
import OpenImageIO as oiio
import pytest

from rendermill.software.blender.installations import software_root
from support import scenes
from support.command import Server, run, serving

FRAMES = 12
#: Where the floor is, the thing out of the library, and the cube in frames 1 and 12: x, y in pixels.
FLOOR, THING, LEFT, RIGHT = (12, 30), (32, 8), (24, 18), (40, 18)


def pixels(path: Path) -> numpy.ndarray:
    """Height x width x channels, 0 to 1."""
    found = oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)
    assert found is not None
    return found


def strongest(picture: numpy.ndarray, at: tuple[int, int]) -> str:
    """The colour that a place has most of."""
    x, y = at
    return "rgb"[int(numpy.argmax(picture[y, x, :3]))]


def assert_looks_right(folder: Path) -> None:
    frames = [pixels(folder / f"scene_{number:04}.png") for number in range(1, FRAMES + 1)]
    assert len(list(folder.iterdir())) == FRAMES
    for picture in frames:
        assert picture.shape[:2] == (36, 64)
        assert strongest(picture, FLOOR) == "r", "the texture was there"
        assert strongest(picture, THING) == "b", "the library was there"
    assert (strongest(frames[0], LEFT), strongest(frames[0], RIGHT)) == ("g", "r"), "the cube begins on the left"
    assert (strongest(frames[-1], LEFT), strongest(frames[-1], RIGHT)) == ("r", "g"), "and ends on the right"


def test_a_scene_of_an_older_blender_renders_as_the_readme_says(bpy_python: Path, tmp_path: Path) -> None:
    project = tmp_path / "my project"
    scene = scenes.build(bpy_python, project, scenes.TO_LOOK_AT)
    scenes.say_saved_by(project, "402")
    with serving(tmp_path / "farm", tmp_path / "home", "--slots", "2") as server:
        words = ["submit", scene.name, "--frames", f"1-{FRAMES}", "--output", "frames"]
        result = run(server.home, *words, environment={"RENDERMILL_SERVER": server.url}, cwd=project)
        assert result.code == 0, result
        assert f"{FRAMES}/{FRAMES} tasks" in result.err, "progress is shown"
    assert_looks_right(project / "frames")


def test_what_file_output_nodes_write_comes_with_the_frames(bpy_python: Path, tmp_path: Path) -> None:
    scene = scenes.build(bpy_python, tmp_path / "project", scenes.FILE_OUTPUTS)
    with serving(tmp_path / "farm", tmp_path / "home") as server:
        out = tmp_path / "out"
        result = server.run("submit", scene, "--frames", "1-2", "--output", out)
        assert result.code == 0, result
    found = sorted(str(path.relative_to(out)) for path in out.rglob("*.png"))
    assert len(found) == 6, found
    assert [name.split("/")[0] for name in found] == ["else"] * 2 + ["passes"] * 2 + [
        "scene_0001.png",
        "scene_0002.png",
    ]


@pytest.mark.soak
@pytest.mark.parametrize("saved_by", ["4.2", "5.0"])
def test_scenes_that_other_blenders_really_saved(saved_by: str, tmp_path: Path) -> None:
    """Installs that Blender; a scene of 4.2 opens in 4.5, one of 5.0 in 5.0 alone."""
    software = tmp_path / "software"
    (software / "blender").mkdir(parents=True)
    (software / "blender/4.5").symlink_to(software_root() / "blender/4.5")
    environment = {"RENDERMILL_SOFTWARE": str(software)}
    made = run(tmp_path, "software", "install", "blender", saved_by, environment={**pip_settings(), **environment})
    assert made.code == 0, made
    scene = scenes.build(software / "blender" / saved_by / "bin/python", tmp_path / "project", scenes.TO_LOOK_AT)
    with serving(tmp_path / "farm", tmp_path / "home", environment=environment) as server:
        server.environment = environment
        render_with(server, scene, tmp_path / "exactly")
        if saved_by == "4.2":
            render_with(server, scene, tmp_path / "newer", "--blender", "4.5")
        nodes = scenes.build(software / "blender" / saved_by / "bin/python", tmp_path / "nodes", scenes.FILE_OUTPUTS)
        assert server.run("submit", nodes, "--frames", "1", "--output", tmp_path / "passes").code == 0
        assert len(list((tmp_path / "passes").rglob("*.png"))) == 3


def render_with(server: Server, scene: Path, out: Path, *words: str) -> None:
    result = server.run("submit", scene, "--frames", f"1-{FRAMES}", "--output", out, *words)
    assert result.code == 0, result
    assert_looks_right(out)


def pip_settings() -> dict[str, str]:
    """How this machine reaches its package index."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "REQUESTS_"))}


#: An executable that behaves as Blender's does: the command line on top of bpy that sessions have.
EXECUTABLE = """#!/bin/sh
[ "$1" = --version ] && {{ echo "Blender 4.6.1"; exit 0; }}
exec {python} -P {start} commandline "$@"
"""


def test_an_installed_executable_scans_renders_and_is_the_blender_of_sessions(bpy_python: Path, tmp_path: Path) -> None:
    from rendermill.software.blender import installations

    start = tmp_path / "start.py"  # a name that does not tell that it is ours
    start.symlink_to(Path(installations.__file__).parent / "inside/start.py")
    executable = tmp_path / "blender"
    executable.write_text(EXECUTABLE.format(python=bpy_python, start=start))
    executable.chmod(0o755)
    scene = scenes.build(bpy_python, tmp_path / "project", scenes.TO_LOOK_AT)
    environment = {"RENDERMILL_SOFTWARE": str(tmp_path / "none"), "RENDERMILL_BLENDER_EXECUTABLE": str(executable)}
    with serving(tmp_path / "farm", tmp_path / "home", environment=environment) as server:
        server.environment = environment
        listed = server.run("software", "list", "--json").json
        assert listed == [{"name": "blender", "version": "4.6", "kind": "executable", "path": str(executable)}]
        render_with(server, scene, tmp_path / "frames")
        command = ["blender", "-b", str(scene), "-o", str(tmp_path / "by-command/x_####"), "-F", "PNG", "-f", "1"]
        result = server.run("submit", "--output", tmp_path / "by-command", "--", *command)
        assert result.code == 0, result
        assert [path.name for path in (tmp_path / "by-command").iterdir()] == ["x_0001.png"]


def test_the_plain_command_sees_no_difference(tmp_path: Path, bpy_python: Path) -> None:
    """The stand-in above is what it says: it runs a script of ours with what follows its ``--``."""
    script = tmp_path / "script.py"
    script.write_text("import sys; print('after', sys.argv[sys.argv.index('--') + 1:])")
    from rendermill.software.blender import installations

    start = Path(installations.__file__).parent / "inside/start.py"
    words = [str(bpy_python), "-P", str(start), "commandline"]
    words += ["--background", "--factory-startup", "--python-exit-code", "1", "--python", str(script), "--", "a", "b"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "after ['a', 'b']" in done.stdout


def test_a_scene_behind_a_link_finds_its_files(bpy_python: Path, tmp_path: Path) -> None:
    scenes.build(bpy_python, tmp_path / "disk/shot7", scenes.TO_LOOK_AT)
    (tmp_path / "project").symlink_to(tmp_path / "disk/shot7")
    with serving(tmp_path / "farm", tmp_path / "home", "--slots", "2") as server:
        render_with(server, tmp_path / "project/scene.blend", tmp_path / "out")


#: The library of TO_LOOK_AT again, but everything is named by its absolute path, and the library links another one.
_ABSOLUTE = """
outer = folder / "lib" / "outer.blend"
bpy.ops.wm.open_mainfile(filepath=str(folder / "scene.blend"))
bpy.ops.file.make_paths_absolute()
bpy.ops.wm.save_mainfile()
data = folder / "lib" / "things.blend"
bpy.ops.wm.open_mainfile(filepath=str(data))
bpy.data.collections["Things"].use_fake_user = True  # nothing else keeps it in a file that is saved
thing = next(thing for thing in bpy.data.objects if thing.type == "MESH")
picture = bpy.data.images.new("blue", 8, 8)
picture.pixels = [0.05, 0.05, 0.9, 1.0] * 64
picture.filepath_raw = str(folder / "textures" / "blue.png")
picture.file_format = "PNG"
picture.save()
bpy.data.images.remove(picture)
node = thing.data.materials[0].node_tree.nodes.new("ShaderNodeTexImage")
node.image = bpy.data.images.load(str(folder / "textures" / "blue.png"))
tree = thing.data.materials[0].node_tree
tree.links.new(node.outputs[0], tree.nodes["Principled BSDF"].inputs["Emission Color"])
bpy.ops.wm.save_mainfile()
bpy.ops.wm.read_factory_settings(use_empty=True)
with bpy.data.libraries.load(str(data), link=True, relative=False) as (there, here):
    here.collections = ["Things"]
group = bpy.data.collections.new("Outer")
group.children.link(here.collections[0])
bpy.data.libraries.write(str(outer), {group})
bpy.ops.wm.open_mainfile(filepath=str(folder / "scene.blend"))
with bpy.data.libraries.load(str(outer), link=True, relative=False) as (there, here):
    here.collections = ["Outer"]
bpy.data.objects["Instance"].instance_collection = here.collections[0]
bpy.ops.wm.save_mainfile()
"""


def test_absolute_paths_in_nested_libraries_are_mapped(bpy_python: Path, tmp_path: Path) -> None:
    """The project is gone from where the paths point to before it is rendered."""
    scene = scenes.build(bpy_python, tmp_path / "project", scenes.TO_LOOK_AT + _ABSOLUTE)
    with serving(tmp_path / "farm", tmp_path / "home", "--slots", "1") as server:
        job_id = server.submit(scene, "--frames", f"1-{FRAMES}", "--paused")
        scene.parent.rename(tmp_path / "away")
        assert server.run("resume", job_id).code == 0
        result = server.run("download", job_id, "--follow", "--output", tmp_path / "out")
        assert result.code == 0, result
    assert_looks_right(tmp_path / "out")
