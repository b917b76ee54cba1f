"""Blender scenes that link parts of others: of those only what the parts use counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import FileUse, SceneReport, State
from support.scenes_blend import STRUCTS, Blend, Members


def read(path: Path) -> SceneReport:
    return examine(path, (), Listener())


def paths(report: SceneReport) -> dict[str, FileUse]:
    return {use.path: use for use in report.files}


def linking(raw: str, *names: str, blend: Blend | None = None, address: int = 0x800) -> Blend:
    """A scene that links parts of a library by their full names."""
    blend = blend or Blend()
    blend.add("LI", "Library", address, {"id.name": "LIlib", "name": raw, "filepath": "/gone/with/its/machine.blend"})
    for number, name in enumerate(names, 1):
        blend.add("ID", "ID", address + number, {"name": name})
    return blend


def library() -> Blend:
    """A chair whose material has a picture, below a room that has another; a lamp beside it."""
    blend = Blend()
    blend.add("OB", "Object", 0x10, {"id.name": "OBChair", "data": 0x20, "parent": 0x11})
    blend.add("OB", "Object", 0x11, {"id.name": "OBRoom", "data": 0x21})
    blend.add("OB", "Object", 0x12, {"id.name": "OBLamp", "id.next": 0x10, "mat": 0x60}).pointers(0x60, 0, 0x32)
    blend.add("ME", "Mesh", 0x20, {"id.name": "MEChair"}).data("IDHolder", 0x70, {"material": 0x30})
    blend.add("ME", "Mesh", 0x21, {"id.name": "MERoom"}).data("IDHolder", 0x70, {"anything": 0x31})
    for number, name in enumerate(("wood", "stone", "glass")):
        blend.add("MA", "Material", 0x30 + number, {"id.name": f"MA{name}"})
        blend.data("bNodeTree", 0x80, {"id.name": "NTnodes"}).data("bNode", 0x90, {"id": 0x40 + number})
        blend.add("IM", "Image", 0x40 + number, {"id.name": f"IM{name}", "name": f"//tex/{name}.png", "source": 1})
    return blend


#: A struct that may point to data-blocks, as modifiers and the like do.
HOLDER: Members = [("Material", "*material"), ("void", "*anything")]


@pytest.fixture(autouse=True)
def holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRUCTS, "IDHolder", HOLDER)


@pytest.mark.parametrize(
    ("names", "textures"),
    [
        (("OBChair",), ["stone", "wood"]),
        (("OBRoom",), ["stone"]),
        (("OBLamp",), ["glass"]),
        (("OBRoom", "OBLamp"), ["stone", "glass"]),
        (("MAglass",), ["glass"]),
        (("OBGone",), []),
        ((), []),
    ],
)
def test_of_a_library_counts_what_its_linked_parts_use(
    tmp_path: Path, names: tuple[str, ...], textures: list[str]
) -> None:
    library().save(tmp_path / "lib/parts.blend")
    found = paths(read(linking("//lib/parts.blend", *names).save(tmp_path / "shot.blend")))
    assert found.pop("//lib/parts.blend").state is State.RESOLVED
    assert sorted(found) == sorted(f"//tex/{name}.png" for name in textures)
    for name in textures:
        use = found[f"//tex/{name}.png"]
        assert use.resolved == str(tmp_path / f"lib/tex/{name}.png"), "relative to the library"
        assert use.used_by == f"parts.blend: image {name}"


def test_a_library_of_a_library_counts_where_it_is_reached(tmp_path: Path) -> None:
    library().save(tmp_path / "deep/parts.blend")
    middle = linking("//../deep/parts.blend", "MAwood", blend=Blend())
    linking("//unused.blend", "MAstone", blend=middle, address=0x900)
    middle.add("OB", "Object", 0x10, {"id.name": "OBTable", "mat": 0x60}).pointers(0x60, 0x801)
    middle.add("OB", "Object", 0x11, {"id.name": "OBOther", "mat": 0x60}).pointers(0x60, 0x901)
    middle.save(tmp_path / "mid/middle.blend")
    found = paths(read(linking("//mid/middle.blend", "OBTable").save(tmp_path / "shot.blend")))
    assert {path: use.state for path, use in found.items()} == {
        "//mid/middle.blend": State.RESOLVED,
        "//../deep/parts.blend": State.RESOLVED,
        "//tex/wood.png": State.MISSING,
    }
    assert found["//tex/wood.png"].resolved == str(tmp_path / "deep/tex/wood.png")


def test_a_library_that_is_gone_is_missing(tmp_path: Path) -> None:
    (use,) = read(linking("//lib/gone.blend", "OBChair").save(tmp_path / "shot.blend")).files
    assert (use.state, use.resolved, use.used_by) == (State.MISSING, str(tmp_path / "lib/gone.blend"), "library lib")


def test_a_library_of_which_nothing_is_used_may_be_gone(tmp_path: Path) -> None:
    assert read(linking("//lib/gone.blend").save(tmp_path / "shot.blend")).files == ()


def test_libraries_that_link_each_other_are_read_once(tmp_path: Path) -> None:
    first = linking("//b.blend", "OBx").add("OB", "Object", 0x10, {"id.name": "OBy", "data": 0x801})
    second = linking("//a.blend", "OBy").add("OB", "Object", 0x10, {"id.name": "OBx", "data": 0x801})
    first.add("IM", "Image", 0x20, {"id.name": "IMi", "name": "//i.png"})
    second.save(tmp_path / "b.blend")
    found = read(first.save(tmp_path / "a.blend"))
    assert sorted(use.path for use in found.files) == ["//a.blend", "//b.blend", "//i.png"]


def test_a_packed_library_is_no_file(tmp_path: Path) -> None:
    blend = Blend().add("LI", "Library", 0x800, {"id.name": "LIlib", "name": "//lib.blend", "packedfile": 0x900})
    (use,) = read(blend.save(tmp_path / "shot.blend")).files
    assert (use.state, use.path) == (State.PACKED, "//lib.blend")


def test_what_was_linked_and_packed_keeps_the_folder_of_its_library(tmp_path: Path) -> None:
    structs = {**STRUCTS, "Library": [*STRUCTS["Library"], ("Library", "*archive_parent_library")]}
    blend = Blend("501", structs=structs)
    blend.add("LI", "Library", 0x800, {"id.name": "LIlib", "name": "//lib/mats.blend"})
    blend.add(
        "LI", "Library", 0x810, {"id.name": "LIlib.001", "name": "//lib/mats.blend", "archive_parent_library": 0x800}
    )
    blend.add("IM", "Image", 0x300, {"id.name": "IMwood", "id.lib": 0x810, "name": "//tex/wood.png", "source": 1})
    found = paths(read(blend.save(tmp_path / "shot.blend")))
    assert found["//tex/wood.png"].resolved == str(tmp_path / "lib/tex/wood.png")
    assert found["//lib/mats.blend"].state is State.PACKED


def test_a_damaged_library_costs_only_what_lies_behind_the_damage(tmp_path: Path) -> None:
    whole = bytes(library())
    (tmp_path / "lib").mkdir()
    at = whole.index(b"MAglass") - 24 - 24  # where its block begins
    (tmp_path / "lib/parts.blend").write_bytes(whole[:at] + b"\xff" * 8 + whole[at + 8 :])
    found = read(linking("//lib/parts.blend", "OBChair").save(tmp_path / "shot.blend"))
    assert not found.damage
    assert "//tex/wood.png" in paths(found)
    assert len(found.warnings) == 1
    assert "parts.blend (used by library lib) cannot be read to its end" in found.warnings[0]


def test_what_a_linked_scene_writes_is_not_written(tmp_path: Path) -> None:
    Blend().add("SC", "Scene", 0x10, {"id.name": "SCOther", "r.pic": "//out/"}).save(tmp_path / "lib.blend")
    found = read(linking("//lib.blend", "SCOther").save(tmp_path / "shot.blend"))
    assert [use.path for use in found.files] == ["//lib.blend"]
