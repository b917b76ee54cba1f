"""Projects that Clarisse saved: every fact that is known of them, under other names, and one fact changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.read import read_scene
from rendermill.scenes.report import FileUse, FrameRange, Plugin, SceneReport, Software, State
from support import samples

CGRU = "clarisse/cgru_scene_v3.project"
KUBIX = "clarisse/r2c_kubix_demo_v4.project"


def changed(name: str, folder: Path, old: bytes, new: bytes) -> SceneReport:
    return read_scene(samples.changed(name, folder, "x.bin", old, new))


@pytest.fixture
def cgru(tmp_path: Path) -> SceneReport:
    return read_scene(samples.copied(CGRU, tmp_path, "x.bin"))


def test_the_scene_of_cgru(cgru: SceneReport) -> None:
    assert (cgru.format, cgru.software) == ("project", Software("clarisse", "3"))
    assert cgru.frames == FrameRange(0, 10, 1, 24)
    assert (cgru.resolution, cgru.renderer, cgru.cameras) == (None, "path_tracer", ("camera",))
    assert (cgru.plugins, cgru.warnings, cgru.damage) == ((), (), "")


def test_the_image_of_cgru(cgru: SceneReport) -> None:
    image, layer = cgru.renderables
    assert (image.name, image.kind, image.enabled) == ("project://scene/image", "image", True)
    assert (image.frames, image.resolution) == (FrameRange(0, 10, 1, 24), None)
    assert (image.output, image.format) == ("/cgru/examples/clarisse/render/img.####", "2")
    assert (image.cameras, image.renderer) == (("camera",), "path_tracer")
    assert image.details["save_to_disk"] is True
    assert image.details["layers"] == [dict(layer.details)]


def test_the_layer_of_cgru(cgru: SceneReport) -> None:
    layer = cgru.renderables[1]
    assert (layer.name, layer.kind, layer.enabled) == ("project://scene/image.background", "layer", False)
    assert (layer.frames, layer.renderer, layer.cameras) == (FrameRange(0, 50, 1, 24), "path_tracer", ("camera",))
    assert layer.details["frames"] == "0-50[1]"


def test_the_scene_of_cgru_has_no_files_but_what_it_writes(cgru: SceneReport) -> None:
    output = "/cgru/examples/clarisse/render/img.####"
    assert cgru.files == (FileUse(output, "project://scene/image save_as", State.OUTPUT, output, 0),)


def test_the_demo_of_a_third_party_renderer(tmp_path: Path) -> None:
    found = read_scene(samples.copied(KUBIX, tmp_path, "comment.bin"))
    assert found.software == Software("clarisse", "4")
    assert found.frames == FrameRange(0, 50, 1, 1)
    assert (found.renderer, found.plugins) == ("KubixRenderer", (Plugin("KubixRenderer"),))
    assert (found.cameras, found.resolution, found.damage) == (("camera",), None, "")
    assert found.files == ()
    image, layer = found.renderables
    assert (image.name, image.frames, image.output) == ("project://scene/image", FrameRange(0, 50, 1, 1), "")
    assert (layer.name, layer.cameras) == ("project://scene/image.kubix_layer", ("camera",))


@pytest.mark.parametrize(
    ("old", "new", "frames"),
    [
        (
            b"        last_frame 10\n        save_as",
            b"        last_frame 12\n        save_as",
            FrameRange(0, 12, 1, 24),
        ),
        (b"            frames_per_second 24", b"            frames_per_second 30", FrameRange(0, 10, 1, 30)),
        (b"frames_per_second 24", b"frames_per_second 24\nstart_frame 3\nend_frame 5", FrameRange(3, 5, 1, 24)),
    ],
)
def test_frames_that_are_changed(tmp_path: Path, old: bytes, new: bytes, frames: FrameRange) -> None:
    assert changed(CGRU, tmp_path, old, new).frames == frames


def test_an_output_that_is_changed(tmp_path: Path) -> None:
    found = changed(CGRU, tmp_path, b"/cgru/examples/clarisse/render/img.####", b"$PDIR/out/a.#####")
    assert found.renderables[0].output == "$PDIR/out/a.#####"
    assert [use.resolved for use in found.files] == [f"{tmp_path}/out/a.#####"]


def test_an_image_that_is_switched_off(tmp_path: Path) -> None:
    found = changed(CGRU, tmp_path, b"render_to_disk yes", b"render_to_disk no")
    assert [each.enabled for each in found.renderables] == [False, False]


def test_a_size_that_is_added(tmp_path: Path) -> None:
    size = b"resolution 800 400\n        resolution_multiplier 2\n        first_frame 0\n        last_frame 10"
    found = changed(CGRU, tmp_path, b"first_frame 0\n        last_frame 10", size)
    assert found.resolution == (800, 400)


def test_a_texture_that_is_added(tmp_path: Path) -> None:
    (tmp_path / "wood.1001.exr").write_bytes(b"x")
    lines = (b"    TextureMapFile {", b'name "map"', b'filename "$PDIR/wood.<UDIM>.exr"', b"}")
    added = b"\n".join((*lines, b"    MaterialPhysicalDiffuse {"))
    found = changed(CGRU, tmp_path, b"    MaterialPhysicalDiffuse {", added)
    use = next(use for use in found.files if use.state is State.PATTERN)
    assert (use.path, use.used_by, use.count) == ("$PDIR/wood.<UDIM>.exr", "project://scene/map filename", 1)


def test_a_version_that_is_changed(tmp_path: Path) -> None:
    found = changed(KUBIX, tmp_path, b"#Isotropix_Clarisse_Version 4", b"#Isotropix_Clarisse_Version 5.5")
    assert found.software.version == "5.5"


def test_a_project_that_was_cut_off(tmp_path: Path) -> None:
    data = samples.path(CGRU).read_bytes()
    path = tmp_path / "x.bin"
    path.write_bytes(data[: data.index(b"GeometrySphere")])
    found = read_scene(path)
    assert found.damage == f"damaged at byte {data.index(b'GeometrySphere')}: it ends inside Context"
    assert [each.name for each in found.renderables] == ["project://scene/image", "project://scene/image.background"]
