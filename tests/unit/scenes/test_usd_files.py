"""Which files are found in USD layers that the tests write, and who names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.report import Confidence, State
from support.scenes_usd import crate, files, package, prim, report, text, variants, write


def states(path: Path) -> dict[str, tuple[State, str]]:
    return {each.path: (each.state, each.used_by) for each in report(path).files}


def test_every_arc_to_a_layer_is_named_with_its_prim_and_followed(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        write(tmp_path / f"lib/{name}.usda", text(prim(f'"{name}"', f"asset file = @./{name}.png@")))
    write(tmp_path / "lib/b.png")
    scene = text(
        prim(
            '"World"', prim('"set"', meta="prepend references = [@lib/b.usda@</b>, </World>]\npayload = @lib/c.usda@")
        ),
        prim('over "more"', meta="append payload = @lib/d.usda@</d>\ndelete references = @./gone.usda@"),
        head="subLayers = [ @./lib/a.usda@ (offset = 3) ]",
    )
    assert states(write(tmp_path / "shot.usda", scene)) == {
        "./lib/a.usda": (State.RESOLVED, "subLayers"),
        "lib/b.usda": (State.RESOLVED, "/World/set references"),
        "lib/c.usda": (State.RESOLVED, "/World/set payload"),
        "lib/d.usda": (State.RESOLVED, "/more payload"),
        "./a.png": (State.MISSING, "a.usda: /a file"),
        "./b.png": (State.RESOLVED, "b.usda: /b file"),
        "./c.png": (State.MISSING, "c.usda: /c file"),
        "./d.png": (State.MISSING, "d.usda: /d file"),
    }


def test_what_is_in_variants_counts_whichever_is_selected(tmp_path: Path) -> None:
    write(tmp_path / "high.usda", text(prim('"high"', "asset file = @high.tx@")))
    body = variants(
        "look",
        red="asset file = @red.tx@",
        blue=prim('"child"', variants("wet", yes="asset file = @wet.tx@"), meta='variantSets = "wet"'),
        none="",
    )
    lods = '"high" (\npayload = @high.usda@</high>\n) {\n}'
    scene = prim(
        '"thing"',
        body,
        f'variantSet "lod" = {{\n{lods}\n}}',
        meta='variants = {\nstring look = "none"\n}\nvariantSets = ["look", "lod"]',
    )
    found = states(write(tmp_path / "shot.usda", text(scene)))
    assert found["red.tx"][1] == "/thing{look=red} file"
    assert found["wet.tx"][1] == "/thing{look=blue}child{wet=yes} file"
    assert found["high.usda"] == (State.RESOLVED, "/thing{lod=high} payload")
    assert found["high.tx"][1] == "high.usda: /high file"


def test_arrays_and_samples_of_attributes_name_each_of_their_files_once(tmp_path: Path) -> None:
    scene = prim(
        '"a"',
        "asset[] many = [@one.tx@, @@, @two.tx@]",
        "asset one = @still.vdb@",
        "asset one.timeSamples = { 1: @smoke.1.vdb@, 2: @smoke.2.vdb@, 3: @smoke.1.vdb@, 4: None }",
        "asset[] lists.timeSamples = { 1: [@l.1.tx@, @l.2.tx@] }",
        "asset blocked = None",
    )
    found = report(write(tmp_path / "shot.usda", text(scene))).files
    assert [each.path for each in found] == [
        "one.tx",
        "two.tx",
        "still.vdb",
        "smoke.1.vdb",
        "smoke.2.vdb",
        "l.1.tx",
        "l.2.tx",
    ]


def test_metadata_name_files_too(tmp_path: Path) -> None:
    head = "customLayerData = {\nasset guide = @guide.txt@\ndictionary deep = {\nasset[] more = [@deep.txt@]\n}\n}"
    scene = prim(
        '"a"',
        "asset file = @@ (\ncustomData = {\nasset from = @source.psd@\n}\n)",
        "rel to = </a> (\ncustomData = {\nasset with = @rel.txt@\n}\n)",
        meta="customData = {\nasset thumbnail = @thumb.jpg@\n}",
    )
    found = states(write(tmp_path / "shot.usda", text(scene, head=f"colorConfiguration = @studio.ocio@\n{head}")))
    assert {path: user for path, (_, user) in found.items()} == {
        "studio.ocio": "colorConfiguration",
        "guide.txt": "customLayerData:guide",
        "deep.txt": "customLayerData:deep:more",
        "thumb.jpg": "/a customData:thumbnail",
        "source.psd": "/a.file customData:from",
        "rel.txt": "/a.to customData:with",
    }


def test_where_an_asset_was_published_to_is_no_file_that_is_needed(tmp_path: Path) -> None:
    info = "assetInfo = {\nasset identifier = @chair.usda@\nasset[] payloadAssetDependencies = [@here.tx@]\n}"
    write(tmp_path / "here.tx")
    assert states(write(tmp_path / "shot.usda", text(prim('"chair"', meta=info)))) == {}


CLIPS = """clips = {{
dictionary default = {{
asset[] assetPaths = [@./clip.usda@]
asset manifestAssetPath = @./manifest.usda@
string templateAssetPath = "{template}"
double templateStartTime = 0
double templateEndTime = 2
double templateStride = 1
string primPath = "/a"
}}
}}"""


def test_value_clips_are_found_by_their_list_and_by_their_template(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"walk.{number:03}.usda", text(prim('"a"', f"asset file = @walk{number}.tx@")))
    write(tmp_path / "clip.usda", text(prim('"a"', "asset file = @clip.tx@")))
    scene = text(prim('"a"', meta=CLIPS.format(template="./walk.###.usda")))
    found = report(write(tmp_path / "shot.usda", scene))
    by_path = files(found)
    walk = by_path["./walk.###.usda"]
    assert (walk.state, walk.count, walk.used_by) == (State.PATTERN, 3, "/a clips:default:templateAssetPath")
    assert walk.files == tuple(str(tmp_path / f"walk.{number:03}.usda") for number in range(3))
    assert by_path["./clip.usda"].state is State.RESOLVED
    assert by_path["./manifest.usda"].state is State.MISSING
    assert by_path["clip.tx"].used_by == "clip.usda: /a file"
    assert by_path["walk2.tx"].used_by == "walk.002.usda: /a file"


def test_a_template_of_value_clips_may_have_parts_of_frames(tmp_path: Path) -> None:
    for name in ("w.001.25.usda", "w.001.50.usda", "w.1.usda"):
        write(tmp_path / name, text())
    scene = text(prim('"a"', meta=CLIPS.format(template="./w.###.##.usda")))
    found = files(report(write(tmp_path / "shot.usda", scene)))["./w.###.##.usda"]
    assert {Path(each).name for each in found.files} >= {"w.001.25.usda", "w.001.50.usda"}


def test_clips_that_are_not_there_are_missing(tmp_path: Path) -> None:
    scene = text(prim('"a"', meta=CLIPS.format(template="./walk.###.usda")))
    found = files(report(write(tmp_path / "shot.usda", scene)))
    assert (found["./walk.###.usda"].state, found["./walk.###.usda"].count) == (State.MISSING, 0)


def test_a_path_without_a_dot_is_looked_for_beside_the_layer_then_beside_the_scene(tmp_path: Path) -> None:
    write(tmp_path / "near.tx")
    write(tmp_path / "sub/near.tx")
    write(tmp_path / "far.tx")
    below = prim('"a"', "asset near = @near.tx@", "asset far = @far.tx@")
    write(tmp_path / "sub/below.usda", text(below))
    found = report(write(tmp_path / "shot.usda", text(head="subLayers = [@sub/below.usda@]")))
    by_path = files(found)
    assert by_path["near.tx"].resolved == str(tmp_path / "sub/near.tx")
    assert by_path["far.tx"].resolved == str(tmp_path / "far.tx")
    assert not by_path["far.tx"].remapped


def test_back_slashes_are_slashes_and_the_user_is_told_that_usd_does_not_think_so(tmp_path: Path) -> None:
    write(tmp_path / "textures/01.jpg")
    write(tmp_path / "sub/set.usda", text(prim('"a"', r"asset file = @..\textures\01.jpg@")))
    found = report(write(tmp_path / "shot.usda", text(head=r"subLayers = [@.\sub\set.usda@]")))
    by_path = files(found)
    assert by_path[r".\sub\set.usda"].resolved == str(tmp_path / "sub/set.usda")
    assert by_path[r"..\textures\01.jpg"].resolved == str(tmp_path / "textures/01.jpg")
    assert found.warnings == ("it writes paths with back-slashes, which USD itself finds on Windows only",)


def test_tiles_are_one_file_of_many(tmp_path: Path) -> None:
    for tile in (1001, 1002, 1011):
        write(tmp_path / f"tex/wood_{tile}.png")
    scene = prim('"a"', "asset here = @tex/wood_<UDIM>.png@", "asset gone = @/nowhere/stone_<UDIM>.png@")
    found = files(report(write(tmp_path / "shot.usda", text(scene))))
    here, gone = found["tex/wood_<UDIM>.png"], found["/nowhere/stone_<UDIM>.png"]
    assert (here.state, here.count, here.resolved) == (State.PATTERN, 3, str(tmp_path / "tex/wood_<UDIM>.png"))
    assert (gone.state, gone.count, gone.resolved) == (State.MISSING, 0, "/nowhere/stone_<UDIM>.png")


def test_number_signs_are_a_frame_number_unless_a_file_is_called_so(tmp_path: Path) -> None:
    for name in ("take#1.vdb", "smoke.0001.vdb", "smoke.0002.vdb"):
        write(tmp_path / name)
    scene = prim('"a"', "asset one = @./take#1.vdb@", "asset many = @./smoke.####.vdb@")
    found = files(report(write(tmp_path / "shot.usda", text(scene))))
    assert (found["./take#1.vdb"].state, found["./take#1.vdb"].count) == (State.RESOLVED, 1)
    assert (found["./smoke.####.vdb"].state, found["./smoke.####.vdb"].count) == (State.PATTERN, 2)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("$JOB/wood.tx", "variable $JOB"),
        ("${SHOW}/wood.tx", "variable ${SHOW}"),
        ("tex/$HIPNAME.tx", "variable $HIPNAME"),
        ("omniverse://server/wood.tx", "resolver"),
        ("http://example.org/wood.tx", "resolver"),
        ("asset:chair/wood", "resolver"),
        ("asset:chair/set.usd", "resolver"),
    ],
)
def test_what_depends_on_others_is_unresolved(tmp_path: Path, path: str, reason: str) -> None:
    (found,) = report(write(tmp_path / "shot.usda", text(prim('"a"', f"asset file = @{path}@")))).files
    assert (found.path, found.state, found.reason) == (path, State.UNRESOLVED, reason)


def test_what_starts_with_a_variable_that_the_user_maps_is_found(tmp_path: Path) -> None:
    write(tmp_path / "job/wood.tx")
    path = write(tmp_path / "shot.usda", text(prim('"a"', "asset file = @${JOB}/wood.tx@")))
    (found,) = report(path, (("${JOB}", str(tmp_path / "job")),)).files
    assert (found.state, found.resolved) == (State.RESOLVED, str(tmp_path / "job/wood.tx"))


def test_expressions_are_put_together_from_the_variables_of_the_layers(tmp_path: Path) -> None:
    write(
        tmp_path / "sh010/set.usda",
        text(
            prim('"a"', 'asset b = @`"${TEX}/b.tx"`@'),
            head='expressionVariables = {\nstring TEX = "/own"\nstring SHOT = "x"\n}',
        ),
    )
    scene = text(
        prim('"a"', 'asset a = @`"/no/${NONE}.tx"`@'),
        head='expressionVariables = {\nstring SHOT = "sh010"\n}\nsubLayers = [@`"./${SHOT}/set.usda"`@]',
    )
    found = files(report(write(tmp_path / "shot.usda", scene)))
    assert found['`"./${SHOT}/set.usda"`'].resolved == str(tmp_path / "sh010/set.usda")
    assert found['`"${TEX}/b.tx"`'].resolved == "/own/b.tx"
    assert found['`"/no/${NONE}.tx"`'].reason == "expression"


def test_strings_that_look_like_paths_are_guesses(tmp_path: Path) -> None:
    write(tmp_path / "proxies/tree.ass")
    scene = prim(
        'ArnoldProcedural "tree"',
        'string arnold:filename = "proxies/tree.ass"',
        'string[] arnold:textures = ["bark.tx", "not a file"]',
        'string comment = "see notes.obj"',
        'string primvars:name = "tree.obj"',
        'string link = "https://example.org/tree.obj"',
    )
    found = report(write(tmp_path / "shot.usda", text(scene)))
    assert [(each.path, each.state, each.confidence) for each in found.files] == [
        ("proxies/tree.ass", State.RESOLVED, Confidence.LOW),
        ("bark.tx", State.MISSING, Confidence.LOW),
    ]


def test_a_layer_of_another_machine_is_followed_where_it_is_found(tmp_path: Path) -> None:
    write(tmp_path / "lib/chair.usda", text(prim('"chair"', "asset file = @./wood.tx@")))
    write(tmp_path / "lib/wood.tx")
    write(tmp_path / "elsewhere/lamp.usda", text(prim('"lamp"', "asset file = @./glass.tx@")))
    scene = text(
        prim('"chair"', meta=r"references = @D:\show\lib\chair.usda@"),
        prim('"lamp"', meta="references = @P:/props/lamp.usda@"),
    )
    path = write(tmp_path / "shot.usda", scene)
    found = files(report(path, (("P:/props", str(tmp_path / "elsewhere")),)))
    assert found[r"D:\show\lib\chair.usda"].resolved == str(tmp_path / "lib/chair.usda")
    assert found["./wood.tx"].resolved == str(tmp_path / "lib/wood.tx")
    assert found["./wood.tx"].used_by == "chair.usda: /chair file"
    assert found["P:/props/lamp.usda"].resolved == str(tmp_path / "elsewhere/lamp.usda")
    assert found["./glass.tx"].state is State.MISSING


def test_files_of_other_formats_are_listed_and_not_opened(tmp_path: Path) -> None:
    for name in ("cache.abc", "smoke.vdb"):
        write(tmp_path / name, b"not what it says")
    scene = text(prim('"a"', "asset filePath = @./smoke.vdb@", meta="references = @./cache.abc@</a>"))
    found = report(write(tmp_path / "shot.usda", scene))
    assert {each.path: each.state for each in found.files} == {
        "./cache.abc": State.RESOLVED,
        "./smoke.vdb": State.RESOLVED,
    }
    assert found.warnings == ()


def test_materialx_documents_are_followed(tmp_path: Path) -> None:
    write(tmp_path / "looks/tex/base.tx")
    write(tmp_path / "looks/more.mtlx", '<materialx><input name="f" type="filename" value="own.tx"/></materialx>')
    document = """<?xml version="1.0"?><materialx version="1.38" fileprefix="tex/">
      <nodegraph name="NG"><image name="base"><input name="file" type="filename" value="base.tx"/></image>
      <image name="own" fileprefix=""><input name="file" type="filename" value="rough_<UDIM>.tx"/></image></nodegraph>
      <xi:include href="more.mtlx"/></materialx>""".replace("<UDIM>", "&lt;UDIM>")
    write(tmp_path / "looks/wood.mtlx", document)
    scene = text(prim('"Looks"', meta="references = @looks/wood.mtlx@</MaterialX>"))
    assert states(write(tmp_path / "shot.usda", scene)) == {
        "looks/wood.mtlx": (State.RESOLVED, "/Looks references"),
        "tex/base.tx": (State.RESOLVED, "wood.mtlx: /NG/base file"),
        "rough_<UDIM>.tx": (State.MISSING, "wood.mtlx: /NG/own file"),
        "more.mtlx": (State.RESOLVED, "wood.mtlx: xi:include"),
        "own.tx": (State.MISSING, "more.mtlx: / f"),
    }


@pytest.mark.parametrize("data", [b"<materialx", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b""])
def test_a_broken_materialx_document_is_told(tmp_path: Path, data: bytes) -> None:
    write(tmp_path / "wood.mtlx", data)
    found = report(write(tmp_path / "shot.usda", text(prim('"a"', "asset file = @./wood.mtlx@"))))
    assert found.damage == ""
    assert len(found.warnings) == 1
    assert f"{tmp_path}/wood.mtlx (used by /a file) cannot be read: " in found.warnings[0]


@pytest.mark.parametrize("name", ["shot.usdc", "shot.usd", "shot", "x.bin", "shot.usda"])
def test_crates_tell_the_same_under_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / "set.usda", text(prim('"a"', "asset file = @./wood.tx@")))
    scene = text(prim('"a"', "asset other = @./stone.tx@"), head="subLayers = [@./set.usda@]")
    found = report(crate(tmp_path / name, scene))
    assert (found.format, found.software.version.count("."), found.damage) == ("usdc", 2, "")
    assert {each.path for each in found.files} == {"./set.usda", "./wood.tx", "./stone.tx"}


@pytest.mark.parametrize("name", ["shot.usda", "shot.usd", "shot", "x.bin", "shot.usdz"])
def test_text_layers_are_read_under_any_name(tmp_path: Path, name: str) -> None:
    found = report(write(tmp_path / name, text(prim('"a"', "asset file = @./stone.tx@"))))
    assert (found.format, found.software.version, found.damage) == ("usda", "1.0", "")
    assert [each.resolved for each in found.files] == [str(tmp_path / "stone.tx")]


def test_layers_of_one_name_in_different_folders_are_different_layers(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / name / "set.usda", text(prim('"a"', "asset file = @./wood.tx@")))
    path = write(tmp_path / "shot.usda", text(head="subLayers = [@a/set.usda@, @b/set.usda@]"))
    missing = [each.resolved for each in report(path).missing]
    assert missing == [str(tmp_path / "a/wood.tx"), str(tmp_path / "b/wood.tx")]


def test_a_package_in_the_scene_is_read_too(tmp_path: Path) -> None:
    inside: dict[str, str | bytes] = {"chair.usda": text(prim('"chair"', "asset file = @wood.tx@")), "wood.tx": b"x"}
    package(tmp_path / "chair.usdz", inside)
    path = write(tmp_path / "shot.usda", text(prim('"chair"', meta="references = @./chair.usdz@</chair>")))
    assert states(path) == {
        "./chair.usdz": (State.RESOLVED, "/chair references"),
        "wood.tx": (State.PACKED, "chair.usdz[chair.usda]: /chair file"),
    }
