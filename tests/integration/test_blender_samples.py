"""Blender scenes that people saved, read under other names and with facts changed."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from rendermill.scenes.read import read_scene
from rendermill.scenes.report import FrameRange, Renderable, SceneReport, Software, State
from support import samples


def read(name: str, folder: Path, called: str = "x.bin") -> SceneReport:
    return read_scene(samples.copied(f"blend/{name}", folder, called))


def only(report: SceneReport) -> Renderable:
    (renderable,) = report.renderables
    return renderable


def files(report: SceneReport) -> dict[str, State]:
    return {use.path: use.state for use in report.files}


def test_one_of_2_48_with_addresses_of_four_bytes(tmp_path: Path) -> None:
    report = read("assimp_TexturedCube_248_32bit.blend", tmp_path)
    assert not report.damage
    assert report.software == Software("blender", "2.48", "windows")
    assert (report.frames, report.resolution) == (FrameRange(1, 250, 1, 25), (800, 600))
    assert (report.renderer, report.cameras) == ("BLENDER_RENDER", ("Camera",))
    assert (only(report).name, only(report).cameras, only(report).format) == (
        "Scene/1 RenderLayer",
        ("Camera",),
        "JPEG",
    )
    image = r"e:\dev\assimp\assimp6\test\models\3DS\UVTransformTest\UVTransformTestImg.png"
    assert files(report) == {image: State.MISSING, "/tmp\\": State.OUTPUT}


def test_one_of_2_57(tmp_path: Path) -> None:
    report = read("cgru_scene_v257.blend", tmp_path)
    assert not report.damage
    assert report.software.version == "2.57"
    assert (report.frames, report.resolution) == (FrameRange(1, 20, 1, 25), (800, 600))
    assert (report.renderer, report.cameras) == ("BLENDER_RENDER", ("Camera",))
    assert only(report).output == "render/img.####"
    assert files(report) == {"render/img.####": State.OUTPUT}


def test_one_of_2_82(tmp_path: Path) -> None:
    report = read("cgru_scene_v282.blend", tmp_path)
    assert not report.damage
    assert report.software.version == "2.82"
    assert (report.frames, report.resolution) == (FrameRange(1, 250, 1, 24), (1280, 720))
    assert (report.renderer, report.cameras) == ("BLENDER_EEVEE", ("Camera",))
    assert (only(report).name, only(report).output, only(report).format) == (
        "Scene/View Layer",
        "./render/render.####",
        "PNG",
    )


def test_one_of_2_78_that_windows_saved(tmp_path: Path) -> None:
    report = read("gltf_textured_sphere_v278.blend", tmp_path / "scenes/a")
    assert not report.damage
    assert report.software == Software("blender", "2.78", "windows")
    assert (report.frames, report.resolution) == (FrameRange(1, 250, 1, 24), (960, 540))
    assert (report.renderer, only(report).name) == ("CYCLES", "Scene/RenderLayer")
    names = ("BaseColor", "Normal", "OcclusionRoughnessMetallic")
    assert files(report) == {
        **{f"//01_Textured_Sphere_{name}.png": State.MISSING for name in names},
        r"//..\environments\field.hdr": State.MISSING,
        r"//..\pbr_node\glTF2.blend": State.MISSING,
        "/tmp\\": State.OUTPUT,
    }
    (library,) = (use for use in report.files if use.used_by.startswith("library"))
    assert library.resolved == str(tmp_path / "scenes/pbr_node/glTF2.blend")


def test_files_beside_it_are_found_whatever_the_system(tmp_path: Path) -> None:
    (tmp_path / "scenes/environments").mkdir(parents=True)
    (tmp_path / "scenes/environments/field.hdr").write_bytes(b"x")
    report = read("gltf_textured_sphere_v278.blend", tmp_path / "scenes/a")
    assert files(report)[r"//..\environments\field.hdr"] is State.RESOLVED


def test_a_damaged_one_of_3_3_is_told(tmp_path: Path) -> None:
    report = read("deadline_blender_test_v303_CORRUPT_eol_mangled.blend", tmp_path)
    assert report.software.version == "3.3"
    assert report.damage.startswith("damaged at byte 214808: ")
    assert "is no block" in report.damage


def test_one_of_4_3_links_a_collection(tmp_path: Path) -> None:
    report = read("gltf_linked_collection_v403.blend", tmp_path)
    assert not report.damage
    assert report.software.version == "4.3"
    assert (report.renderer, report.frames) == ("BLENDER_EEVEE_NEXT", FrameRange(1, 200, 1, 24))
    assert files(report) == {"//collection_to_link.blend": State.MISSING, "/tmp/": State.OUTPUT}
    samples.copied("blend/gltf_collection_to_link_v403.blend", tmp_path, "collection_to_link.blend")
    report = read("gltf_linked_collection_v403.blend", tmp_path)
    assert files(report) == {"//collection_to_link.blend": State.RESOLVED, "/tmp/": State.OUTPUT}
    assert report.warnings == ("the scene Scene has no camera",)


def test_the_library_of_4_3_names_no_files(tmp_path: Path) -> None:
    report = read("gltf_collection_to_link_v403.blend", tmp_path)
    assert not report.damage
    assert (report.resolution, report.cameras) == ((1920, 1080), ())
    assert files(report) == {"/tmp/": State.OUTPUT}


def test_one_of_5_0_has_the_new_header(tmp_path: Path) -> None:
    report = read("gltf_27_v500_raw.blend", tmp_path)
    assert not report.damage
    assert report.software.version == "5.0"
    assert (report.frames, report.resolution) == (FrameRange(1, 250, 1, 24), (1920, 1080))
    assert (report.renderer, only(report).format) == ("BLENDER_EEVEE", "PNG")


def test_one_of_5_1_is_compressed(tmp_path: Path) -> None:
    report = read("gltf_global_v501_zstd.blend", tmp_path)
    assert not report.damage
    assert report.software.version == "5.1"
    assert (report.renderer, report.resolution) == ("BLENDER_EEVEE", (1920, 1080))
    assert files(report) == {"Albedo": State.PACKED, "/tmp/": State.OUTPUT}


# --- with one fact changed ---------------------------------------------------------------------------------------


def test_another_output_is_told(tmp_path: Path) -> None:
    path = samples.changed(
        "blend/cgru_scene_v282.blend", tmp_path, "y", b"./render/render.####", b"./images/colour.####"
    )
    assert only(read_scene(path)).output == "./images/colour.####"


def test_another_engine_is_told(tmp_path: Path) -> None:
    path = samples.copied("blend/gltf_27_v500_raw.blend", tmp_path, "y")
    data = path.read_bytes()
    assert data.count(b"BLENDER_EEVEE\0") == 1
    path.write_bytes(data.replace(b"BLENDER_EEVEE\0", b"CYCLES\0\0\0\0\0\0\0\0"))
    assert read_scene(path).renderer == "CYCLES"


def test_other_frames_are_told(tmp_path: Path) -> None:
    path = samples.copied("blend/cgru_scene_v257.blend", tmp_path, "y")
    first, last = struct.pack("<2i", 1, 20), struct.pack("<2i", 7, 33)
    data = path.read_bytes()
    start = data.index(b"SCScene")
    at = data.index(first, start)
    path.write_bytes(data[:at] + last + data[at + 8 :])
    assert read_scene(path).frames == FrameRange(7, 33, 1, 25)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_one_that_is_cut_off_is_damaged(tmp_path: Path, share: float) -> None:
    for name in ("gltf_27_v500_raw.blend", "gltf_global_v501_zstd.blend", "assimp_TexturedCube_248_32bit.blend"):
        path = samples.copied(f"blend/{name}", tmp_path, "y")
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        assert "the file ends before" in read_scene(path).damage
