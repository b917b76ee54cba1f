"""Clarisse projects with several entries in a line, as people write them by hand."""

from __future__ import annotations

from pathlib import Path

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import SceneReport, State
from support.scenes_clarisse import project, write

LINES = """
Context "scene" { TextureMapFile { name "t" filename "$PDIR/a.png" is_on yes }
Image { name "i" first_frame 3 last_frame 9 resolution 64 32 render_to_disk yes save_as "$PDIR/i.####"
layers ".b" embedded_objects { Layer3d { name "b" active_camera "cam" first_frame 4 } } }
CameraPerspective { name "cam" fov 50 }
TextureMapFile { name "driven" filename { value "$PDIR/b.png" expression[1] "1" } }
GeometryAbcBundle { name "g" filenames "$PDIR/c.abc" "$PDIR/d.abc" doc "not/e.abc" } }
"""


def report(folder: Path, text: str) -> SceneReport:
    return examine(write(folder, project(text)), (), Listener())


def test_entries_need_no_lines_of_their_own(tmp_path: Path) -> None:
    found = report(tmp_path, LINES)
    image, layer = found.renderables
    assert (image.name, image.output, image.resolution) == ("project://scene/i", "$PDIR/i.####", (64, 32))
    assert (image.frames.start, image.frames.end) == (3, 9)
    assert (layer.name, layer.cameras, layer.frames.start) == ("project://scene/i.b", ("cam",), 4)
    assert {(use.path, use.state) for use in found.files} == {
        ("$PDIR/a.png", State.MISSING),
        ("$PDIR/i.####", State.OUTPUT),
        ("$PDIR/b.png", State.UNRESOLVED),
        ("$PDIR/c.abc", State.MISSING),
        ("$PDIR/d.abc", State.MISSING),
    }
    assert found.damage == ""
