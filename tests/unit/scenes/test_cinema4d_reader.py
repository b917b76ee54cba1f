"""What is read of Cinema 4D scenes that the tests write."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import Confidence, SceneReport, Software, State
from support.scenes_lesser import c4d, c4d_text, c4d_value

ONLY_CINEMA = (
    "only Cinema 4D can tell the settings and all files of its scenes; "
    "'Save Project with Assets' puts the files beside the scene"
)


def report(folder: Path, data: bytes) -> SceneReport:
    path = folder / "scene.bin"
    path.write_bytes(data)
    return examine(path, (), Listener())


def test_the_version_stands_in_the_header(tmp_path: Path) -> None:
    found = report(tmp_path, c4d(version=21207))
    assert found.software == Software("cinema4d", "21.207")
    assert (found.files, found.frames, found.damage) == ((), None, "")
    assert (found.warnings, found.confidence) == ((ONLY_CINEMA,), Confidence.LOW)


def test_who_saved_it_last_is_told_by_its_own_words(tmp_path: Path) -> None:
    made = c4d_value(2000, "MAXON CINEMA 4D Broadcast 13.016")
    saved = c4d_value(2003, "MAXON CINEMA 4D Studio 15.037")
    assert report(tmp_path, c4d(made, saved, version=1)).software.version == "15.037"


def test_texts_that_look_like_files_are_told_with_low_confidence(tmp_path: Path) -> None:
    (tmp_path / "tex").mkdir()
    (tmp_path / "tex" / "Holz ä.png").write_bytes(b"x")
    (tmp_path / "cache.abc").write_bytes(b"x")
    data = c4d(
        c4d_value(1000, "Holz ä.png", file_name=True),
        c4d_value(1001, "/cache/cache.abc", codec="utf-8"),
        c4d_text("D:\\tex\\木.hdr", file_name=True),
        c4d_text("Camera"),
        c4d_text("Position . X"),
        c4d_value(3810, "\\Untitled 1", file_name=True),
    )
    found = report(tmp_path, data)
    at = data.index("D:".encode("utf-16-be")) - 5
    assert [(use.path, use.used_by, use.state) for use in found.files] == [
        ("Holz ä.png", "parameter 1000", State.RESOLVED),
        ("/cache/cache.abc", "parameter 1001", State.RESOLVED),
        ("D:\\tex\\木.hdr", f"text at byte {at}", State.MISSING),
    ]
    assert found.files[0].resolved == f"{tmp_path}/tex/Holz ä.png"
    assert {use.confidence for use in found.files} == {Confidence.LOW}


def test_pictures_that_are_written_are_outputs(tmp_path: Path) -> None:
    (use,) = report(tmp_path, c4d(c4d_value(5041, "C:\\job\\render\\img", file_name=True))).files
    assert (use.path, use.state, use.resolved) == ("C:\\job\\render\\img", State.OUTPUT, "C:/job/render/img")


def test_a_file_that_is_named_twice_in_one_place_is_told_once(tmp_path: Path) -> None:
    value = c4d_value(1000, "wood.png", file_name=True)
    assert [use.used_by for use in report(tmp_path, c4d(value, value)).files] == ["parameter 1000"]


def test_a_text_that_is_longer_than_the_file_is_none(tmp_path: Path) -> None:
    assert report(tmp_path, c4d(c4d_text("D:\\wood.png"))[:-2]).files == ()


def test_a_header_that_ends_too_early_is_damage(tmp_path: Path) -> None:
    assert report(tmp_path, b"QC4DC4D6\0").damage == "damaged at byte 9: its header ends too early"


@pytest.mark.parametrize("unit", [b"\x83\0\0\x0f\xff", b"\x82\0\0\x00\x02", b"\x83\0\0\x0f\xfe\0a"])
def test_no_file_takes_long(tmp_path: Path, unit: bytes) -> None:
    started = time.process_time()
    report(tmp_path, c4d(unit * 200_000))
    assert time.process_time() - started < 3
