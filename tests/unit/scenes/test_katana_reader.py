"""What is read of Katana scenes that the tests write."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.katana import archive
from rendermill.scenes.report import Confidence, FrameRange, SceneReport, Software, State
from support.scenes_lesser import (
    group,
    katana,
    katana_archive,
    katana_plain,
    node,
    parameter,
    render_settings,
)

ONLY_KATANA = "what lookfiles, ops and expressions of a Katana scene name or change, only Katana can tell"


def report(folder: Path, data: bytes) -> SceneReport:
    path = folder / "scene.bin"
    path.write_bytes(data)
    return examine(path, (), Listener())


@pytest.mark.parametrize("packed", [katana_archive, katana_plain])
def test_release_and_frames_of_both_containers(tmp_path: Path, packed: object) -> None:
    assert callable(packed)
    found = report(tmp_path, packed(katana(start="1001", end="1050.5")))
    assert found.software == Software("katana", "4.5v1")
    assert found.frames == FrameRange(1001, 1050.5, 1, 0)
    assert (found.damage, found.warnings, found.confidence) == ("", (ONLY_KATANA,), Confidence.LOW)


def test_render_nodes_render_unless_they_are_bypassed(tmp_path: Path) -> None:
    settings = render_settings("RS", cameraName="/root/world/cam/c", renderer="prman", resolution="1280x720")
    inner = node("deep", "Group", children=[node("fg", "Render", bypassed=True)])
    found = report(tmp_path, katana_archive(katana(settings, node("bg", "Render"), inner, start="1", end="9")))
    assert [(each.name, each.kind, each.enabled) for each in found.renderables] == [
        ("bg", "render", True),
        ("fg", "render", False),
    ]
    for each in found.renderables:
        assert each.frames == FrameRange(1, 9, 1, 0)
        assert (each.cameras, each.renderer, each.resolution) == (("/root/world/cam/c",), "prman", (1280, 720))
    assert (found.renderer, found.resolution, found.cameras) == ("prman", (1280, 720), ("/root/world/cam/c",))


def test_of_several_render_settings_none_is_chosen(tmp_path: Path) -> None:
    settings = (render_settings("A", cameraName="/cam/a"), render_settings("B", cameraName="/cam/b"))
    made = node("CameraCreate", "CameraCreate", parameter("name", "/cam/c"))
    found = report(tmp_path, katana_plain(katana(*settings, made, node("r", "Render"))))
    assert found.cameras == ("/cam/c", "/cam/a", "/cam/b")
    assert found.renderables[0].cameras == ()


def test_a_setting_that_is_switched_off_does_not_count(tmp_path: Path) -> None:
    off = group("renderer", parameter("enable", "0"), parameter("value", "arnold"))
    found = report(
        tmp_path, katana_plain(katana(node("RS", "RenderSettings", group("args", group("renderSettings", off)))))
    )
    assert found.renderer == ""


def test_files_of_nodes(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    for name in ("a.abc", "plate.0001.exr", "plate.0002.exr"):
        (tmp_path / "cache" / name).write_bytes(b"x")
    nodes = (
        node("abc", "Alembic_In", parameter("abcAsset", "cache/a.abc"), parameter("name", "/root/world/geo/a")),
        node("in", "ImageRead", parameter("file", "cache/plate.####.exr")),
        node("look", "LookFileBake", parameter("saveTo", "/look/out.klf")),
        node("ui", "Any", parameter("thing", "/x/y", hints="{'widget': 'assetIdInput'}")),
        node("env", "Any", parameter("filename", "$SHOW/a.tx")),
        node("py", "Any", parameter("filename", "cached.tx", expression="getParam('a.b')"), parameter("x", "1.5")),
    )
    found = {use.used_by: use for use in report(tmp_path, katana_archive(katana(*nodes))).files}
    assert {user: (use.path, use.state, use.confidence) for user, use in found.items()} == {
        "abc abcAsset": ("cache/a.abc", State.RESOLVED, Confidence.HIGH),
        "in file": ("cache/plate.####.exr", State.PATTERN, Confidence.LOW),
        "look saveTo": ("/look/out.klf", State.OUTPUT, Confidence.HIGH),
        "ui thing": ("/x/y", State.MISSING, Confidence.HIGH),
        "env filename": ("$SHOW/a.tx", State.UNRESOLVED, Confidence.HIGH),
        "py filename": ("getParam('a.b')", State.UNRESOLVED, Confidence.HIGH),
    }
    assert found["in file"].count == 2
    assert (found["env filename"].reason, found["py filename"].reason) == ("variable $SHOW", "expression")


def test_pictures_that_are_written_are_outputs(tmp_path: Path) -> None:
    location = group("locationSettings", group("renderLocation", parameter("value", "/o/beauty.####.exr")))
    outputs = group("outputs", group("outputName", group("primary", location)))
    define = node("ROD", "RenderOutputDefine", group("args", group("renderSettings", outputs)))
    (use,) = report(tmp_path, katana_plain(katana(define))).files
    assert (use.path, use.state) == ("/o/beauty.####.exr", State.OUTPUT)


def test_the_scene_is_remembered_where_it_was_saved(tmp_path: Path) -> None:
    (tmp_path / "tex").mkdir()
    (tmp_path / "tex" / "a.tx").write_bytes(b"x")
    xml = katana(node("n", "Any", parameter("filename", "/mnt/job/tex/a.tx")))
    (use,) = report(tmp_path, katana_archive(xml, 'release="3.0v1" sourceFile="/mnt/job/x.katana"')).files
    assert (use.resolved, use.remapped) == (f"{tmp_path}/tex/a.tx", True)


@pytest.mark.parametrize(
    "harm",
    [
        '<!DOCTYPE node [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE node SYSTEM "file:///etc/passwd">',
    ],
)
def test_document_types_and_entities_are_refused(tmp_path: Path, harm: str) -> None:
    found = report(tmp_path, katana_archive(harm + katana()))
    assert found.damage == "its XML declares a document type or entities, which no scene does"
    assert found.frames is None


def test_of_broken_xml_the_beginning_is_told(tmp_path: Path) -> None:
    xml = katana(node("in", "Any", parameter("filename", "/x/a.tx")), start="5", end="6")
    found = report(tmp_path, katana_archive(xml[: xml.rindex("</node>")]))
    assert found.damage.startswith("its XML is broken in line 1")
    assert found.frames == FrameRange(5, 6, 1, 0)
    assert [use.path for use in found.files] == ["/x/a.tx"]


def test_a_packed_part_that_was_cut_off_is_told(tmp_path: Path) -> None:
    nodes = [node(f"n{number}", "Any", parameter("filename", f"/x/{number * 7919}.tx")) for number in range(20_000)]
    data = katana_archive(katana(*nodes))
    found = report(tmp_path, data[: len(data) // 2])
    assert found.damage == f"damaged at byte {len(data) // 2}: its packed part ends too early"
    assert found.frames == FrameRange(1, 100, 1, 0)
    assert 100 < len(found.files) < 20_000


def test_a_packed_part_that_is_broken_is_told(tmp_path: Path) -> None:
    data = bytearray(katana_archive(katana()))
    data[-30:-20] = bytes(10)
    assert "its packed part is broken" in report(tmp_path, bytes(data)).damage


def test_an_archive_unpacks_only_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_MOST", 4 << 20)
    bomb = b'<katana archive="tar" release="9">\n' + gzip.compress(bytes(64 << 20))
    started = time.process_time()
    assert report(tmp_path, bomb).software.version == "9"
    assert time.process_time() - started < 2
    xml = katana() + " " * (8 << 20)
    assert report(tmp_path, katana_archive(xml)).damage.startswith("it unpacks to more than")


def test_an_archive_that_is_none_is_told(tmp_path: Path) -> None:
    noise = b'<katana archive="tar">\n' + gzip.compress(b"z" * 2048)
    assert report(tmp_path, noise).damage == "the archive in it is broken"


def test_a_scene_is_nested_only_so_deeply(tmp_path: Path) -> None:
    found = report(tmp_path, katana_plain("<node>" * 5000))
    assert found.damage.endswith("it is nested too deeply")


def test_a_first_tag_without_an_end_is_told(tmp_path: Path) -> None:
    assert report(tmp_path, b"<katana release=").damage == "damaged at byte 16: its first tag has no end"
