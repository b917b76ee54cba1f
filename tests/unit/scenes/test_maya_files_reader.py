"""Which files a scene names, and which families of files: textures, sequences, tiles, caches, and guesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.report import Confidence, FileUse, State
from support.scenes_maya import FORMS, Node, PlugIn, Scene, Value, globals_, report, texture


def files(folder: Path, *nodes: Node, form: str = "ma") -> list[FileUse]:
    return list(report(folder, Scene(nodes=nodes), form).files)


def only(folder: Path, *nodes: Node, form: str = "ma") -> FileUse:
    (use,) = files(folder, *nodes, form=form)
    return use


def put(folder: Path, *names: str) -> list[str]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return [str(folder / name) for name in names]


@pytest.mark.parametrize(
    ("type_", "attribute", "path", "user"),
    [
        ("file", "ftn", "/t/a.png", "fileTextureName"),
        ("file", "fileTextureName", "/t/a.png", "fileTextureName"),
        ("psdFileTex", "ftn", "/t/a.psd", "fileTextureName"),
        ("movie", "ftn", "/t/a.mov", "fileTextureName"),
        ("mentalrayTexture", "ftn", "/t/a.map", "fileTextureName"),
        ("imagePlane", "imn", "/t/a.jpg", "imageName"),
        ("audio", "f", "/s/a.wav", "filename"),
        ("gpuCache", "cfn", "/c/a.abc", "cacheFileName"),
        ("AlembicNode", "fn", "/c/a.abc", "abc_File"),
        ("AlembicNode", "abc_File", "/c/a.abc", "abc_File"),
        ("aiImage", "filename", "/t/a.tx", "filename"),
        ("aiStandIn", "dso", "/c/a.ass", "dso"),
        ("aiVolume", "filename", "/c/a.vdb", "filename"),
        ("aiPhotometricLight", "aiFilename", "/t/a.ies", "aiFilename"),
        ("VRayMesh", "fileName2", "/c/a.vrmesh", "fileName2"),
        ("VRayScene", "fpath", "/c/a.vrscene", "FilePath"),
        ("RedshiftNormalMap", "tex0", "/t/a.png", "tex0"),
        ("RedshiftDomeLight", "tex0", "/t/a.hdr", "tex0"),
        ("RedshiftProxyMesh", "fn", "/c/a.rs", "fileName"),
        ("PxrTexture", "filename", "/t/a.tex", "filename"),
        ("iesProfile", "fn", "/t/a.ies", "fileName"),
        ("mayaUsdProxyShape", "fp", "/c/a.usd", "filePath"),
        ("pxrUsdProxyShape", "filePath", "/c/a.usd", "filePath"),
        ("diskCache", "hcn", "/c/a.mcj", "hiddenCacheName"),
        # What is there decides, not how its name ends.
        ("file", "ftn", "/t/no extension", "fileTextureName"),
    ],
)
def test_nodes_that_name_files(tmp_path: Path, type_: str, attribute: str, path: str, user: str) -> None:
    use = only(tmp_path, Node(type_, "thing", {attribute: path}))
    assert (use.path, use.used_by, use.resolved) == (path, f"thing {user}", path)
    assert (use.state, use.confidence) == (State.MISSING, Confidence.HIGH)


def test_other_nodes_use_the_same_names_for_other_things(tmp_path: Path) -> None:
    nodes = [
        Node("camera", "cameraShape1", {"imn": "persp", "tx": "/a/b.png", "filename": "/c/d.exr"}),
        Node("mesh", "meshShape1", {"fn": "/a/b.abc", "f": "/a/b.wav"}),
        texture("empty", ""),
        globals_(ifp="/out/img.exr", preMel="/a/b.png"),
    ]
    assert files(tmp_path, *nodes) == []


def test_a_file_that_is_there(tmp_path: Path) -> None:
    (path,) = put(tmp_path, "tex/a.png")
    use = only(tmp_path, texture("file1", "tex/a.png"))
    assert (use.path, use.state, use.resolved, use.count) == ("tex/a.png", State.RESOLVED, path, 1)


def test_one_file_of_two_nodes_is_told_once(tmp_path: Path) -> None:
    (path,) = put(tmp_path, "a.png")
    use = only(tmp_path, texture("file1", "a.png"), texture("file2", path))
    assert use.used_by == "file1 fileTextureName, file2 fileTextureName"


# Sequences and tiles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_sequence_is_told_by_the_node(tmp_path: Path, form: str) -> None:
    there = put(tmp_path, "s/a.0001.png", "s/a.0002.png", "s/a.0010.png", "s/a.x.png")[:3]
    use = only(tmp_path, texture("file1", "s/a.0001.png", ufe=True), form=form)
    assert (use.path, use.state, use.count, list(use.files)) == ("s/a.0001.png", State.PATTERN, 3, there)
    assert only(tmp_path, texture("file1", "s/a.0001.png", ufe=False), form=form).files == (there[0],)


def test_the_last_number_of_a_name_is_the_frame(tmp_path: Path) -> None:
    there = put(tmp_path, "v2/shot10_f0001_v3/a2.9.exr", "v2/shot10_f0001_v3/a2.10.exr")
    put(tmp_path, "v2/shot10_f0001_v3/a3.10.exr")
    use = only(tmp_path, texture("file1", "v2/shot10_f0001_v3/a2.9.exr", ufe=True))
    assert sorted(use.files) == sorted(there)


def test_a_frame_may_be_the_extension(tmp_path: Path) -> None:
    there = put(tmp_path, "a.iff.1", "a.iff.2")
    assert sorted(only(tmp_path, texture("file1", "a.iff.1", ufe=True)).files) == there


def test_a_sequence_without_a_number_is_one_file(tmp_path: Path) -> None:
    there = put(tmp_path, "a.png")
    assert list(only(tmp_path, texture("file1", "a.png", ufe=True)).files) == there


@pytest.mark.parametrize("type_", ["imagePlane", "psdFileTex"])
def test_other_sequences(tmp_path: Path, type_: str) -> None:
    put(tmp_path, "a.1.png", "a.2.png")
    attribute = "imn" if type_ == "imagePlane" else "ftn"
    assert only(tmp_path, Node(type_, "n", {attribute: "a.1.png", "ufe": True})).count == 2


def test_a_movie_is_no_sequence(tmp_path: Path) -> None:
    put(tmp_path, "a1.mov", "a2.mov")
    assert only(tmp_path, Node("imagePlane", "n", {"imn": "a1.mov", "ufe": True, "t": 2})).count == 1


@pytest.mark.parametrize("form", FORMS)
def test_tiles_are_told_by_the_mode(tmp_path: Path, form: str) -> None:
    there = put(tmp_path, "t_1001_2000px_1001_color.png", "t_1001_2000px_1012_color.png")
    put(tmp_path, "t_1002_2000px_1001_color.png")
    use = only(tmp_path, texture("file1", "t_1001_2000px_1001_color.png", uvt=3), form=form)
    assert (use.path, use.state, list(use.files)) == ("t_1001_2000px_1001_color.png", State.PATTERN, there)


@pytest.mark.parametrize("mode", [1, 2])
def test_tiles_that_are_named_u_and_v(tmp_path: Path, mode: int) -> None:
    there = put(tmp_path, "t_u1_v1.png", "t_u10_v2.png")
    put(tmp_path, "t_u_v.png")
    assert sorted(only(tmp_path, texture("file1", "t_u1_v1.png", uvt=mode)).files) == sorted(there)


def test_tiles_that_are_named_one_by_one(tmp_path: Path) -> None:
    tiles: dict[str, Value] = {"eut[0].eutn": "b.png", "eut[1].eutn": "c.png", "eut[1].eutu": 1}
    uses = files(tmp_path, texture("file1", "a.png", uvt=4, **tiles))
    assert [use.path for use in uses] == ["a.png", "b.png", "c.png"]
    assert [use.path for use in files(tmp_path, texture("file1", "a.png", uvt=0, **tiles))] == ["a.png"]


def test_frames_of_tiles(tmp_path: Path) -> None:
    there = put(tmp_path, "t.1001.0001.exr", "t.1002.0001.exr", "t.1001.0002.exr")
    assert sorted(only(tmp_path, texture("file1", "t.1001.0001.exr", uvt=3, ufe=True)).files) == sorted(there)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("t.<UDIM>.png", ("t.1001.png", "t.1002.png")),
        ("t.<udim>.png", ("t.1001.png", "t.1002.png")),
        ("t.<f>.png", ("t.1.png", "t.20.png")),
        ("t.<f4>.png", ("t.0001.png", "t.0020.png")),
        ("t.####.png", ("t.0001.png", "t.0002.png")),
        ("t<tile>.png", ("t_u1_v1.png", "t_u2_v1.png")),
        ("t.<tile>.png", ("t.1001.png", "t.1002.png")),
        ("t_u<U>_v<V>.png", ("t_u1_v1.png", "t_u2_v1.png")),
        ("t_u<u>_v<v>.png", ("t_u0_v0.png", "t_u0_v1.png")),
        ("t_<u>_<v>.png", ("t_0_0.png", "t_1_10.png")),
    ],
)
def test_tokens_in_a_path(tmp_path: Path, path: str, names: tuple[str, ...]) -> None:
    there = put(tmp_path, *names)
    use = only(tmp_path, texture("file1", path))
    assert (use.path, use.state, sorted(use.files)) == (path, State.PATTERN, sorted(there))


def test_numbers_are_no_frames_without_a_reason(tmp_path: Path) -> None:
    put(tmp_path, "t.1001.png", "t.1002.png")
    use = only(tmp_path, texture("file1", "t.1001.png"))
    assert (use.state, use.count) == (State.RESOLVED, 1)


# Caches -------------------------------------------------------------------------------------------------------------


def test_a_geometry_cache_in_one_file(tmp_path: Path) -> None:
    there = put(tmp_path, "cache/shirt.xml", "cache/shirt.mcx")
    found = files(tmp_path, Node("cacheFile", "c1", {"cp": f"{tmp_path}/cache/", "cn": "shirt"}))
    assert [(use.used_by, use.files) for use in found] == [
        ("c1 cacheName", (there[0],)),
        ("c1 cachePath", (there[1],)),
    ]


def test_a_geometry_cache_of_many_files(tmp_path: Path) -> None:
    there = put(tmp_path, "cache/shirtFrame1.mc", "cache/shirtFrame2.mc", "cache/shirtFrame2Tick50.mc")
    put(tmp_path, "cache/shirt.xml", "cache/shirtOther1.mc")
    _, data = files(tmp_path, Node("cacheFile", "c1", {"cp": "cache", "cn": "shirt"}))
    assert (data.state, sorted(data.files)) == (State.PATTERN, there)


def test_a_number_in_the_name_of_a_cache_is_no_frame(tmp_path: Path) -> None:
    there = put(tmp_path, "shirt2.xml", "shirt2.mcx")
    put(tmp_path, "shirt3.xml", "shirt3.mcx")
    found = files(tmp_path, Node("cacheFile", "c1", {"cp": ".", "cn": "shirt2"}))
    assert [use.resolved for use in found] == there


@pytest.mark.parametrize("form", FORMS)
def test_layers_of_an_alembic_node(tmp_path: Path, form: str) -> None:
    node = Node("AlembicNode", "abc1", {"fn": "/a.abc", "fns": ("/a.abc", "/b.abc", "/c d.abc")})
    plug_in = PlugIn("AbcImport", "1.0", ("AlembicNode",))
    found = report(tmp_path, Scene(nodes=[node], plug_ins=[plug_in]), form)
    assert [use.path for use in found.files] == ["/a.abc", "/b.abc", "/c d.abc"]


def test_collections_of_xgen_lie_beside_the_scene(tmp_path: Path) -> None:
    there = put(tmp_path, "x__hair.xgen", "x__char__ns__fur.xgen")
    nodes = [Node("xgmPalette", "hair"), Node("xgmPalette", "char:fur"), Node("xgmPalette", "gone")]
    assert [use.resolved for use in files(tmp_path, *nodes)] == there


def test_a_collection_of_xgen_that_is_named(tmp_path: Path) -> None:
    use = only(tmp_path, Node("xgmPalette", "hair", {"xfn": "other__hair.xgen"}))
    assert (use.path, use.state) == ("other__hair.xgen", State.MISSING)


def test_particles_have_a_cache_of_the_scene_s_name(tmp_path: Path) -> None:
    put(tmp_path, "particles/x_startup/dustShape.1.pdc", "particles/other_startup/dustShape.1.pdc")
    use = only(tmp_path, Node("nParticle", "dustShape"))
    assert (use.path, use.resolved) == ("particles/x_startup", f"{tmp_path}/particles/x_startup")
    put(tmp_path, "cache/particles/shot7/dustShape.1.pdc")
    uses = files(tmp_path, Node("nParticle", "dustShape"), Node("dynGlobals", "dynGlobals1", {"cd": "shot7"}))
    assert [use.resolved for use in uses][1:] == [f"{tmp_path}/cache/particles/shot7"]


def test_particles_without_a_cache_need_none(tmp_path: Path) -> None:
    assert files(tmp_path, Node("nParticle", "dustShape")) == []


# Colours, guesses ---------------------------------------------------------------------------------------------------


def test_the_colours_that_maya_has_are_built_in(tmp_path: Path) -> None:
    path = "<MAYA_RESOURCES>/OCIO-configs/Maya2022-default/config.ocio"
    use = only(tmp_path, Node("", "defaultColorMgtGlobals", {"cfe": True, "cfp": path}))
    assert (use.path, use.state) == (path, State.BUILT_IN)


def test_colours_of_a_file(tmp_path: Path) -> None:
    use = only(tmp_path, Node("", "defaultColorMgtGlobals", {"cfe": True, "cfp": "/ocio/config.ocio"}))
    assert (use.path, use.used_by, use.state) == (
        "/ocio/config.ocio",
        "defaultColorMgtGlobals configFilePath",
        State.MISSING,
    )
    assert files(tmp_path, Node("", "defaultColorMgtGlobals", {"cfe": False, "cfp": "/ocio/config.ocio"})) == []


@pytest.mark.parametrize("path", ["/a/b.abc", "C:\\a\\b.png", "textures/wood.exr", "//server/x/y.vdb"])
def test_texts_of_nodes_that_are_not_known(tmp_path: Path, path: str) -> None:
    use = only(tmp_path, Node("studioThing", "thing1", {"whatever": path}))
    assert (use.path, use.used_by, use.confidence) == (path, "thing1 whatever", Confidence.LOW)


@pytest.mark.parametrize("text", ["hello world", "1.5", "a.b.c", "rgba", "/", "print('a.png is here')"])
def test_texts_that_are_no_files(tmp_path: Path, text: str) -> None:
    assert files(tmp_path, Node("studioThing", "thing1", {"whatever": text})) == []


def test_what_maya_s_own_nodes_say_beside_is_no_file(tmp_path: Path) -> None:
    assert files(tmp_path, Node("transform", "thing1", {"notes": "/a/b.png"})) == []
