"""The files that Clarisse projects mention, and projects that are damaged or made to do harm."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rendermill.scenes.clarisse import read
from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.findings import Findings, Role, Source
from rendermill.scenes.report import Confidence, FileUse, SceneReport, State
from support.scenes_clarisse import block, context, image, item, preferences, project, write

FPS = "frames_per_second 25"


def report(path: Path) -> SceneReport:
    return examine(path, (), Listener())


def uses(folder: Path, *lines: str, class_name: str = "TextureMapFile") -> dict[str, FileUse]:
    """The files of one object, by their path as written."""
    text = project(context("scene", item(class_name, "tex", *lines)), preferences(FPS))
    return {use.path: use for use in report(write(folder, text)).files}


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_a_file_is_named_by_its_object_and_attribute(tmp_path: Path) -> None:
    touch(tmp_path, "wood.exr")
    (use,) = uses(tmp_path, f'filename "{tmp_path}/wood.exr"').values()
    assert (use.used_by, use.state, use.resolved) == (
        "project://scene/tex filename",
        State.RESOLVED,
        f"{tmp_path}/wood.exr",
    )
    assert use.confidence is Confidence.HIGH


def test_the_files_of_the_preferences_are_none_of_the_project(tmp_path: Path) -> None:
    assert uses(tmp_path, 'filename ""', "filenames <empty>") == {}


def test_an_attribute_may_name_several_files(tmp_path: Path) -> None:
    touch(tmp_path, "a.abc")
    found = uses(tmp_path, 'filenames "$PDIR/a.abc" "$PDIR/b.abc" "$PDIR/a.abc"', class_name="GeometryBundleAlembic")
    assert {path: use.state for path, use in found.items()} == {
        "$PDIR/a.abc": State.RESOLVED,
        "$PDIR/b.abc": State.MISSING,
    }


def test_declared_attributes_of_the_type_of_a_file_are_files(tmp_path: Path) -> None:
    touch(tmp_path, "x.png")
    declared = block(
        "custom_attributes",
        block(
            'attribute_group "input"',
            block(
                'filename_open "OSL_filename"', 'doc "the picture, as in pictures/example.png"', 'value "$PDIR/x.png"'
            ),
            block('filename_save "bake_to"', 'value "$PDIR/baked.exr"'),
            block('string "mode"', 'preset "Fast" "0"', 'value "Fast"'),
        ),
    )
    found = uses(tmp_path, declared, class_name="TextureOslFile")
    assert {path: (use.used_by, use.state) for path, use in found.items()} == {
        "$PDIR/x.png": ("project://scene/tex OSL_filename", State.RESOLVED),
        "$PDIR/baked.exr": ("project://scene/tex bake_to", State.OUTPUT),
    }


def test_what_looks_like_a_file_elsewhere_is_one_with_low_confidence(tmp_path: Path) -> None:
    lines = (
        'shader "/lib/noise.oso"',
        block("proxy", 'source "/lib/box.abc"', "yes"),
        'materials "project://default/x.exr"',
        'comment "see /doc/ref.png"',
        'note "version 1.2"',
    )
    found = uses(tmp_path, *lines, class_name="Thing")
    assert {path: (use.used_by, use.confidence) for path, use in found.items()} == {
        "/lib/noise.oso": ("project://scene/tex shader", Confidence.LOW),
        "/lib/box.abc": ("project://scene/tex proxy.source", Confidence.LOW),
    }


def test_numbers_and_switches_beside_a_file_are_no_files(tmp_path: Path) -> None:
    lines = ("use_filename yes", "filename_offset 12", 'filename_mode "sequence"')
    assert list(uses(tmp_path, *lines)) == ["sequence"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("$PDIR/wood.exr", "wood.exr"),
        ("${PDIR}/wood.exr", "wood.exr"),
        ("$PDIR:/wood.exr", "wood.exr"),
        (r"$PDIR\\maps\\wood.exr", "maps/wood.exr"),
        ("maps/wood.exr", "maps/wood.exr"),
        ("$CDIR/wood.exr", "wood.exr"),
        ("$PDIR/$PNAME:_wood.exr", "scene_wood.exr"),
        ("$PDIR/wood_$FPS:fps.exr", "wood_25fps.exr"),
    ],
)
def test_variables_of_clarisse_are_known(tmp_path: Path, written: str, name: str) -> None:
    touch(tmp_path, name)
    (use,) = uses(tmp_path, f'filename "{written}"').values()
    assert (use.state, use.resolved) == (State.RESOLVED, f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("$PDIR/s_$F:_x.exr", "s_#_x.exr"),
        ("$PDIR/s_$4F:_x.exr", "s_####_x.exr"),
        ("$PDIR/s_$F4:_x.exr", "s_####_x.exr"),
        ("$PDIR/s_####_x.exr", "s_####_x.exr"),
        ("$PDIR/s_<UDIM>_x.exr", "s_<UDIM>_x.exr"),
        ("$PDIR/s_$T:_x.exr", "s_$T_x.exr"),
    ],
)
def test_frames_and_tiles_are_patterns(tmp_path: Path, written: str, shown: str) -> None:
    touch(tmp_path, "s_1001_x.exr", "s_1002_x.exr", "s_y_x.exr")
    (use,) = uses(tmp_path, f'filename "{written}"').values()
    assert (use.state, use.count, use.resolved) == (State.PATTERN, 2, f"{tmp_path}/{shown}")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("$JOB/wood.exr", "variable $JOB"),
        ("$CTEMP/wood.exr", "variable $CTEMP"),
        ("c:/my_image_$F_final.exr", "variable $F_final"),
        ("${ASSETS}/$SHOW/wood.exr", "variable $ASSETS, $SHOW"),
    ],
)
def test_variables_of_the_artist_are_not_known(tmp_path: Path, written: str, reason: str) -> None:
    (use,) = uses(tmp_path, f'filename "{written}"').values()
    assert (use.state, use.reason, use.resolved) == (State.UNRESOLVED, reason, "")


def test_what_ships_with_clarisse_is_built_in(tmp_path: Path) -> None:
    (use,) = uses(tmp_path, 'filename "$CLARISSE_BIN_DIR/x.exr"').values()
    assert use.state is State.BUILT_IN


def test_an_expression_that_drives_a_name_is_not_evaluated(tmp_path: Path) -> None:
    touch(tmp_path, "old.exr")
    driven = block("filename", 'value "$PDIR/old.exr"', 'expression[0] "get_string(\\"x\\")"')
    (use,) = uses(tmp_path, driven).values()
    assert (use.path, use.state, use.reason) == ("$PDIR/old.exr", State.UNRESOLVED, "expression")


def test_an_output_with_an_unknown_variable_is_an_output(tmp_path: Path) -> None:
    text = project(context("s", image("i", 'save_as "$JOB/img.####"')), preferences(FPS))
    (use,) = report(write(tmp_path, text)).files
    assert (use.state, use.reason) == (State.OUTPUT, "variable $JOB")


def test_projects_that_a_context_refers_to_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, "lib/beside.exr", "main.exr")
    lines = ('filename "$CDIR/beside.exr"', 'filename_b "$PDIR/main.exr"')
    below = project(context("s", item("TextureMapFile", "t", *lines)), preferences(FPS))
    write(tmp_path / "lib", below, "set.project")
    above = project(block('Reference "set"', 'filename "$PDIR/lib/set.project"'), preferences(FPS))
    found = {use.path: use for use in report(write(tmp_path, above)).files}
    assert found["$PDIR/lib/set.project"].used_by == "project://set filename"
    assert found["$CDIR/beside.exr"].resolved == f"{tmp_path}/lib/beside.exr"
    assert found["$PDIR/main.exr"].resolved == f"{tmp_path}/main.exr"


def test_a_directive_that_names_another_project_is_followed_too(tmp_path: Path) -> None:
    write(tmp_path, project(item("TextureMapFile", "t", 'filename "$CDIR/a.exr"')), "other.project")
    found = report(write(tmp_path, project('#reference "other.project"')))
    assert [use.path for use in found.files] == ["other.project", "$CDIR/a.exr"]


def test_paths_of_windows_stay_as_they_are(tmp_path: Path) -> None:
    (use,) = uses(tmp_path, r'filename "D:\\tex\\wood.exr"').values()
    assert (use.path, use.state, use.resolved) == (r"D:\tex\wood.exr", State.MISSING, "D:/tex/wood.exr")


def test_names_in_no_known_coding_are_found(tmp_path: Path) -> None:
    name = b"w\xff.exr".decode("utf-8", "surrogateescape")
    touch(tmp_path, name)
    path = write(tmp_path, "")
    path.write_bytes(b'#Isotropix_Serial_Version 1.2\nTextureMapFile {\n    name "t"\n    filename "w\xff.exr"\n}\n')
    (use,) = report(path).files
    assert (use.state, use.files) == (State.RESOLVED, (f"{tmp_path}/{name}",))


CUT = project(
    context("s", image("i", "first_frame 1", "last_frame 2"), item("TextureMapFile", "t", 'filename "a.exr"')),
    preferences(FPS),
)


@pytest.mark.parametrize("at", [len(CUT) - 3, CUT.index("a.exr") + 2, CUT.index("a.exr") + 6])
def test_of_a_project_that_was_cut_off_the_rest_is_told(tmp_path: Path, at: int) -> None:
    found = report(write(tmp_path, CUT[:at]))
    assert found.damage.startswith("damaged at byte ")
    assert [each.name for each in found.renderables] == ["project://s/i"]


def test_where_a_quote_is_missing_is_told(tmp_path: Path) -> None:
    text = CUT.replace('"a.exr"', '"a.exr')
    assert report(write(tmp_path, text)).damage == f"damaged at byte {text.rindex(chr(34))}: a quoted text has no end"


def test_a_brace_too_many_is_told_and_passed_over(tmp_path: Path) -> None:
    text = CUT.replace("#preferences", "}\n#preferences")
    found = report(write(tmp_path, text))
    assert found.damage == f"damaged at byte {text.index('}' + chr(10) + '#pref')}: a block ends that has not begun"
    assert found.frames is not None and found.frames.fps == 25


@pytest.mark.parametrize(
    "hostile",
    [
        b"A {\n" * 500_000,
        b"}\n" * 200_000,
        b'A "' * 500_001,
        b'A "' + b"\\" * 2_000_001,
        b"/ " * 500_000,
        b'""' * 500_000,
        b'A {\nfilename "' + b"$A" * 500_000 + b'"\n}',
        b'A {\nfilename "' + b"#/" * 500_000 + b'"\n}',
        b"A {\ncolor {\nvalue " + b"1 " * 1_000_000 + b"\n}\n}",
        b"\0" * 1_000_000,
    ],
    ids=["open", "close", "quotes", "escapes", "slashes", "empty", "variables", "frames", "numbers", "zeros"],
)
def test_no_text_takes_long(hostile: bytes) -> None:
    found = Findings()
    started = time.process_time()
    read(Source(Path("/s/x.project"), b"#Isotropix_Serial_Version 1.2\n" + hostile, Path("/s")), found)
    assert time.process_time() - started < 4


def test_progress_is_told_on_the_way() -> None:
    told: list[float] = []
    lines = b"".join(b'A { name "a" }\n' for _ in range(30_000))
    read(Source(Path("/s/x.project"), lines, Path("/s"), progress=told.append), Findings())
    assert told == sorted(told)
    assert len(told) > 2 and 0.3 < told[-1] < 1


def test_an_object_says_the_same_thing_twice_but_is_heard_once() -> None:
    found = Findings()
    text = project(item("T", "t", 'filename "a.exr"', 'filename "a.exr"', 'filename "b.exr"'))
    read(Source(Path("/s/x.project"), text.encode(), Path("/s")), found)
    assert [(each.raw, each.role) for each in found.references] == [("a.exr", Role.INPUT), ("b.exr", Role.INPUT)]
