"""USD packages, and layers that are damaged, hostile, or more than is read."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rendermill.scenes.report import State
from rendermill.scenes.usd import layers
from support.scenes_usd import crate, files, package, prim, report, text, write

ROOT = text(prim('"a"', "asset file = @./tex/wood.png@", "asset gone = @tex/gone.png@"))


@pytest.mark.parametrize("name", ["set.usdz", "x.bin"])
def test_what_lies_in_a_package_is_packed_and_what_does_not_is_missing(tmp_path: Path, name: str) -> None:
    found = report(package(tmp_path / name, {"root.usda": ROOT, "tex/wood.png": b"x"}))
    assert (found.format, found.damage, found.warnings) == ("usdz", "", ())
    by_path = files(found)
    packed, gone = by_path["./tex/wood.png"], by_path["tex/gone.png"]
    assert (packed.state, packed.resolved) == (State.PACKED, f"{tmp_path}/{name}[tex/wood.png]")
    assert (gone.state, gone.resolved) == (State.MISSING, f"{tmp_path}/{name}[tex/gone.png]")


def test_layers_in_a_package_are_read_and_find_their_files_beside_themselves(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "root.usda": text(head="subLayers = [@sub/set.usda@]"),
        "sub/set.usda": text(
            prim('"a"', "asset a = @../tex/a.png@", "asset b = @b_<UDIM>.png@", "asset c = @./c.png@")
        ),
        "tex/a.png": b"x",
        "sub/b_1001.png": b"x",
    }
    found = report(package(tmp_path / "set.usdz", members))
    assert {each.path: (each.state, each.used_by) for each in found.files} == {
        "sub/set.usda": (State.PACKED, "subLayers"),
        "../tex/a.png": (State.PACKED, "set.usdz[sub/set.usda]: /a a"),
        "b_<UDIM>.png": (State.PACKED, "set.usdz[sub/set.usda]: /a b"),
        "./c.png": (State.MISSING, "set.usdz[sub/set.usda]: /a c"),
    }


def test_a_package_in_a_package_is_read(tmp_path: Path) -> None:
    inner = package(tmp_path / "inner.usdz", {"chair.usda": ROOT, "tex/wood.png": b"x"})
    root = text(
        prim('"c"', meta="references = @props/chair.usdz@</a>"),
        prim('"d"', "asset t = @props/chair.usdz[tex/wood.png]@"),
    )
    found = report(package(tmp_path / "outer.usdz", {"root.usda": root, "props/chair.usdz": inner.read_bytes()}))
    by_path = files(found)
    assert by_path["props/chair.usdz"].state is State.PACKED
    assert by_path["tex/gone.png"].resolved == f"{tmp_path}/outer.usdz[props/chair.usdz[tex/gone.png]]"
    wood = by_path["props/chair.usdz[tex/wood.png]"]
    assert (wood.state, wood.resolved) == (State.PACKED, f"{tmp_path}/outer.usdz[props/chair.usdz[tex/wood.png]]")
    assert found.warnings == ()


def test_a_member_of_a_package_may_be_named_from_outside(tmp_path: Path) -> None:
    package(tmp_path / "set.usdz", {"root.usda": ROOT, "chair.usda": text(prim('Camera "a"')), "tex/wood.png": b"x"})
    scene = text(
        prim('"a"', meta="references = @./set.usdz[chair.usda]@</a>"),
        prim('"b"', "asset t = @set.usdz[tex/wood.png]@", "asset u = @set.usdz[tex/none.png]@"),
    )
    found = report(write(tmp_path / "shot.usda", scene))
    assert [(each.path, each.resolved, each.state) for each in found.files] == [
        ("./set.usdz[chair.usda]", f"{tmp_path}/set.usdz", State.RESOLVED)
    ]
    assert found.files[0].used_by == "/a references, /b t, /b u"
    assert found.cameras == ("/a",)
    assert found.warnings == (f"{tmp_path}/set.usdz has no tex/none.png in it (used by /b u)",)


def test_what_usd_does_not_allow_in_a_package_is_told(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {"root.usda": ROOT, "tex/wood.png": b"x" * 1000}
    found = report(package(tmp_path / "a.usdz", members, aligned=False))
    assert len(found.warnings) == 2
    assert found.warnings[0].startswith("root.usda does not begin at a multiple of 64 bytes")
    found = report(package(tmp_path / "b.usdz", members, compressed="tex/wood.png"))
    assert found.warnings == ("tex/wood.png is compressed or encrypted in it, which USD does not read",)
    found = report(package(tmp_path / "c.usdz", members, compressed="root.usda"))
    assert "compressed" in found.damage


@pytest.mark.parametrize(
    ("members", "damage"),
    [
        ({"wood.png": b"x", "root.usda": ROOT}, "its first file, wood.png, is no USD layer"),
        ({"root.usda": "#usda 1.0\n("}, "line 2: Expected )"),
        ({"root.usdc": "PXR-USDC"}, "File too small"),
    ],
)
def test_a_package_without_a_layer_is_damaged(tmp_path: Path, members: dict[str, str | bytes], damage: str) -> None:
    assert damage in report(package(tmp_path / "a.usdz", members)).damage


def test_an_archive_that_is_cut_off_is_damaged(tmp_path: Path) -> None:
    whole = package(tmp_path / "a.usdz", {"root.usda": ROOT}).read_bytes()
    for length in (4, 30, 60, 120):
        found = report(write(tmp_path / "b.usdz", whole[:length]))
        assert found.damage == "it is a zip archive that cannot be read, or an empty one", length


def test_nothing_of_a_link_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    assert report(package(tmp_path / "x.bin", {"root.usda": ROOT})).damage == ""
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "damage"),
    [
        ("#usda 1.0\n(\n", "line 3: Expected )"),
        ('#usda 1.0\ndef "a" {\n', "line 3: Expected }"),
        ("#usda 99.0\n", "line 1: Cannot parse layer version '99.0'"),
        ("PXR-USDC", "USD cannot open it"),
        (b'#usda 1.0\ndef "a" {\n\xff\xfe', "its text is not UTF-8"),
    ],
)
def test_a_damaged_scene_is_told_with_its_line(tmp_path: Path, content: str | bytes, damage: str) -> None:
    found = report(write(tmp_path / "shot.usd", content))
    assert damage in found.damage
    assert found.software.name == "usd"
    assert found.format in ("usda", "usdc")


def test_a_damaged_layer_costs_no_more_than_itself(tmp_path: Path) -> None:
    write(tmp_path / "bad.usda", "#usda 1.0\ndef")
    write(tmp_path / "empty.usda")
    write(tmp_path / "png.usd", b"\x89PNG")
    write(tmp_path / "good.usda", text(prim('"a"', "asset file = @./wood.tx@"), prim('Camera "c"')))
    names = ("bad.usda", "empty.usda", "png.usd", "good.usda")
    path = write(tmp_path / "shot.usda", text(head=f"subLayers = [{', '.join(f'@./{name}@' for name in names)}]"))
    found = report(path)
    assert found.damage == ""
    assert found.cameras == ("/c",)
    assert files(found)["./wood.tx"].state is State.MISSING
    assert [warning.split(" cannot be read: ")[0] for warning in found.warnings] == [
        f"{tmp_path}/{name} (used by subLayers)" for name in names[:3]
    ]


def test_a_string_that_is_no_utf8_costs_no_more_than_itself(tmp_path: Path) -> None:
    scene = text(prim('"a"', 'string file = "woodX.tx"', "asset other = @stone.tx@"))
    path = crate(tmp_path / "shot.usdc", scene)
    path.write_bytes(path.read_bytes().replace(b"woodX", b"wood\xff"))
    found = report(path)
    assert [each.path for each in found.files] == ["stone.tx"]
    assert found.damage == "1 prims or attributes cannot be read"
    found = report(write(tmp_path / "outer.usda", text(head="subLayers = [@./shot.usdc@]")))
    assert (found.damage, found.warnings) == ("", (f"{path}: 1 prims or attributes cannot be read",))


@pytest.mark.parametrize("opening", ['def "a" {\n', "(" * 8, "[" * 8])
def test_what_is_nested_too_deeply_is_not_given_to_the_parser(tmp_path: Path, opening: str) -> None:
    found = report(write(tmp_path / "shot.usda", f"#usda 1.0\n{opening * 50_000}"))
    assert found.damage == "it is nested more than 1000 deep"
    path = write(tmp_path / "outer.usda", text(head="subLayers = [@./shot.usda@]"))
    assert report(path).warnings[0].endswith("cannot be read: it is nested more than 1000 deep")
    found = report(package(tmp_path / "a.usdz", {"root.usda": f"#usda 1.0\n{opening * 50_000}"}))
    assert found.damage == "it is nested more than 1000 deep"


def test_no_more_layers_are_read_than_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "_MOST_LAYERS", 3)
    for number in range(5):
        write(tmp_path / f"{number}.usda", text(prim('"a"', f"asset file = @./{number}.tx@")))
    names = ", ".join(f"@./{number}.usda@" for number in range(5))
    found = report(write(tmp_path / "shot.usda", text(head=f"subLayers = [{names}]")))
    assert [each.path for each in found.files if each.path.endswith(".tx")] == ["./0.tx", "./1.tx"]
    assert found.warnings == ("it has more than 3 layers; the rest was not read",)


def test_a_scene_that_was_written_again_is_read_again(tmp_path: Path) -> None:
    for number in (1, 2):
        write(tmp_path / "set.usda", text(prim(f'Camera "c{number}"')))
        head = f"subLayers = [@./set.usda@]\nstartTimeCode = {number}"
        crate(tmp_path / "shot.usd", text(prim('"a"', f"asset file = @./{number}.tx@"), head=head))
        found = report(tmp_path / "shot.usd")
        assert found.frames is not None
        assert (found.frames.start, found.cameras) == (number, (f"/c{number}",))
        assert f"./{number}.tx" in files(found)


def test_without_usd_core_the_user_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pxr", None)
    found = report(write(tmp_path / "shot.usda", ROOT))
    assert found.damage == "usd-core is not installed: pip install rendermill[usd]"
    assert (found.format, found.software.version) == ("usda", "1.0")


def test_usd_says_nothing_on_the_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    scene = text(prim('Camera "c"', meta="references = [@./gone.usda@, </nope>]"), head="subLayers = [@./bad.usda@]")
    write(tmp_path / "bad.usda", "#usda 1.0\n(")
    report(write(tmp_path / "shot.usda", scene))
    assert capfd.readouterr() == ("", "")
