"""What is read of 3ds Max scenes that the tests write."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import Confidence, FrameRange, Plugin, SceneReport, Software, State
from support.scenes_lesser import compound, max_assets, max_summary

SUMMARY = "\x05DocumentSummaryInformation"
ENGLISH = ("General", "Mesh Totals", "Scene Totals", "External Dependencies", "Objects", "Materials", "Used Plug-Ins")
RENDER = (
    "User Name=anna",
    "Render Camera 00=Cam A",
    "Render Camera 01=Cam=B",
    "Render Width=1280",
    "Render Height=720",
    "Render Aspect=1,00",
    "Renderer Name=V-Ray Adv 3.00.08",
    "Render Output=D:\\out\\img.0000.exr",
    "Animation Start=-5",
    "Animation End=20",
    "Nth Frame=5",
)


def groups(
    render: Sequence[str] = RENDER,
    general: str = "3ds Max Version: 18.00",
    dependencies: Sequence[str] = (),
    names: Sequence[str] = ENGLISH,
) -> list[tuple[str, Sequence[str]]]:
    listed: list[Sequence[str]] = [[general, "Uncompressed"], ["Faces: 1"], ["Total: 1"], dependencies]
    listed += [["Box01"], [], ["mtl.dlt", "vrender2015.dlr"]]
    return [*zip(names, listed, strict=True), ("Render Data", render)]


def scene(stream: bytes, **others: bytes) -> bytes:
    """A scene with that summary and other streams; its body is long, the streams are short."""
    return compound({"Scene": bytes(9000), SUMMARY: stream, **others})


def report(folder: Path, data: bytes) -> SceneReport:
    path = folder / "scene.bin"
    path.write_bytes(data)
    return examine(path, (), Listener())


def test_what_the_summary_tells(tmp_path: Path) -> None:
    found = report(tmp_path, scene(max_summary(groups()), FileAssetMetaData3=b""))
    assert found.software == Software("3ds-max", "2016", "windows")
    assert found.frames == FrameRange(-5, 20, 5, 0)
    assert (found.resolution, found.renderer) == ((1280, 720), "V-Ray Adv 3.00.08")
    assert found.cameras == ("Cam A", "Cam=B")
    assert found.plugins == (Plugin("mtl.dlt"), Plugin("vrender2015.dlr"))
    (production,) = found.renderables
    assert (production.name, production.kind, production.cameras) == ("Production", "render", ())
    assert (production.frames, production.output) == (FrameRange(-5, 20, 5, 0), "D:\\out\\img.0000.exr")
    assert (found.damage, found.confidence) == ("", Confidence.LOW)
    assert found.warnings == (
        "only 3ds Max can read all of its scenes; this is what it lists of settings and files outside of them",
    )


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("3ds Max Version: 13,00", "2011"),
        ("3ds Max Version: 15.00", "2013"),
        ("3ds Max 版本: 24.20", "2022"),
        ("Version de 3ds Max : 10,00", "2008"),
        ("3ds max Version: 9.00", "9"),
        ("Uncompressed", ""),
    ],
)
def test_the_version_is_a_year_in_any_language(tmp_path: Path, line: str, version: str) -> None:
    assert report(tmp_path, scene(max_summary(groups(general=line)))).software.version == version


@pytest.mark.parametrize("page", [1200, 1252, 1251, 65001])
def test_groups_are_told_by_their_order_whatever_their_language_and_code_page(tmp_path: Path, page: int) -> None:
    names = ("A", "B", "C", "D", "E", "F", "G") if page == 1252 else ("Общие", *"BCDEFG")
    found = report(tmp_path, scene(max_summary(groups(names=names), page)))
    assert found.software.version == "2016"
    assert found.cameras == ("Cam A", "Cam=B")


def test_batch_renders(tmp_path: Path) -> None:
    lines = (
        "Batch Render 00=near;on;Cam A;D:\\out\\near.jpg;R3,6;320,240,1,00000000;;",
        "Batch Render 01=far;off;;;R10,20,2;;;D:\\presets\\far.rps",
        "Batch Render 02=rest;on",
    )
    found = report(tmp_path, scene(max_summary(groups((*RENDER, *lines)))))
    near, far, rest = found.renderables[1:]
    assert (near.name, near.kind, near.enabled, near.cameras) == ("near", "batch", True, ("Cam A",))
    assert (near.frames, near.resolution, near.output) == (FrameRange(3, 6, 1, 0), (320, 240), "D:\\out\\near.jpg")
    assert (far.enabled, far.cameras, far.frames) == (False, (), FrameRange(10, 20, 2, 0))
    assert (far.resolution, far.details) == ((1280, 720), {"preset": "D:\\presets\\far.rps"})
    assert (rest.enabled, rest.frames, rest.renderer) == (True, FrameRange(-5, 20, 5, 0), "V-Ray Adv 3.00.08")
    assert {use.path: (use.used_by, use.state) for use in found.files} == {
        "D:\\out\\img.0000.exr": ("Render Output", State.OUTPUT),
        "D:\\out\\near.jpg": ("Batch Render near", State.OUTPUT),
        "D:\\presets\\far.rps": ("Batch Render far preset", State.MISSING),
    }


def test_files_of_the_older_list(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "Wood.jpg").write_bytes(b"x")
    records = (("Bitmap", "D:\\job\\maps\\wood.jpg"), ("Photometric", "lamp.ies"), ("Bitmap", "D:\\out\\IMG.0000.exr"))
    stream = max_summary(groups(dependencies=["wood.jpg", "other.jpg"]))
    found = {use.path: use for use in report(tmp_path, scene(stream, FileAssetMetaData2=max_assets(*records))).files}
    assert {path: (use.used_by, use.state) for path, use in found.items()} == {
        "D:\\out\\img.0000.exr": ("Render Output", State.OUTPUT),
        "D:\\job\\maps\\wood.jpg": ("Bitmap", State.RESOLVED),
        "lamp.ies": ("Photometric", State.MISSING),
        "other.jpg": ("External Dependencies", State.MISSING),
    }
    assert found["D:\\job\\maps\\wood.jpg"].resolved == f"{tmp_path}/maps/Wood.jpg"
    assert found["lamp.ies"].resolved == f"{tmp_path}/lamp.ies"


def test_files_of_the_newer_list_lie_where_they_were_found(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    records = (("Bitmap", "a.jpg", "D:\\lib\\a.jpg"), ("Bitmap", "b.jpg", "D:\\lib\\b.jpg"), ("Sound", "c.wav", ""))
    data = scene(max_summary(groups()), FileAssetMetaData3=max_assets(*records))
    found = {use.path: use for use in report(tmp_path, data).files}
    assert (found["a.jpg"].state, found["a.jpg"].resolved) == (State.RESOLVED, f"{tmp_path}/a.jpg")
    assert found["b.jpg"].state is State.MISSING
    assert found["c.wav"].used_by == "Sound"


def test_scenes_that_are_referred_to_are_followed(tmp_path: Path) -> None:
    below = scene(max_summary(groups(())), FileAssetMetaData3=max_assets(("Bitmap", "deep.jpg", "")))
    (tmp_path / "set.max").write_bytes(below)
    above = scene(max_summary(groups(())), FileAssetMetaData3=max_assets(("XRef", "D:\\x\\set.max", "")))
    found = report(tmp_path, above)
    assert [(use.path, use.used_by) for use in found.files] == [
        ("D:\\x\\set.max", "XRef"),
        ("deep.jpg", "set.max: Bitmap"),
    ]


@pytest.mark.parametrize("shift", [9, 12])
def test_long_and_short_streams_are_found_in_files_of_both_kinds(tmp_path: Path, shift: int) -> None:
    records = [("Bitmap", f"picture_{number:04}.jpg", "") for number in range(400)]
    streams = {SUMMARY: max_summary(groups()), "FileAssetMetaData3": max_assets(*records), "Scene": b"x" * 100}
    assert len(streams["FileAssetMetaData3"]) > 20_000  # a chain of many sectors
    assert len(streams[SUMMARY]) < 4096  # it lies in the mini stream
    found = report(tmp_path, compound(streams, shift))
    assert found.software.version == "2016"
    assert len(found.files) == 401
    assert found.files[-1].path == "picture_0399.jpg"


def test_a_scene_without_a_list_of_files_says_so(tmp_path: Path) -> None:
    found = report(tmp_path, scene(max_summary(groups(dependencies=["old.jpg"]))))
    assert "the scene has no list of files, as 3ds Max writes them since 2010" in found.warnings
    assert [use.path for use in found.files][-1] == "old.jpg"


def test_a_scene_without_a_summary_is_damaged_but_its_files_are_told(tmp_path: Path) -> None:
    streams = {"Scene": b"x", "FileAssetMetaData2": max_assets(("Bitmap", "a.jpg"))}
    found = report(tmp_path, compound(streams))
    assert (found.damage, found.software.version) == ("it has no summary", "")
    assert [use.path for use in found.files] == ["a.jpg"]


def test_another_compound_file_is_no_scene(tmp_path: Path) -> None:
    found = report(tmp_path, compound({SUMMARY: max_summary(groups()), "WordDocument": b"x"}))
    assert found.damage == "it is a compound file without a scene of 3ds Max"
    assert found.files == ()


@pytest.mark.parametrize("broken", [b"", b"\xfe\xff", max_summary(groups())[:200], b"\xff" * 400])
def test_a_broken_summary_is_damage(tmp_path: Path, broken: bytes) -> None:
    found = report(tmp_path, scene(broken, FileAssetMetaData2=max_assets(("Bitmap", "a.jpg"))))
    assert found.damage.startswith("its summary")
    assert [use.path for use in found.files] == ["a.jpg"]


def test_a_list_of_files_that_ends_too_early_is_damage(tmp_path: Path) -> None:
    stream = max_assets(("Bitmap", "a.jpg"), ("Bitmap", "b.jpg"))
    found = report(tmp_path, scene(max_summary(groups(())), FileAssetMetaData2=stream[:-3]))
    assert found.damage == "its list of files is broken"
    assert [use.path for use in found.files] == ["a.jpg"]


def test_a_scene_whose_body_was_cut_off_is_damaged_but_told(tmp_path: Path) -> None:
    data = bytearray(scene(max_summary(groups()), FileAssetMetaData3=b""))
    (table,) = struct.unpack_from("<I", data, 76)
    struct.pack_into("<I", data, (table + 1) * 512 + 4 * 100, 0xFFFFFFFE)  # sector 100 is in use, and not there
    found = report(tmp_path, bytes(data))
    assert found.damage == f"damaged at byte {len(data)}: it ends too early"
    assert found.software.version == "2016"


@pytest.mark.parametrize("size", [8, 100, 511, 600])
def test_a_file_that_ends_too_early_is_damage(tmp_path: Path, size: int) -> None:
    assert report(tmp_path, scene(max_summary(groups()))[:size]).damage != ""


def test_chains_that_bite_their_tails_end(tmp_path: Path) -> None:
    """Every entry of the allocation table, and the header's list of more tables, leads to the first sector."""
    data = bytearray(scene(max_summary(groups()), Big=bytes(1 << 20)))
    (first_table,) = struct.unpack_from("<I", data, 76)
    data[(first_table + 1) * 512 :] = bytes(len(data) - (first_table + 1) * 512)
    struct.pack_into("<I", data, 68, 0)
    started = time.process_time()
    report(tmp_path, bytes(data))
    assert time.process_time() - started < 2
