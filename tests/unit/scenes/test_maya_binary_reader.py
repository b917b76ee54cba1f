"""How the chunks of .mb are read, also of files that are cut off or broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rendermill.scenes.report import Confidence, FrameRange, Plugin, SceneReport, Software, State
from support.scenes_maya import (
    FORMS,
    Edits,
    Frames,
    Node,
    PlugIn,
    Refers,
    Scene,
    binary_of_32_bits,
    binary_of_64_bits,
    camera,
    examined,
    globals_,
    report,
    texture,
)

Writer = Callable[[Scene], bytes]

SCENE = Scene(
    nodes=[
        *camera("hero", fl=35),
        Node("mesh", "bodyShape", {"vt": 0.5}, parent="body"),
        texture("file1", "textures/a.png", ufe=True),
        texture("file2", "/b/c_1001_d.exr", uvt=3),
        Node("aiImage", "aiImage1", {"filename": "C:\\a\\b.tx"}),
        Node("oddNode", "odd1", {"cache": "/caches/x.abc", "note": "no path"}),
        Node("reference", "carRN", {"ed": Edits((("car:file1", "fileTextureName", "/new.png"),))}),
        globals_(an=True, fs=Frames(3), ef=Frames(99), ren="arnold", ifp="<Scene>/a", outf=51, imfkey="exr"),
        Node("", "defaultResolution", {"w": 1920, "h": 1080}),
        Node("renderLayer", "beauty", {"do": 1}),
    ],
    plug_ins=[
        PlugIn("mtoa", "5.2.0", ("aiImage",)),
        PlugIn("odd", "1.0", ("oddNode",)),
        PlugIn("stereoCamera", "10.0"),
    ],
    refers=[Refers("/cars/car.mb", "carRN"), Refers("/cars/wheel.mb", "car:wheelRN", depth=2)],
    links=[("hero.t", "beauty.rlid")],
)


def told(found: SceneReport) -> SceneReport:
    """What must not depend on the format."""
    return replace(found, format="", confidence=Confidence.HIGH)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return tmp_path / "broken.mb"


@pytest.mark.parametrize("form", ["mb32", "mb64"])
def test_a_scene_is_the_same_in_all_formats(tmp_path: Path, form: str) -> None:
    text, binary = report(tmp_path, SCENE), report(tmp_path, SCENE, form)
    assert told(text) == told(binary)
    assert (text.format, text.confidence) == ("ma", Confidence.HIGH)
    assert (binary.format, binary.confidence) == ("mb", Confidence.LOW)
    assert [use.path for use in binary.files] == [
        "/cars/car.mb",
        "textures/a.png",
        "/b/c_1001_d.exr",
        "C:\\a\\b.tx",
        "/caches/x.abc",
        "/new.png",
    ]
    assert (binary.frames, binary.resolution) == (FrameRange(3, 99, 1, 24), (1920, 1080))


@pytest.mark.parametrize("form", ["mb32", "mb64"])
def test_the_head(tmp_path: Path, form: str) -> None:
    found = report(tmp_path, SCENE, form)
    assert found.software == Software("maya", "2023", "linux")
    assert found.plugins == (Plugin("mtoa", "5.2.0"), Plugin("odd", "1.0"))
    assert (found.damage, found.warnings) == ("", ())


@pytest.mark.parametrize("form", FORMS)
def test_a_guess_is_of_low_confidence(tmp_path: Path, form: str) -> None:
    found = {use.used_by: use.confidence for use in report(tmp_path, SCENE, form).files}
    assert found["odd1 cache"] is Confidence.LOW
    assert found["file1 fileTextureName"] is Confidence.HIGH


def test_flags_and_numbers_of_other_sizes_are_no_values(tmp_path: Path) -> None:
    scene = Scene(nodes=[globals_(fs=None, ef=Frames(20), an=None)])
    found = report(tmp_path, scene, "mb64")
    assert (found.frames, found.renderables[0].frames) == (FrameRange(1, 20, 1, 24), FrameRange(1, 1, 1, 24))


@pytest.mark.parametrize("form", FORMS)
def test_frames_before_zero(tmp_path: Path, form: str) -> None:
    scene = Scene(nodes=[globals_(fs=Frames(-12), ef=Frames(-0.5))])
    assert report(tmp_path, scene, form).frames == FrameRange(-12, -0.5, 1, 24)


@pytest.mark.parametrize("write", [binary_of_32_bits, binary_of_64_bits])
def test_a_file_that_is_cut_off(broken: Path, write: Writer) -> None:
    data = write(SCENE)
    broken.write_bytes(data[: data.index(b"aiImage1")])
    found = examined(broken)
    assert "the file is cut off" in found.damage
    assert {"textures/a.png", "/b/c_1001_d.exr"} <= {use.path for use in found.files}
    assert found.software == Software("maya", "2023", "linux")


@pytest.mark.parametrize("write", [binary_of_32_bits, binary_of_64_bits])
def test_a_group_that_does_not_fit_costs_no_more_than_itself(broken: Path, write: Writer) -> None:
    data = bytearray(write(SCENE))
    width = 8 if write is binary_of_64_bits else 4
    size = data.index(b"DMSH") - width
    data[size : size + width] = b"\x7f" * width
    broken.write_bytes(data)
    found = examined(broken)
    assert "a chunk does not fit" in found.damage
    assert (found.frames, found.resolution) == (FrameRange(3, 99, 1, 24), (1920, 1080))
    assert [use.path for use in found.files][1:3] == ["textures/a.png", "/b/c_1001_d.exr"]


@pytest.mark.parametrize("write", [binary_of_32_bits, binary_of_64_bits])
def test_a_node_that_is_broken_inside_gives_the_texts_in_it(broken: Path, write: Writer) -> None:
    data = bytearray(write(Scene(nodes=[texture("file1", "textures/a.png"), globals_(ef=Frames(20))])))
    at = data.index(b"CREA")
    data[at : at + 4] = b"\0\0\0\0"
    broken.write_bytes(data)
    found = examined(broken)
    (use,) = found.files
    assert (use.path, use.confidence, use.state) == ("textures/a.png", Confidence.LOW, State.MISSING)
    assert use.used_by.startswith("(at byte ")
    assert found.frames == FrameRange(1, 20, 1, 24)
    assert "a chunk does not fit" in found.damage


@pytest.mark.parametrize("size", [0, 1, 2**31 - 1, 2**32 - 1])
def test_sizes_are_not_believed(broken: Path, size: int) -> None:
    data = binary_of_32_bits(SCENE)
    for at in range(4, len(data) - 4, 4):
        if data[at - 4 : at] in (b"FOR4", b"STR ", b"DBLE", b"CREA", b"PLUG"):
            broken.write_bytes(data[:at] + size.to_bytes(4) + data[at + 4 :])
            assert "broke" not in examined(broken).damage


def test_only_a_head_is_left(broken: Path) -> None:
    broken.write_bytes(b"FOR8")
    found = examined(broken)
    assert (found.format, found.software) == ("mb", Software("maya"))
    assert found.damage != ""
