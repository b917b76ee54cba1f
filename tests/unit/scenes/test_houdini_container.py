"""The archive of a Houdini scene: sound, of a limited licence, damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.report import FrameRange, Software, State
from support.scenes_houdini import Hip, entry, library, only, report_of, trailer, used

SCRIPT = 'parm {\n        name    "plate"\n        label   "Plate"\n        type    image\n    }\n'


def scene() -> Hip:
    hip = Hip(start="fps 25\ntcur 0\nfrange 5 50\n", variables={"HIP": "/show/shot", "HIPNAME": "shot"})
    hip.asset("studio::Sop/plate::1.0", "/studio/otls/plate.hda", "otls/plate.hda", script=SCRIPT)
    hip.camera().rop(camera="/obj/cam1", vm_picture="$HIP/render/a.$F4.exr")
    return hip.node("/obj/geo1/plate1", "studio::plate::1.0", {"plate": "$HIP/tex/plate"})


def test_a_commercial_scene(tmp_path: Path) -> None:
    report = scene().report(tmp_path)
    assert (report.format, report.damage) == ("hip", "")
    assert report.software == Software("houdini", "20.5.410", "linux")
    assert report.frames == FrameRange(5, 50, 1, 25)
    assert only(report).name == "/out/mantra1"
    assert used(report)["/obj/geo1/plate1 plate"].resolved == str(tmp_path / "tex/plate")


@pytest.mark.parametrize(("licence", "name"), [("LC", "hiplc"), ("NC", "hipnc")])
def test_a_scene_of_a_limited_licence_with_archives_in_its_library(tmp_path: Path, licence: str, name: str) -> None:
    """The library's inner ends of archives are none of the scene; its dialog scripts are read across them."""
    report = report_of(scene().masked(licence), tmp_path, "shot.bin")
    assert (report.format, report.damage) == (name, "")
    assert report.frames == FrameRange(5, 50, 1, 25)
    assert only(report).output == "$HIP/render/a.$F4.exr"
    assert report.cameras == ("/obj/cam1",)
    assert used(report)["/obj/geo1/plate1 plate"].state is State.MISSING


def test_a_payload_with_the_magic_in_it_is_not_cut(tmp_path: Path) -> None:
    hip = scene()
    hip.node("/obj/note", "file", {"text": "HouLC\x1a is no entry", "file": "$HIP/tex/a.exr"})
    report = report_of(hip.masked(), tmp_path)
    assert "/obj/note file" in used(report)


def test_a_library_with_nodes_in_it_gives_no_nodes(tmp_path: Path) -> None:
    """Contents of assets are archives too; in a sound scene sizes lead over them, in a damaged one names do."""
    inside = entry("inner.init", b"type = ifd\n") + entry("inner.parm", b"{\n}\n") + trailer("TRAILER!!!")
    hip = scene()
    data = b"".join(
        entry(name, library({"Sop/x": SCRIPT}, inside) if name == ".OPdummydefs" else payload)
        for name, payload in hip.all_entries().items()
    ) + trailer("TRAILER!!!")
    for damaged in (False, True):
        report = report_of(data.replace(b"Dialog", b"Dia", 1) if damaged else data, tmp_path)
        assert bool(report.damage) == damaged
        assert [each.name for each in report.renderables] == ["/out/mantra1"]


def test_changed_line_ends_are_damage_and_cost_nothing(tmp_path: Path) -> None:
    """Git changes line ends: every size is then wrong, and a walk by sizes stops early and silently."""
    data = scene().data()
    lengthened = data.replace(b"\n", b"\r\n")
    for changed in (lengthened, _with_long_lines().replace(b"\r\n", b"\n")):
        report = report_of(changed, tmp_path)
        assert report.damage.startswith("damaged at byte ")
        assert "does not end where it says" in report.damage
        assert [each.name for each in report.renderables] == ["/out/mantra1"]
        assert report.frames == FrameRange(5, 50, 1, 25)
        assert report.cameras == ("/obj/cam1",)


def _with_long_lines() -> bytes:
    entries = {name: payload.replace(b"\n", b"\r\n") for name, payload in scene().all_entries().items()}
    return b"".join(entry(name, payload) for name, payload in entries.items()) + trailer("TRAILER!!!")


def test_where_the_damage_is(tmp_path: Path) -> None:
    """The byte where an entry should begin and none does."""
    data = scene().data()
    place = data.index(b"tcur 0\n")
    end_of_start = data.index(entry(".variables", b"")[:6], 1)
    report = report_of(data[:place] + b"# " + data[place:], tmp_path)
    assert report.damage == f"damaged at byte {end_of_start}: .start does not end where it says"
    assert only(report).frames == FrameRange(1, 10, 1, 25)


def test_a_scene_that_was_cut_off(tmp_path: Path) -> None:
    data = scene().data()
    inside = data.index(b"obj/geo1/plate1.parm") + 40
    report = report_of(data[:inside], tmp_path)
    assert report.damage.startswith(f"damaged at byte {inside}: obj/geo1/plate1.parm does not end")
    assert only(report).cameras == ("/obj/cam1",)


def test_a_scene_that_was_cut_off_between_entries(tmp_path: Path) -> None:
    data = scene().data()
    end = data.index(entry(".cwd", b"opcf /\n"))
    assert report_of(data[:end], tmp_path).damage == f"damaged at byte {end}: it ends without its last entry"
    masked = scene().masked()
    report = report_of(masked[: masked.rindex(b"HouLC")], tmp_path)
    assert report.damage == f"damaged at byte {masked.rindex(b'HouLC')}: it ends without its last entry"
    assert only(report).name == "/out/mantra1"


@pytest.mark.parametrize("head", [b"070707", b"HouLC\x1a", b"HouNC\x1a"])
def test_nothing_but_a_magic(tmp_path: Path, head: bytes) -> None:
    report = report_of(head + b"\0" * 500, tmp_path)
    assert report.damage == "damaged at byte 0: it holds no entry"
    assert (report.renderables, report.files, report.frames) == ((), (), None)


def test_a_size_that_is_larger_than_the_file(tmp_path: Path) -> None:
    """No memory is taken for it, and what comes after is found."""
    data = scene().data()
    header = data.index(b"070707", 1)
    report = report_of(data[: header + 65] + b"7" * 11 + data[header + 76 :], tmp_path)
    assert report.damage.startswith(f"damaged at byte {len(data)}: .variables does not end")
    assert only(report).name == "/out/mantra1"


def test_names_and_texts_of_any_encoding(tmp_path: Path) -> None:
    hip = scene().node("/obj/geo1/file1", "file", {"file": "$HIP/té\udce9x.exr"})
    assert used(hip.report(tmp_path))["/obj/geo1/file1 file"].path == "$HIP/té\udce9x.exr"


def test_a_scene_of_an_unknown_platform(tmp_path: Path) -> None:
    platforms = {"Windows 10.0.10586": "windows", "windows-x86_64-cl19": "windows", "macosx-x86_64": "macos", "": ""}
    for saved, name in platforms.items():
        assert Hip(platform=saved).report(tmp_path).software.platform == name
