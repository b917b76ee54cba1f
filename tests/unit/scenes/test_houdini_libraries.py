"""Libraries inside Houdini scenes: where they end, what they declare, and those that are made to do harm."""

from __future__ import annotations

import time
from pathlib import Path
from struct import pack

import pytest

from rendermill.scenes.houdini import library
from rendermill.scenes.report import SceneReport
from support.scenes_houdini import Hip, index, only, report_of, used

SCRIPT = 'parm {\n    name    "shape"\n    type    geometry\n}\n'


def labelled(sections: dict[str, bytes]) -> bytes:
    """The library of what lies in the scene itself: it has a label."""
    label = b"HIP Internal Operator Definitions"
    return b"INDX" + b"\0" * 4 + pack(">I", len(label)) + label + index(sections)[12:]


def with_tool(hip: Hip, name: str, held: bytes) -> Hip:
    """With a node of a type that the library in the entry of this name declares."""
    hip.entries[name] = held
    return hip.node("/obj/geo1/t", "tool", {"shape": "$HIP/shape"})


def test_an_operator_that_lies_in_the_scene_tells_its_files(tmp_path: Path) -> None:
    held = labelled({"Sop/tool": index({"DialogScript": SCRIPT.encode()})})
    report = with_tool(Hip(), ".defotl", held).report(tmp_path)
    assert "/obj/geo1/t shape" in used(report)


def test_where_a_library_ends() -> None:
    sections = {"Sop/a": b"x" * 30, "Sop/b": b"", "Sop/c": b"y" * 7}
    for held in (index(sections), labelled(sections)):
        assert library.end_of(held, 0) == len(held)
        assert library.end_of(b"ab" + held + b"more", 2) == 2 + len(held)
    assert library.end_of(b"INDX", 0) == 0
    assert library.end_of(b"no library", 3) == 3


@pytest.mark.parametrize("licence", ["LC", "NC"])
def test_the_contents_of_an_operator_are_none_of_the_scene(tmp_path: Path, licence: str) -> None:
    """However much they look like it: the library's index tells where it ends."""
    inside = Hip(start="fps 60\nfrange 7 8\n").camera("/obj/ghost").rop(path="/out/ghost").masked(licence)
    held = index({"Sop/tool": index({"Contents": inside, "DialogScript": SCRIPT.encode()})})
    hip = with_tool(Hip(), ".defotl", held).camera().rop(camera="/obj/cam1")
    report = report_of(hip.masked(licence), tmp_path)
    assert (only(report).name, report.cameras, report.damage) == ("/out/mantra1", ("/obj/cam1",), "")
    assert "/obj/geo1/t shape" in used(report)


def test_a_wrong_index_does_not_hide_the_scene(tmp_path: Path) -> None:
    held = b"INDX" + b"\0" * 8 + pack(">I", 1) + pack(">I", 5) + b"Sop/a" + pack(">III", 0, 1 << 31, 0)
    hip = with_tool(Hip(), ".defotl", held).rop()
    assert only(report_of(hip.masked(), tmp_path)).name == "/out/mantra1"


def quick(hip: Hip, folder: Path) -> SceneReport:
    started = time.monotonic()
    report = hip.report(folder)
    assert time.monotonic() - started < 5
    return report


def test_a_script_of_empty_lines_takes_no_time(tmp_path: Path) -> None:
    hip = Hip().node("/obj/geo1/t", "someones", {"shape": "$HIP/a.bgeo"}, spare=SCRIPT + "\n" * 200_000)
    assert "/obj/geo1/t shape" in used(quick(hip, tmp_path))


def test_operators_that_all_have_the_whole_library_take_no_time(tmp_path: Path) -> None:
    count = 5_000
    entries = (pack(">I", 5) + b"Sop/x" + pack(">III", 0, 1 << 30, 0) for _ in range(count))
    head = b"INDX" + b"\0" * 8 + pack(">I", count) + b"".join(entries)
    inner = b"INDX" + b"\0" * 8 + pack(">I", 1) + pack(">I", 12) + b"DialogScript" + pack(">III", 0, 1 << 30, 0)
    hip = with_tool(Hip(), ".OPdummydefs", head + inner + SCRIPT.encode() * 2_000)
    assert quick(hip, tmp_path).damage == ""
