"""The plug-in ``blender`` of the built-in RenderServer: which objects become which files of a job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from rendermill.doors.cinnamon.renderserver import blender as plugin
from rendermill.doors.cinnamon.renderserver.parameters import RenderInput
from rendermill.doors.cinnamon.renderserver.plugins import Order, SourceFile, file_name
from rendermill.store.cinnamon.records import Content
from support.scenes_blend import Blend, scene

HOME = "/1/2/3/4/5/6/7/8/scene"


def naming(*paths: str, library: str = "") -> bytes:
    """A scene with pictures, and perhaps a library."""
    blend = scene(Blend())
    for number, path in enumerate(paths):
        values = {"id.name": f"IM{number}", "name": path, "source": 1}
        blend = blend.add("IM", "Image", 0x3000 + 16 * number, values)
    if library:
        blend = blend.add("LI", "Library", 0x8000, {"id.name": "LIlib", "name": library, "filepath": "/gone.blend"})
        blend = blend.add("ID", "ID", 0x8001, {"name": "IM0"})
    return bytes(blend)


def looked_at(folder: Path, source: bytes, beside: Mapping[str, bytes]) -> tuple[set[str], set[str]]:
    """Where the objects beside a scene come to lie in its job, and the files that are missing."""
    blobs = folder / "blobs"
    blobs.mkdir()

    def put(name: str, data: bytes) -> SourceFile:
        digest = hashlib.sha256(name.encode()).hexdigest()
        (blobs / digest).write_bytes(data)
        return SourceFile(name, Content(digest, len(data), digest))

    main = put("main.blend", source)
    files = [put(name, data) for name, data in beside.items()]
    order = Order("task", RenderInput(1, {}), main, files, (), lambda digest: blobs / digest)
    temporary = folder / "temporary"
    temporary.mkdir()
    _, found, missing = plugin._look_at(order, main, temporary)
    return {each.path for each in found}, {each.path for each in missing}


@pytest.mark.parametrize(
    ("named", "lies"),
    [
        ("//a.png", f"{HOME}/a.png"),
        ("//tex/a.png", f"{HOME}/tex/a.png"),
        ("//../tex/a.png", "/1/2/3/4/5/6/7/8/tex/a.png"),
        ("//../../../a.png", "/1/2/3/4/5/6/a.png"),
        ("/studio/x/../a.png", "/studio/a.png"),
    ],
)
def test_a_file_lies_where_the_scene_looks_for_it(tmp_path: Path, named: str, lies: str) -> None:
    assert looked_at(tmp_path, naming(named), {"a.png": b"x"}) == ({lies}, set())


@pytest.mark.parametrize("named", [r"C:\tex\a.png", r"\\server\share\a.png", "//b.png"])
def test_a_file_that_cannot_lie_there_is_missing(tmp_path: Path, named: str) -> None:
    found, missing = looked_at(tmp_path, naming(named), {"a.png": b"x"})
    assert not found and len(missing) == 1


def test_what_a_library_above_the_scene_needs_lies_by_the_library(tmp_path: Path) -> None:
    beside = {"lib.blend": naming("//tex/wood.png"), "wood.png": b"x"}
    found, missing = looked_at(tmp_path, naming(library="//../lib/lib.blend"), beside)
    above = "/1/2/3/4/5/6/7/8/lib"
    assert (found, missing) == ({f"{above}/lib.blend", f"{above}/tex/wood.png"}, set())


@pytest.mark.parametrize("library", ["/srv/lib/lib.blend", "/tmp/../srv/lib/lib.blend"])
def test_what_a_library_at_an_absolute_path_needs_lies_by_the_library(tmp_path: Path, library: str) -> None:
    beside = {"lib.blend": naming("//tex/wood.png"), "wood.png": b"x"}
    found, missing = looked_at(tmp_path, naming(library=library), beside)
    assert (found, missing) == ({"/srv/lib/lib.blend", "/srv/lib/tex/wood.png"}, set())


def test_a_scene_hears_nothing_of_what_lies_on_this_machine(tmp_path: Path) -> None:
    secret = tmp_path / "secret.blend"
    secret.write_bytes(naming("//hidden.png"))
    assert looked_at(tmp_path, naming(library=str(secret)), {}) == (set(), {str(secret)})


def test_a_library_that_is_of_another_format_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.usda"
    secret.write_text('#usda 1.0\ndef "a" { asset file = @hidden.png@ }\n')
    library = f"#usda 1.0\n(subLayers = [@{secret}@])\n".encode()
    found, missing = looked_at(tmp_path, naming(library="//lib.blend"), {"lib.blend": library})
    assert (found, missing) == ({f"{HOME}/lib.blend"}, set())


def test_a_scene_has_nothing_laid_outside_of_the_folder_in_which_it_is_read(tmp_path: Path) -> None:
    beside = {"lib.blend": naming()}
    looked_at(tmp_path, naming(library="//" + "../" * 40 + "lib.blend"), beside)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["blobs", "temporary"]
    assert not Path("/lib.blend").exists()


@pytest.mark.parametrize("name", ["ü" * 128, "漢" * 126 + "01", "../" * 40 + "x", "{{Param.Frames}}", "." * 128])
def test_any_objects_name_is_a_files_name(tmp_path: Path, name: str) -> None:
    made = file_name(name, "png")
    (tmp_path / made).write_bytes(b"x")
    assert [each.name for each in tmp_path.iterdir()] == [made]
    assert "{" not in made


def test_the_number_of_a_picture_with_a_long_name_is_kept() -> None:
    assert file_name("漢" * 124 + "_001", "png").endswith("漢_001.png")
