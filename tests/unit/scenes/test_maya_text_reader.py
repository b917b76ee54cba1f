"""How statements of .ma are read: over lines, with flags, in any code set, and when they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.report import Confidence, FrameRange, Plugin, SceneReport, Software
from support.scenes_maya import PlugIn, Scene, ascii_scene, examined, globals_, report, report_of_text, texture

GLOBALS = "select -ne :defaultRenderGlobals;"
SHORT = FrameRange(1, 3, 1, 24)
TEXTURE = 'createNode file -n "file1";'


def paths(found: SceneReport) -> list[str]:
    return [use.path for use in found.files]


def test_the_application_of_a_scene(tmp_path: Path) -> None:
    found = report(tmp_path, Scene())
    assert (found.format, found.software) == ("ma", Software("maya", "2023", "linux"))
    assert (found.confidence, found.damage, found.warnings) == (Confidence.HIGH, "", ())


@pytest.mark.parametrize(
    ("system", "platform"),
    [
        ("Microsoft Windows 10 Technical Preview  (Build 19044)\n", "windows"),
        ("Linux 5.15", "linux"),
        ("Mac OS X 10.15.7", "macos"),
        ("AIX", ""),
    ],
)
def test_the_system_that_saved_it(tmp_path: Path, system: str, platform: str) -> None:
    found = report(tmp_path, Scene(info={"product": "Maya 2023", "osv": system}))
    assert found.software.platform == platform


def test_an_update_is_no_other_version(tmp_path: Path) -> None:
    found = report(tmp_path, Scene(version="2025ff01", info={"product": "Maya 2025"}))
    assert (found.software.version, found.warnings) == ("2025", ())


def test_a_scene_that_was_saved_by_another_version_than_it_requires(tmp_path: Path) -> None:
    found = report(tmp_path, Scene(version="2025ff01", info={"product": "Maya 2024"}))
    assert found.software.version == "2025"
    assert found.warnings == ("version mismatch: the scene requires Maya 2025, but was saved by Maya 2024",)


def test_the_version_of_old_scenes_is_told_as_a_whole(tmp_path: Path) -> None:
    found = report(tmp_path, Scene(version="8.5", info={"product": "Maya Unlimited 8.5"}))
    assert (found.software.version, found.warnings) == ("8.5", ())


def test_the_header_tells_the_version_where_nothing_else_does(tmp_path: Path) -> None:
    assert report_of_text(tmp_path, GLOBALS, head="//Maya ASCII 2019 scene").software.version == "2019"


def test_plug_ins_that_are_used(tmp_path: Path) -> None:
    plug_ins = (PlugIn("mtoa", "5.2.0", ("aiImage", "aiOptions")), PlugIn("Mayatomr", "2012.0m"), PlugIn("Turtle", "1"))
    found = report(tmp_path, Scene(plug_ins=plug_ins))
    assert found.plugins == (Plugin("mtoa", "5.2.0"),)


def test_a_plug_in_that_says_nothing_is_used_if_a_node_of_it_is_there(tmp_path: Path) -> None:
    found = report_of_text(
        tmp_path,
        'requires "stereoCamera" "10.0";',
        'requires "mtoa" "5.2.0";',
        'createNode aiStandardSurface -n "skin";',
    )
    assert found.plugins == (Plugin("mtoa", "5.2.0"),)


def test_a_plug_in_that_says_nothing_is_used_if_it_renders(tmp_path: Path) -> None:
    lines = ('requires "appleseedMaya" "2.0";', 'requires "other" "1";', GLOBALS)
    found = report_of_text(tmp_path, *lines, 'setAttr ".ren" -type "string" "appleseed";')
    assert found.plugins == (Plugin("appleseedMaya", "2.0"),)


def test_old_scenes_do_not_tell_which_plug_ins_are_used(tmp_path: Path) -> None:
    lines = ('requires maya "2012";', 'requires "stereoCamera" "10.0";', 'requires "shaveNode" "7.0 ";')
    assert report_of_text(tmp_path, *lines, head="//Maya ASCII 2012 scene").plugins == (Plugin("shaveNode", "7.0"),)


def test_a_statement_may_take_many_lines(tmp_path: Path) -> None:
    found = report_of_text(
        tmp_path,
        "createNode",
        '\tfile\n-n\n"file1"',
        ";",
        'setAttr\n\t".ftn"',
        '\n\t\t-type "string"\n\n\t\t"/a/b.png"',
        ";",
    )
    assert [(use.path, use.used_by) for use in found.files] == [("/a/b.png", "file1 fileTextureName")]


def test_texts_that_are_joined_over_lines(tmp_path: Path) -> None:
    lines = (TEXTURE, 'setAttr ".ftn" -type "string" (', '\t"/textures/"\n\t\t+ "wall"', '\t\t+ ".png");')
    assert paths(report_of_text(tmp_path, *lines)) == ["/textures/wall.png"]


@pytest.mark.parametrize(
    "flags",
    ["-k on", "-av -k on", "-av -cb on", "-s 5", "-l on", "-k off -cb on", "-av -l on -k on -ca on"],
)
def test_flags_before_a_value(tmp_path: Path, flags: str) -> None:
    found = report_of_text(tmp_path, GLOBALS, f'setAttr {flags} ".fs" 7;', f'setAttr {flags} ".ef";')
    assert found.frames == FrameRange(7, 10, 1, 24)


def test_flags_without_a_value_are_no_value(tmp_path: Path) -> None:
    lines = (GLOBALS, 'setAttr ".ef" 25;', 'setAttr -k on ".ef";', 'setAttr -k off -cb on ".fs";', 'setAttr -av ".an";')
    found = report_of_text(tmp_path, *lines)
    assert found.frames == FrameRange(1, 25, 1, 24)
    assert found.renderables[0].frames == FrameRange(1, 1, 1, 24)


def test_attributes_may_have_their_long_names(tmp_path: Path) -> None:
    lines = (GLOBALS, 'setAttr ".startFrame" 3;', 'setAttr ".endFrame" 4;', 'setAttr ".byFrameStep" 0.5;')
    found = report_of_text(tmp_path, *lines, TEXTURE, 'setAttr ".fileTextureName" -type "string" "/a/b.png";')
    assert found.frames == FrameRange(3, 4, 0.5, 24)
    assert paths(found) == ["/a/b.png"]


def test_flags_may_have_their_long_names(tmp_path: Path) -> None:
    lines = (
        "currentUnit -linear centimeter -angle degree -time pal;",
        'createNode camera -name "eyeShape" -parent "eye" -shared;',
        "select -noExpand :defaultResolution;",
        'setAttr -keyable on ".width" 1280;',
    )
    found = report_of_text(tmp_path, *lines)
    assert (found.frames, found.resolution) == (FrameRange(1, 10, 1, 25), (1280, 540))
    assert found.cameras == ("eye",)


@pytest.mark.parametrize("word", ["yes", "on", "true", "1"])
def test_words_for_yes(tmp_path: Path, word: str) -> None:
    found = report_of_text(tmp_path, GLOBALS, f'setAttr ".an" {word};', 'setAttr ".ef" 3;')
    assert found.renderables[0].frames == FrameRange(1, 3, 1, 24)


@pytest.mark.parametrize("word", ["no", "off", "false", "0"])
def test_words_for_no(tmp_path: Path, word: str) -> None:
    found = report_of_text(tmp_path, GLOBALS, 'setAttr ".an" yes;', f'setAttr ".an" {word};')
    assert found.renderables[0].frames == FrameRange(1, 1, 1, 24)


def test_an_attribute_may_be_set_by_the_name_of_its_node(tmp_path: Path) -> None:
    lines = (TEXTURE, 'createNode file -n "file2";', 'setAttr "file1.ftn" -type "string" "/a/b.png";')
    assert [use.used_by for use in report_of_text(tmp_path, *lines).files] == ["file1 fileTextureName"]


@pytest.mark.parametrize(
    "line",
    [
        'setAttr "defaultRenderGlobals.endFrame" 3;',
        "setAttr defaultRenderGlobals.endFrame 3;",
        "setAttr -av -k on :defaultRenderGlobals.ef 3;",
    ],
)
def test_the_settings_need_not_be_selected(tmp_path: Path, line: str) -> None:
    assert report_of_text(tmp_path, line, 'setAttr "other.endFrame" 9;').frames == SHORT


@pytest.mark.parametrize(
    "line",
    [
        'setAttr -type "string" ".ftn" "/a/b.png";',
        'setAttr -av -type "string" file1.fileTextureName "/a/b.png";',
        'setAttr .ftn -type "string" "/a/b.png";',
    ],
)
def test_the_words_of_a_statement_in_another_order(tmp_path: Path, line: str) -> None:
    assert paths(report_of_text(tmp_path, TEXTURE, line)) == ["/a/b.png"]


@pytest.mark.parametrize(
    "line", ["setAttr;", "setAttr .fs;", "setAttr nothing 5;", 'setAttr -type "double3" .fs 1 2 3;', "setAttr .fs $x;"]
)
def test_words_that_set_nothing(tmp_path: Path, line: str) -> None:
    found = report_of_text(tmp_path, GLOBALS, line, 'setAttr ".ef" 3;')
    assert (found.frames, found.damage) == (SHORT, "")


def test_names_in_the_outermost_name_space(tmp_path: Path) -> None:
    lines = ('createNode file -n ":file1";', 'setAttr ".ftn" -type "string" "/a/b.png";')
    assert [use.used_by for use in report_of_text(tmp_path, *lines).files] == ["file1 fileTextureName"]


@pytest.mark.parametrize(
    "line", ["file;", "file -rdi 1 -r;", 'file -rdi 1 -rfn "xRN" $path;', "requires;", "fileInfo;"]
)
def test_statements_that_lack_something(tmp_path: Path, line: str) -> None:
    found = report_of_text(tmp_path, line, GLOBALS, 'setAttr ".ef" 3;')
    assert (found.frames, found.files, found.damage) == (SHORT, (), "")


def test_semicolons_quotes_and_comments_in_texts(tmp_path: Path) -> None:
    lines = (
        'createNode script -n "script1";',
        'setAttr ".b" -type "string" "// say \\"hello; world\\"; \\n\\t\\\\";',
        '// setAttr ".ef" 99; it\'s a comment with a " in it',
        GLOBALS,
        'setAttr ".ifp" -type "string" "a;b//c\\"d\\\\e";',
        'setAttr ".ef" 12;',
    )
    found = report_of_text(tmp_path, *lines)
    assert found.frames == FrameRange(1, 12, 1, 24)
    assert found.renderables[0].output == 'a;b//c"d\\e'
    assert found.damage == ""


def test_comments_over_lines(tmp_path: Path) -> None:
    lines = ('/* setAttr ".ef" 9; "', "*/", GLOBALS, '/**/ setAttr ".ef" 3; /*;*/')
    found = report_of_text(tmp_path, *lines)
    assert (found.frames, found.damage) == (SHORT, "")
    found = report_of_text(tmp_path, GLOBALS, 'setAttr ".ef" 3;', "/*;" * 100_000)
    assert found.frames == SHORT
    assert found.damage.startswith("damaged at byte ")


def test_what_a_reference_was_asked_to_do_is_no_statement(tmp_path: Path) -> None:
    options = 'VERS|2023|UVER|undef|MADE|undef|\\"requires maya\\" \\"2011\\";'
    line = f'file -rdi 1 -ns "x" -rfn "xRN" -op "{options}" -typ "mayaBinary" "/a/x.mb";'
    found = report_of_text(tmp_path, line, 'requires maya "2023";')
    assert found.software.version == "2023"
    assert [(use.path, use.used_by) for use in found.files] == [("/a/x.mb", "xRN file")]


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\r\r\n", b"\n\n", b"\n\r"])
def test_line_ends_of_any_kind(tmp_path: Path, end: bytes) -> None:
    scene = Scene(nodes=[globals_(ifp="a b", an=True), texture("file1", "C:\\a\\b.png")], unit="pal")
    path = tmp_path / "x.bin"
    path.write_bytes(ascii_scene(scene).replace(b"\n", end))
    found = examined(path)
    assert (found.frames, found.software.version) == (FrameRange(1, 10, 1, 25), "2023")
    assert (paths(found), found.renderables[0].output) == (["C:\\a\\b.png"], "a b")
    assert (found.damage, found.warnings[1:]) == ("", ())


@pytest.mark.parametrize(
    ("codeset", "codec", "name"),
    [
        ("UTF-8", "utf-8", "場景/Straße.png"),
        ("1252", "cp1252", "Straße/é.png"),
        ("936", "gbk", "场景/木头.png"),
        # The second byte of these letters is a back-slash, which is no escape then.
        ("932", "cp932", "ソ表能/十.png"),
        ("950", "cp950", "功許/蓋.png"),
        ("949", "cp949", "나무.png"),
    ],
)
def test_names_in_the_code_set_of_the_scene(tmp_path: Path, codeset: str, codec: str, name: str) -> None:
    scene = Scene(nodes=[texture("file1", f"/a/{name}"), globals_(ef=3)])
    path = tmp_path / "x.bin"
    path.write_bytes(ascii_scene(scene, codeset, codec))
    found = examined(path)
    assert (paths(found), found.frames, found.damage) == ([f"/a/{name}"], SHORT, "")


def test_a_letter_that_holds_a_back_slash_may_end_a_text(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(ascii_scene(Scene(nodes=[globals_(ifp="表", ef=3), texture("f", "/表")]), "932", "cp932"))
    found = examined(path)
    assert (found.renderables[0].output, paths(found), found.frames) == ("表", ["/表"], SHORT)


def test_bytes_that_are_no_letters_of_the_code_set_cost_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(ascii_scene(Scene(nodes=[texture("file1", "/a/é.png"), globals_(ef=3)]), "nonsense", "cp1252"))
    found = examined(path)
    assert (found.frames, len(found.files), found.damage) == (SHORT, 1, "")


def test_a_text_without_an_end_costs_the_rest_of_its_line(tmp_path: Path) -> None:
    lines = (GLOBALS, 'setAttr ".ef" 12;', 'setAttr ".pram" -type "string" "oh', 'setAttr ".fs" 5;')
    found = report_of_text(tmp_path, *lines)
    assert found.frames == FrameRange(5, 12, 1, 24)
    assert "a statement has no end" in found.damage


def test_a_scene_that_is_cut_off_between_statements(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    whole = ascii_scene(Scene(nodes=[globals_(fs=5, ef=12)]))
    path.write_bytes(whole[: whole.index(b"// End")])
    found = examined(path)
    assert found.frames == FrameRange(5, 12, 1, 24)
    assert found.warnings == ("the scene does not end as Maya ends one: it may be cut off",)


def test_a_scene_that_is_cut_off_within_a_statement(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    whole = ascii_scene(Scene(nodes=[globals_(fs=5, ef=12)]))
    path.write_bytes(whole[: whole.index(b" 12;")])
    found = examined(path)
    assert found.frames == FrameRange(5, 10, 1, 24)
    assert found.damage != ""


@pytest.mark.parametrize("number", ["1e999", "nan", "inf", "-", "1e", "--1", "0x10"])
def test_what_is_no_number_is_no_value(tmp_path: Path, number: str) -> None:
    found = report_of_text(tmp_path, GLOBALS, f'setAttr ".fs" {number};', 'setAttr ".ef" 1e1;')
    assert found.frames == FrameRange(1, 10, 1, 24)


def test_numbers_of_blocks_are_skipped(tmp_path: Path) -> None:
    numbers = "\n\t\t".join("0.5 -1e-05 2" for _ in range(10_000))
    lines = (
        'createNode mesh -n "meshShape";',
        f'setAttr -s 30000 ".vt[0:29999]"\n\t\t{numbers};',
        f'setAttr ".fc[0:9]" -type "polyFaces"\n\t\tf 4 0 1 2 3\n\t\tmu 0 4 0 1 2 3 {numbers};',
        GLOBALS,
        'setAttr ".ef" 3;',
    )
    found = report_of_text(tmp_path, *lines)
    assert (found.frames, found.damage) == (SHORT, "")


def test_scripts_are_not_run(tmp_path: Path) -> None:
    script = 'setAttr \\"defaultRenderGlobals.ef\\" 99; file -r \\"/evil.ma\\";\\nsystem(\\"touch x\\");'
    found = report_of_text(tmp_path, 'createNode script -n "s";', f'setAttr ".b" -type "string" "{script}";')
    assert (found.frames, found.files) == (FrameRange(1, 10, 1, 24), ())


def test_attributes_of_overrides_whose_names_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "scene"
    path.write_bytes(
        b'//Maya ASCII 2023 scene\ncreateNode absOverride -n "o";\n'
        b'\taddAttr -sn "a\xf4v" -ln "attrValue" -dv "\xe11" -at "double";\n'
        b'select -ne :defaultRenderGlobals;\n\tsetAttr ".an" yes;\n\tsetAttr ".fs" 7;\n// End of scene\n'
    )
    made = examined(path)
    assert made.damage == ""
    assert made.frames is not None
    assert made.frames.start == 7
