"""Scenes that Katana, 3ds Max and Cinema 4D saved: what can be known of them, under other names, one fact changed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rendermill.scenes.read import read_scene
from rendermill.scenes.report import Confidence, FrameRange, SceneReport, Software, State
from support import samples

KATANA = "other/openusd_simple.katana"
MAX = "other/cgru_scene.max"
CINEMA = "other/cgru_scene.c4d"
RENDER = "C:\\cg\\tools\\cgru\\examples\\3D Studio Max\\render"


@pytest.fixture
def max_scene(tmp_path: Path) -> SceneReport:
    return read_scene(samples.copied(MAX, tmp_path, "x.bin"))


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_the_scene_of_katana(tmp_path: Path) -> None:
    found = read_scene(samples.copied(KATANA, tmp_path, "x.bin"))
    assert (found.format, found.software) == ("katana", Software("katana", "2.5v4"))
    assert found.frames == FrameRange(1, 100, 1, 0)
    assert found.cameras == ("/root/world/cam/camera",)
    assert (found.renderables, found.damage, found.confidence) == ((), "", Confidence.LOW)
    (use,) = found.files
    assert (use.path, use.used_by, use.state) == ("./shots/s00_01/s00_01.usd", "PxrUsdIn fileName", State.MISSING)
    assert use.resolved == f"{tmp_path}/shots/s00_01/s00_01.usd"
    assert len(found.warnings) == 1


def test_katana_frames_that_are_changed(tmp_path: Path) -> None:
    head, packed = samples.path(KATANA).read_bytes().split(b"\n", maxsplit=1)
    tar = gzip.decompress(packed)
    old, new = b'name="outTime" value="100"', b'name="outTime" value="240"'
    assert tar.count(old) == 1
    path = tmp_path / "x.bin"
    path.write_bytes(head.replace(b"2.5v4", b"3.1v2") + b"\n" + gzip.compress(tar.replace(old, new)))
    found = read_scene(path)
    assert (found.frames, found.software.version) == (FrameRange(1, 240, 1, 0), "3.1v2")


def test_katana_layers_of_usd_are_followed(tmp_path: Path) -> None:
    (tmp_path / "shots/s00_01").mkdir(parents=True)
    (tmp_path / "shots/s00_01/s00_01.usd").write_text("#usda 1.0\n(\n    subLayers = [@below.usda@]\n)\n")
    found = read_scene(samples.copied(KATANA, tmp_path, "x.bin"))
    assert found.files[0].state is State.RESOLVED
    assert found.files[0].files == (f"{tmp_path}/shots/s00_01/s00_01.usd",)


def test_the_scene_of_3ds_max(max_scene: SceneReport) -> None:
    assert (max_scene.format, max_scene.software) == ("max", Software("3ds-max", "2011", "windows"))
    assert max_scene.frames == FrameRange(3, 15, 1, 0)
    assert (max_scene.resolution, max_scene.renderer) == ((640, 480), "Default Scanline Renderer")
    assert max_scene.cameras == ("Camera01", "Camera02")
    assert (max_scene.damage, max_scene.confidence, len(max_scene.warnings)) == ("", Confidence.LOW, 1)
    assert len(max_scene.plugins) == 19
    assert max_scene.plugins[-1].name == "BatchRenderUtil.dlu"


def test_what_3ds_max_would_render(max_scene: SceneReport) -> None:
    rows = [
        (each.name, each.kind, each.enabled, each.cameras, (each.frames.start, each.frames.end), each.resolution)
        for each in max_scene.renderables
    ]
    assert rows == [
        ("Production", "render", True, (), (3, 15), (640, 480)),
        ("res320x240", "batch", True, ("Camera01",), (3, 6), (320, 240)),
        ("def", "batch", False, ("Camera02",), (3, 15), (640, 480)),
        ("View_7-12", "batch", True, ("Camera01",), (7, 12), (400, 300)),
    ]
    outputs = [each.output for each in max_scene.renderables]
    assert outputs == [f"{RENDER}\\img{part}.0000.jpg" for part in ("", "_res", "_def", "_view")]


def test_the_files_of_3ds_max(max_scene: SceneReport) -> None:
    preset = "C:\\Users\\tima\\Documents\\3dsMax\\renderpresets\\mypreset_a.rps"
    assert {use.path: (use.used_by, use.state) for use in max_scene.files} == {
        f"{RENDER}\\img.0000.jpg": ("Render Output", State.OUTPUT),
        f"{RENDER}\\img_res.0000.jpg": ("Batch Render res320x240", State.OUTPUT),
        f"{RENDER}\\img_def.0000.jpg": ("Batch Render def", State.OUTPUT),
        f"{RENDER}\\img_view.0000.jpg": ("Batch Render View_7-12", State.OUTPUT),
        preset: ("BatchRender, Batch Render View_7-12 preset", State.MISSING),
    }


@pytest.mark.parametrize(
    ("old", "new", "version", "end", "camera"),
    [
        ("3ds Max Version: 13,00", "3ds Max Version: 14.00", "2012", 15, "Camera02"),
        ("Animation End=15", "Animation End=99", "2011", 99, "Camera02"),
        ("Render Camera 01=Camera02", "Render Camera 01=Closeup!", "2011", 15, "Closeup!"),
    ],
)
def test_3ds_max_facts_that_are_changed(
    tmp_path: Path, old: str, new: str, version: str, end: int, camera: str
) -> None:
    found = read_scene(samples.changed(MAX, tmp_path, "x.bin", wide(old), wide(new)))
    assert found.frames is not None
    assert (found.software.version, found.frames.end, found.cameras[1]) == (version, end, camera)


def test_a_file_of_3ds_max_that_is_another(tmp_path: Path) -> None:
    (tmp_path / "image.0000.jpg").write_bytes(b"x")
    data = samples.path(MAX).read_bytes()
    asset = b"\x3b\0\0\0" + wide(f"{RENDER}\\img.0000.jpg")
    assert data.count(asset) == 1
    path = tmp_path / "x.bin"
    path.write_bytes(data.replace(asset, b"\x3b\0\0\0" + wide(f"{RENDER[:-2]}\\image.0000.jpg")))
    use = next(use for use in read_scene(path).files if use.used_by == "Bitmap")
    assert (use.state, use.resolved) == (State.RESOLVED, f"{tmp_path}/image.0000.jpg")


def test_the_scene_of_cinema_4d(tmp_path: Path) -> None:
    found = read_scene(samples.copied(CINEMA, tmp_path, "x.bin"))
    assert (found.format, found.software) == ("c4d", Software("cinema4d", "15.037"))
    assert (found.frames, found.renderables, found.damage) == (None, (), "")
    assert (found.confidence, len(found.warnings)) == (Confidence.LOW, 1)
    (use,) = found.files
    assert (use.path, use.state) == ("C:\\cgru\\examples\\Cinema 4D\\render\\img", State.OUTPUT)
    assert use.confidence is Confidence.LOW


def test_cinema_4d_facts_that_are_changed(tmp_path: Path) -> None:
    old, new = "C:\\cgru\\examples\\Cinema 4D\\render\\img", "C:\\cgru\\examples\\Cinema 4D\\other!\\pic"
    found = read_scene(samples.changed(CINEMA, tmp_path, "x.bin", old.encode("utf-16-be"), new.encode("utf-16-be")))
    assert [use.path for use in found.files] == [new]
    version = "Studio 15.037".encode("utf-16-be"), "Studio 16.021".encode("utf-16-be")
    assert read_scene(samples.changed(CINEMA, tmp_path, "y.bin", *version)).software.version == "16.021"
