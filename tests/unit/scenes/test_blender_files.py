"""The files that Blender scenes name, in scenes written by the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import FileUse, State
from support.scenes_blend import Blend

Add = Callable[[Blend], object]
Uses = Callable[..., list[FileUse]]


@pytest.fixture
def uses(tmp_path: Path) -> Uses:
    """The files of a scene ``shot.blend`` in the test's folder, which has the files that are named."""

    def found(blend: Blend, *there: str) -> list[FileUse]:
        for name in there:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
        path = blend.save(tmp_path / "shot.blend")
        report = examine(path, (), Listener())
        assert not report.damage
        return list(report.files)

    return found


def image(name: str, raw: str | bytes, source: int = 1, blend: Blend | None = None, **more: Any) -> Blend:
    values = {"id.name": f"IM{name}", "name": raw, "source": source}
    return (blend or Blend()).add("IM", "Image", 0x300, {**values, **more})


def told(use: FileUse) -> tuple[State, str, str, int]:
    return use.state, use.path, use.used_by, use.count


# --- paths -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "resolved"),
    [
        ("//tex/wood.png", "tex/wood.png"),
        (r"//tex\wood.png", "tex/wood.png"),
        (r"//..\env\field.hdr", "../env/field.hdr"),
        ("///tex/wood.png", "tex/wood.png"),
        ("tex/wood.png", "tex/wood.png"),
        (r"tex\wood #1 %d <UDIM>.png", "tex/wood #1 %d <UDIM>.png"),
    ],
)
def test_a_relative_path_begins_at_the_folder_of_the_scene(uses: Uses, tmp_path: Path, raw: str, resolved: str) -> None:
    (use,) = uses(image("wood", raw))
    place = (tmp_path / resolved).resolve()
    assert (use.path, use.state, use.resolved) == (raw, State.MISSING, str(place))


@pytest.mark.parametrize(
    ("raw", "resolved"),
    [
        ("/mnt/a/wood.png", "/mnt/a/wood.png"),
        (r"D:\tex\wood.png", "D:/tex/wood.png"),
        (r"\\filer\show\wood.png", "//filer/show/wood.png"),
    ],
)
def test_an_absolute_path_stays(uses: Uses, raw: str, resolved: str) -> None:
    (use,) = uses(image("wood", raw))
    assert (use.path, use.state, use.resolved) == (raw, State.MISSING, resolved)


def test_an_absolute_path_of_another_machine_is_found_by_its_tail(uses: Uses, tmp_path: Path) -> None:
    (use,) = uses(image("wood", r"D:\proj\tex\wood.png"), "tex/wood.png")
    assert (use.state, use.resolved, use.remapped) == (State.RESOLVED, str(tmp_path / "tex/wood.png"), True)
    assert use.instead_of == ("D:/proj/tex/wood.png",)


def test_text_before_blender_2_5_may_be_latin(uses: Uses) -> None:
    (use,) = uses(image("Bäume", "//Bäume.png".encode("latin-1"), blend=Blend("249", 4)), "Bäume.png")
    assert told(use) == (State.RESOLVED, "//Bäume.png", "image Bäume", 1)


def test_a_path_of_any_bytes_is_found(uses: Uses, tmp_path: Path) -> None:
    raw = b"//B\xe4ume.png"
    (use,) = uses(image("trees", raw), raw[2:].decode(errors="surrogateescape"))
    assert (use.state, use.path.encode(errors="surrogateescape")) == (State.RESOLVED, raw)


# --- images ------------------------------------------------------------------------------------------------------


def test_a_sequence_is_all_frames_of_its_folder(uses: Uses, tmp_path: Path) -> None:
    names = ("a/v2_fire_008.png", "a/v2_fire_009.png", "a/v2_fire_011.png", "a/other_1.png")
    (use,) = uses(image("fire", "//a/v2_fire_009.png", source=2), *names)
    assert told(use) == (State.PATTERN, "//a/v2_fire_009.png", "image fire", 3)
    assert (use.resolved, use.gaps) == (str(tmp_path / "a/v2_fire_###.png"), "10")


@pytest.mark.parametrize("raw", ["//still.jp2", "//still"])
def test_a_sequence_without_digits_is_one_picture(uses: Uses, raw: str) -> None:
    (use,) = uses(image("still", raw, source=2), raw[2:], "still.jp3")
    assert (use.state, use.count) == (State.RESOLVED, 1)


@pytest.mark.parametrize(
    ("raw", "shown", "count"),
    [
        ("//t/wood_2048.<UDIM>.png", "wood_2048.<UDIM>.png", 2),
        ("//t/uv_<UVTILE>.png", "uv_<UVTILE>.png", 1),
        ("//t/wood_2048.1001.png", "wood_2048.<UDIM>.png", 2),
    ],
)
def test_tiles_are_found_by_their_token_and_before_3_1_by_the_first(
    uses: Uses, tmp_path: Path, raw: str, shown: str, count: int
) -> None:
    there = ("t/wood_2048.1001.png", "t/wood_2048.1002.png", "t/wood_2048.png", "t/uv_u1_v2.png")
    (use,) = uses(image("tiles", raw, source=6), *there)
    assert (use.state, use.resolved, use.count) == (State.PATTERN, str(tmp_path / "t" / shown), count)


def test_a_movie_is_one_file(uses: Uses) -> None:
    (use,) = uses(image("film", "//film_01.mp4", source=3), "film_01.mp4", "film_02.mp4")
    assert told(use) == (State.RESOLVED, "//film_01.mp4", "image film", 1)


@pytest.mark.parametrize("member", ["packedfile", "packedfiles.first"])
def test_a_packed_image_is_no_file(uses: Uses, member: str) -> None:
    (use,) = uses(image("wood", "//wood.png", 1, None, **{member: 0x310}))
    assert told(use) == (State.PACKED, "//wood.png", "image wood", 0)


def test_a_packed_image_without_a_path_has_its_name(uses: Uses) -> None:
    (use,) = uses(image("Albedo", "", packedfile=0x310))
    assert told(use) == (State.PACKED, "Albedo", "image Albedo", 0)


@pytest.mark.parametrize("source", [4, 5])
def test_an_image_that_is_made_is_no_file(uses: Uses, source: int) -> None:
    assert uses(image("Render Result", "//x.png", source)) == []


def test_an_image_of_the_old_days_has_no_source(uses: Uses) -> None:
    (use,) = uses(image("wood", "//wood.png", source=0, blend=Blend("240", 4)))
    assert told(use) == (State.MISSING, "//wood.png", "image wood", 0)


# --- other data-blocks -------------------------------------------------------------------------------------------


def cache_layers(blend: Blend) -> None:
    blend.add("CF", "CacheFile", 0x300, {"id.name": "CFx", "filepath": "//a.abc", "layers.first": 0x320})
    blend.data("CacheFileLayer", 0x320, {"filepath": "//b.abc", "next": 0x340})
    blend.data("CacheFileLayer", 0x340, {"filepath": ""})


def text(flags: int) -> Add:
    def add(blend: Blend) -> None:
        blend.add("TX", "Text", 0x300, {"id.name": "TXnotes", "name": 0x320, "flags": flags})
        blend.raw(0x320, b"//notes.py\0")

    return add


BLOCKS: dict[str, tuple[Add, list[tuple[str, str]]]] = {
    "sound": (
        lambda blend: blend.add("SO", "bSound", 0x300, {"id.name": "SOx", "name": "//x.wav"}),
        [("//x.wav", "sound x")],
    ),
    "font": (
        lambda blend: blend.add("VF", "VFont", 0x300, {"id.name": "VFx", "name": "//x.ttf"}),
        [("//x.ttf", "font x")],
    ),
    "volume": (
        lambda blend: blend.add("VO", "Volume", 0x300, {"id.name": "VOx", "filepath": "//x.vdb"}),
        [("//x.vdb", "volume x")],
    ),
    "cache file": (cache_layers, [("//a.abc", "cache file x"), ("//b.abc", "cache file x")]),
    "clip": (
        lambda blend: blend.add("MC", "MovieClip", 0x300, {"id.name": "MCx", "name": "//x.mp4", "source": 2}),
        [("//x.mp4", "movie clip x")],
    ),
    "multires": (
        lambda blend: blend.add("ME", "Mesh", 0x300, {"id.name": "MEx"}).data(
            "CustomDataExternal", 0x320, {"filename": "//x.btx"}
        ),
        [("//x.btx", "multires data of mesh x")],
    ),
    "voxels": (
        lambda blend: blend.add("TE", "Tex", 0x300, {"id.name": "TEx"}).data(
            "VoxelData", 0x320, {"source_path": "//x.bvox"}
        ),
        [("//x.bvox", "voxel data of texture x")],
    ),
    "mesh cache": (
        lambda blend: blend.add("OB", "Object", 0x300, {"id.name": "OBx"}).data(
            "MeshCacheModifierData", 0x320, {"modifier.name": "Move", "filepath": "//x.pc2"}
        ),
        [("//x.pc2", "mesh cache modifier Move of x")],
    ),
    "ies": (
        lambda blend: (
            blend.add("LA", "Material", 0x300, {"id.name": "LAx"})
            .data("bNode", 0x320, {"name": "IES", "storage": 0x360})
            .data("NodeShaderTexIES", 0x360, {"mode": 1, "filepath": "//x.ies"})
        ),
        [("//x.ies", "node IES of light x")],
    ),
    "script": (
        lambda blend: (
            blend.add("NT", "bNodeTree", 0x300, {"id.name": "NTx"})
            .data("bNode", 0x320, {"name": "OSL", "storage": 0x360})
            .data("NodeShaderScript", 0x360, {"mode": 1, "filepath": "//x.osl"})
        ),
        [("//x.osl", "node OSL of node group x")],
    ),
    "import": (
        lambda blend: blend.add("NT", "bNodeTree", 0x300, {"id.name": "NTx"}).data(
            "bNodeSocketValueString", 0x360, {"subtype": 1, "value": "//x.obj"}
        ),
        [("//x.obj", "file path of a node of node group x")],
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_what_names_files(uses: Uses, name: str) -> None:
    add, expected = BLOCKS[name]
    add(blend := Blend())
    assert [(use.path, use.used_by) for use in uses(blend)] == expected


NO_FILES: dict[str, Add] = {
    "builtin light profile": lambda blend: blend.add("LA", "Material", 0x300, {"id.name": "LAx"}).data(
        "NodeShaderTexIES", 0x360, {"mode": 0, "filepath": "//x.ies"}
    ),
    "plain text of a node": lambda blend: blend.add("NT", "bNodeTree", 0x300, {"id.name": "NTx"}).data(
        "bNodeSocketValueString", 0x360, {"subtype": 0, "value": "//x.obj"}
    ),
    "voxels of smoke": lambda blend: blend.add("TE", "Tex", 0x300, {"id.name": "TEx"}).data(
        "VoxelData", 0x320, {"source_path": "//x.bvox", "file_format": 4}
    ),
    "ocean that is not baked": lambda blend: blend.add("OB", "Object", 0x300, {"id.name": "OBx"}).data(
        "OceanModifierData", 0x320, {"cachepath": "//ocean"}
    ),
    "text of its own": text(flags=1 << 2),
    "text whose file is gone": text(flags=0),
}


@pytest.mark.parametrize("name", NO_FILES)
def test_what_names_none(uses: Uses, name: str) -> None:
    NO_FILES[name](blend := Blend())
    assert uses(blend) == []


def test_a_text_has_a_file_where_it_is_there(uses: Uses) -> None:
    text(flags=0)(blend := Blend())
    (use,) = uses(blend, "notes.py")
    assert told(use) == (State.RESOLVED, "//notes.py", "text notes", 1)


def test_the_font_of_blender_is_built_in(uses: Uses) -> None:
    (use,) = uses(Blend().add("VF", "VFont", 0x300, {"id.name": "VFBfont", "name": "<builtin>"}))
    assert told(use) == (State.BUILT_IN, "<builtin>", "font Bfont", 0)


def test_a_packed_sound_is_no_file(uses: Uses) -> None:
    blend = Blend().add("SO", "bSound", 0x300, {"id.name": "SOx", "name": "//x.wav", "packedfile": 0x310})
    assert told(uses(blend)[0]) == (State.PACKED, "//x.wav", "sound x", 0)


@pytest.mark.parametrize(
    ("code", "kind", "member"), [("VO", "Volume", "filepath"), ("CF", "CacheFile", "filepath")], ids=["volume", "cache"]
)
def test_volumes_and_caches_may_be_sequences(uses: Uses, code: str, kind: str, member: str) -> None:
    blend = Blend().add(code, kind, 0x300, {"id.name": f"{code}x", member: "//x_01.vdb", "is_sequence": 1})
    (use,) = uses(blend, "x_01.vdb", "x_02.vdb")
    assert (use.state, use.count) == (State.PATTERN, 2)


# --- simulations -------------------------------------------------------------------------------------------------


def test_a_baked_ocean_is_a_folder(uses: Uses) -> None:
    blend = Blend().add("OB", "Object", 0x300, {"id.name": "OBx"})
    blend.data("OceanModifierData", 0x320, {"modifier.name": "Sea", "cachepath": "//ocean", "cached": 1})
    (use,) = uses(blend, "ocean/disp_0001.exr", "ocean/disp_0002.exr")
    assert told(use) == (State.PATTERN, "//ocean", "ocean modifier Sea of x", 2)


def fluid(flag: int) -> Blend:
    blend = Blend().add("OB", "Object", 0x300, {"id.name": "OBx"})
    blend.data("FluidModifierData", 0x320, {"modifier.name": "Fluid", "domain": 0x340})
    return blend.data("FluidDomainSettings", 0x340, {"cache_flag": flag, "cache_directory": "//fluid"})


def test_a_baked_fluid_needs_its_cache(uses: Uses) -> None:
    assert [told(use) for use in uses(fluid(1 << 1))] == [(State.MISSING, "//fluid", "fluid modifier Fluid of x", 0)]


def test_a_fluid_that_is_not_baked_takes_what_is_there(uses: Uses) -> None:
    assert uses(fluid(0)) == []
    (use,) = uses(fluid(0), "fluid/data/1.vdb", "fluid/2.vdb")
    assert told(use) == (State.PATTERN, "//fluid", "fluid modifier Fluid of x", 2)


def particles(flag: int, path: str = "") -> Blend:
    blend = Blend().add("OB", "Object", 0x300, {"id.name": "OBx"}).data("ParticleSystem", 0x320, {"pointcache": 0x340})
    return blend.data("PointCache", 0x340, {"flag": flag, "path": path})


def test_point_caches_lie_in_a_folder_named_after_the_file(uses: Uses) -> None:
    (use,) = uses(particles(1 << 6), "blendcache_shot/a_0001.bphys")
    assert told(use) == (State.PATTERN, "//blendcache_shot", "point cache of x", 1)


@pytest.mark.parametrize(("flag", "missing"), [(1 << 6, False), (1 << 6 | 1, True), (1, False)])
def test_a_point_cache_is_missed_where_it_was_baked_onto_the_disk(uses: Uses, flag: int, missing: bool) -> None:
    assert [use.state for use in uses(particles(flag))] == ([State.MISSING] if missing else [])


def test_an_external_point_cache_is_a_folder(uses: Uses) -> None:
    (use,) = uses(particles(1 << 6 | 1 << 9, "//ext"), "ext/1.bphys", "blendcache_shot/2.bphys")
    assert told(use) == (State.PATTERN, "//ext", "point cache of x", 1)


def test_a_point_cache_that_nothing_uses_counts_not(uses: Uses) -> None:
    blend = fluid(0).data("PointCache", 0x400, {"flag": 1 << 6 | 1})
    assert uses(blend) == []


def test_bakes_of_nodes_are_folders(uses: Uses) -> None:
    blend = Blend().add("OB", "Object", 0x300, {"id.name": "OBx"})
    blend.data(
        "NodesModifierData",
        0x320,
        {"modifier.name": "GN", "simulation_bake_directory": 0x600, "bakes": 0x400, "bakes_num": 3},
    )
    disk, scene = {"bake_target": 2, "directory": 0x610}, {"bake_target": 1, "directory": 0x620}
    blend.data("NodesModifierBake", 0x400, disk, scene, {"directory": 0x630, "packed": 0x700})
    for address, raw in ((0x600, b"//all"), (0x610, b"//one"), (0x620, b"//inside"), (0x630, b"//packed")):
        blend.raw(address, raw + b"\0")
    found = uses(blend, "all/a.json", "one/b.json")
    assert [told(use) for use in found] == [
        (State.PATTERN, "//all", "bakes of modifier GN of x", 1),
        (State.PATTERN, "//one", "bakes of modifier GN of x", 1),
    ]


@pytest.mark.parametrize(("kind", "count"), [(2, 2), (4, 0)])
def test_the_old_fluids_had_files_that_begin_with_a_path(uses: Uses, kind: int, count: int) -> None:
    blend = Blend("279").add("OB", "Object", 0x300, {"id.name": "OBx"})
    blend.data("FluidsimSettings", 0x320, {"type": kind, "surfdataPath": "//sim/fluid"})
    found = uses(blend, "sim/fluidsurface_0001.bobj.gz", "sim/fluid.cfg", "sim/other")
    assert [use.count for use in found] == ([count] if count else [])


# --- the sequencer, compositors ----------------------------------------------------------------------------------


def strip(kind: int, *names: str, folder: str = "//s/") -> Blend:
    blend = Blend().add("SC", "Scene", 0x100, {"id.name": "SCEdit"})
    blend.data("Sequence", 0x200, {"name": "SQTrack", "type": kind, "strip": 0x300})
    blend.data("Strip", 0x300, {"dir": folder, "stripdata": 0x400})
    return blend.data("StripElem", 0x400, *({"name": name} for name in names))


def test_a_strip_of_frames_is_a_sequence(uses: Uses, tmp_path: Path) -> None:
    (use,) = uses(strip(0, "a_1.png", "a_2.png"), "s/a_1.png", "s/a_2.png")
    assert told(use) == (State.PATTERN, "//s/a_1.png", "strip Track of Edit", 2)


def test_a_strip_of_different_pictures_has_each_of_them(uses: Uses) -> None:
    found = uses(strip(0, "a.png", "b.png", "a.png", folder="//s"), "s/a.png")
    assert [(use.path, use.state) for use in found] == [("//s/a.png", State.RESOLVED), ("//s/b.png", State.MISSING)]


def test_a_movie_strip_is_one_file(uses: Uses) -> None:
    (use,) = uses(strip(3, "film.mp4", "film.mp4"))
    assert told(use) == (State.MISSING, "//s/film.mp4", "strip Track of Edit", 0)


def test_a_strip_of_a_scene_names_none(uses: Uses) -> None:
    assert uses(strip(2, "x.png")) == []


def test_what_compositors_write_is_output(uses: Uses, tmp_path: Path) -> None:
    blend = Blend().add("SC", "Scene", 0x100, {"id.name": "SCEdit"})
    blend.data("bNode", 0x200, {"name": "File Output", "storage": 0x300})
    blend.data("NodeImageMultiFile", 0x300, {"base_path": "//passes/"})
    (use,) = uses(blend)
    assert told(use) == (State.OUTPUT, "//passes/", "node File Output of scene Edit", 0)
    assert use.resolved == str(tmp_path / "passes")
