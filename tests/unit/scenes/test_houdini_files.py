"""The files that a Houdini scene names: parameters, variables, look-ups, assets, takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.findings import Findings, Source
from rendermill.scenes.houdini import read
from rendermill.scenes.report import Confidence, FileUse, State
from support.scenes_houdini import Bound, Hip, Parms, take, takes, used


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def one(hip: Hip, folder: Path, user: str = "/obj/geo1/file1 file") -> FileUse:
    return used(hip.report(folder))[user]


def reading(value: str | Bound, **more: str) -> Hip:
    """A scene with one node that reads a file."""
    return Hip(variables=more).node("/obj/geo1/file1", "file", {"filemode": "read", "file": value})


# --- paths and variables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("$HIP/tex/a.exr", "tex/a.exr"),
        ("${HIP}/tex/a.exr", "tex/a.exr"),
        ("tex/a.exr", "tex/a.exr"),
        ("$HIP/tex/../tex/with blank.exr", "tex/with blank.exr"),
        ("$HIP/$HIPNAME.exr", "shot.exr"),
        ("${HIPNAME}_$OS.exr", "shot_file1.exr"),
        ("$HIPFILE:r.exr", "shot.exr"),
        ("$HIPFILE:h/a.exr", "a.exr"),
        ("$HIP/$HIPFILE:t:r.exr", "shot.exr"),
        ("$HIP/$SHOT/$ACTIVETAKE.exr", "s010/Main.exr"),
        ("$HIP/$NESTED/a.exr", "lib/s010/a.exr"),
        ("$HIP/`opname('..')`/a.exr", "geo1/a.exr"),
        ("$HIP/`padzero(3,7)`.exr", "007.exr"),
        ("$HIP/v`2+1`.exr", "v3.exr"),
        ("`strcat($HIP,'/a.exr')`", "a.exr"),
        ('`chs("../ctl/folder")`/a.exr', "from/ctl/a.exr"),
        ("$HIP\\tex\\a.exr", "tex/a.exr"),
    ],
)
def test_paths_that_can_be_known(tmp_path: Path, raw: str, name: str) -> None:
    hip = reading(raw, SHOT="s010", NESTED="lib/$SHOT", ACTIVETAKE="Main")
    hip.node("/obj/geo1/ctl", "null", {"folder": "$HIP/from/$OS"})
    make(tmp_path, name)
    use = one(hip, tmp_path)
    assert (use.path, use.state, use.resolved, use.count) == (raw, State.RESOLVED, str(tmp_path / name), 1)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("$SHOW/a.exr", "variable $SHOW"),
        ("$HIP/$F4_x.exr", "variable $F4_x"),
        ("$HIP/`pythonexprs('1')`.exr", "expression pythonexprs('1')"),
        ("$HIP/`@wedgeindex`.exr", "expression @wedgeindex"),
        ("$HIP/`chs('../gone/file')`.exr", "expression chs('../gone/file')"),
        ("$HIP/`ifs(1,'a','b')`.exr", "expression ifs(1,'a','b')"),
        ("`chs('../file1/file')`", "expressions nested too deeply at /obj/geo1/file1"),
        ("$LOOP/a.exr", "expressions nested too deeply at /obj/geo1/file1"),
    ],
)
def test_paths_that_cannot(tmp_path: Path, raw: str, reason: str) -> None:
    use = one(reading(raw, LOOP="$LOOP"), tmp_path)
    assert (use.path, use.state, use.reason, use.resolved) == (raw, State.UNRESOLVED, reason, "")


@pytest.mark.parametrize("raw", ["$HH/pic/a.pic", "$HFS/houdini/a.bgeo", "default.bgeo", "defcam.bgeo", "circle.pic"])
def test_what_comes_with_houdini(tmp_path: Path, raw: str) -> None:
    use = one(reading(raw), tmp_path)
    assert (use.path, use.state) == (raw, State.BUILT_IN)


@pytest.mark.parametrize("raw", ["", "op:/obj/geo2", "opdef:/Sop/x?a.exr", "temp:$OS.rat", "oplib:/a?b", "ip", "md"])
def test_what_is_no_file(tmp_path: Path, raw: str) -> None:
    assert reading(raw).report(tmp_path).files == ()


@pytest.mark.parametrize(
    ("raw", "shown", "there"),
    [
        ("$HIP/c.$F4.bgeo", "c.####.bgeo", ("c.0001.bgeo", "c.0002.bgeo")),
        ("$HIP/c.$F.bgeo", "c.#.bgeo", ("c.1.bgeo", "c.22.bgeo")),
        ("$HIP/c.${F3}.bgeo", "c.###.bgeo", ("c.001.bgeo",)),
        ("$HIP/c.$SF4.bgeo", "c.####.bgeo", ("c.0007.bgeo",)),
        ("$HIP/c.$FF.bgeo", "c.#.bgeo", ("c.1.bgeo", "c.1.25.bgeo")),
        ("$HIP/c.`padzero(3,$F+10)`.bgeo", "c.###.bgeo", ("c.011.bgeo",)),
        ("$HIP/c.`$F-1`.bgeo", "c.#.bgeo", ("c.0.bgeo",)),
        ("$HIP/c.<UDIM>.bgeo", "c.<UDIM>.bgeo", ("c.1001.bgeo", "c.1002.bgeo")),
        ("$HIP/c.%(UDIM)d.bgeo", "c.<UDIM>.bgeo", ("c.1001.bgeo",)),
    ],
)
def test_sequences_and_tiles(tmp_path: Path, raw: str, shown: str, there: tuple[str, ...]) -> None:
    make(tmp_path, *there, "c.x.bgeo", "other.0001.bgeo")
    use = one(reading(raw), tmp_path)
    assert (use.state, use.resolved) == (State.PATTERN, str(tmp_path / shown))
    assert use.files == tuple(str(tmp_path / name) for name in sorted(there))


def test_the_scene_s_name_is_the_one_it_has_now_or_else_had(tmp_path: Path) -> None:
    hip = reading("$HIP/$HIPNAME.abc", HIP="/old", HIPNAME="v1", HIPFILE="/old/v1.hip")
    make(tmp_path, "v1.abc")
    assert one(hip, tmp_path).resolved == str(tmp_path / "v1.abc")
    make(tmp_path, "shot.abc")
    assert one(hip, tmp_path).resolved == str(tmp_path / "shot.abc")


def test_in_old_versions_the_name_has_its_extension(tmp_path: Path) -> None:
    make(tmp_path, "shot.hip.abc")
    assert one(reading("$HIP/$HIPNAME.abc", HIPNAME="start.hip"), tmp_path).state is State.RESOLVED


def test_what_lay_beside_the_scene_is_found_beside_it(tmp_path: Path) -> None:
    make(tmp_path, "tex/a.exr")
    use = one(reading("E:/Show/shot/TEX/A.exr", HIP="E:/show/Shot"), tmp_path)
    assert (use.state, use.resolved, use.remapped) == (State.RESOLVED, str(tmp_path / "tex/a.exr"), True)


def test_the_job_is_the_one_that_was_saved(tmp_path: Path) -> None:
    make(tmp_path, "here/a.exr")
    hip = reading("$JOB/a.exr", JOB="/jobs/x")
    assert one(hip, tmp_path).resolved == "/jobs/x/a.exr"
    report = hip.report(tmp_path, maps=(("/jobs/x", str(tmp_path / "here")),))
    assert used(report)["/obj/geo1/file1 file"].resolved == str(tmp_path / "here/a.exr")


# --- channels ----------------------------------------------------------------------------------------------------


def test_a_channel_says_what_is_meant_and_not_what_was_saved(tmp_path: Path) -> None:
    hip = reading(Bound('"$HIP/tex/a.exr"', "/home/x/tex/a.exr"))
    make(tmp_path, "tex/a.exr")
    use = one(hip, tmp_path)
    assert (use.path, use.state) == ("$HIP/tex/a.exr", State.RESOLVED)


def test_mentions_by_look_ups_are_one_file(tmp_path: Path) -> None:
    """An asset's parameter, which nodes inside of it look up; these were saved with absolute paths of elsewhere."""
    hip = Hip(variables={"HIP": "C:/show"}).node("/obj/mat", "studio::mat", {"tex_1": "$HIP/tex/a.jpg"})
    hip.asset("studio::Object/mat", "/a/mat.hda", script="parm {\n name tex_#\n type image\n}")
    for name in ("one", "two"):
        bound = Bound('chs("../../tex_1")', "C:/show/tex/a.jpg")
        hip.node(f"/obj/mat/net/{name}", "principledshader::2.0", {"basecolor_texture": bound})
    report = hip.report(tmp_path)
    [use] = [use for use in report.files if use.path.endswith(".jpg")]
    assert (use.path, use.state, use.resolved) == ("$HIP/tex/a.jpg", State.MISSING, str(tmp_path / "tex/a.jpg"))
    users = "/obj/mat tex_1, /obj/mat/net/one basecolor_texture, /obj/mat/net/two basecolor_texture"
    assert use.used_by == users


def test_a_channel_that_cannot_be_known(tmp_path: Path) -> None:
    use = one(reading(Bound("hou.pwd().name()", "/x/a.exr")), tmp_path)
    assert (use.path, use.state, use.reason) == ("/x/a.exr", State.UNRESOLVED, "expression hou.pwd().name()")


# --- which parameters name files ---------------------------------------------------------------------------------


def test_a_dialog_script_tells_which(tmp_path: Path) -> None:
    script = """
    parm {
        name    "plain"
        type    string
    }
    parm {
        name    "geometry"
        type    geometry
    }
    parm {
        name    "target"
        type    file
        parmtag { "filechooser_mode" "write" }
    }
    multiparm {
        name    "maps"
        parm {
            name    "map#"
            type    image
        }
    }
"""
    values = {"plain": "word/word", "geometry": "$HIP/shape", "target": "$HIP/made", "map2": "$HIP/m", "x": "a b"}
    hip = Hip().asset("studio::Sop/tool::1.0", "$HIP/tool.hda", script=script)
    hip.node("/obj/geo1/t", "studio::tool::1.0", values)
    report = hip.report(tmp_path)
    assert {user: use.state for user, use in used(report).items()} == {
        "studio::Sop/tool::1.0": State.MISSING,
        "/obj/geo1/t geometry": State.MISSING,
        "/obj/geo1/t target": State.OUTPUT,
        "/obj/geo1/t map2": State.MISSING,
    }
    assert {use.confidence for use in report.files} == {Confidence.HIGH}


@pytest.mark.parametrize(
    ("enable", "mode", "is_missed"), [("off", "0", False), ("on", "0", True), ("on", "point", True), ("on", "1", False)]
)
def test_a_parameter_out_of_use_is_not_missed(tmp_path: Path, enable: str, mode: str, is_missed: bool) -> None:
    """What the word of a menu has to do with its number is not known: then it is in use."""
    script = 'parm {\n name "tex"\n type image\n disablewhen "{ enable == 0 } { mode == 1 enable != 0 }"\n}'
    hip = Hip().asset("Sop/tool", "/a/tool.hda", script=script)
    hip.node("/obj/geo1/t", "tool", {"tex": "$HIP/a.exr", "enable": enable, "mode": mode})
    assert ("/obj/geo1/t tex" in used(hip.report(tmp_path))) is is_missed
    make(tmp_path, "a.exr")
    assert used(hip.report(tmp_path))["/obj/geo1/t tex"].state is State.RESOLVED


def test_a_parameter_that_was_added_to_a_node(tmp_path: Path) -> None:
    spare = 'parm {\n name "RS_objprop_proxy_file"\n type file\n disablewhen "{ RS_objprop_proxy_enable == 0 }"\n}'
    values = {"RS_objprop_proxy_file": "$HIP/p.rs", "mine": "$HIP/mine.dat0", "RS_objprop_proxy_enable": "off"}
    added = spare + '\nparm {\n name "mine"\n type file\n}'
    assert Hip().node("/obj/g", "geo", values, spare=spare).report(tmp_path).files == ()
    values["mine"] = "$HIP/mine.csv"
    use = one(Hip().node("/obj/g", "geo", values, spare=added), tmp_path, "/obj/g mine")
    assert (use.state, use.confidence) == (State.MISSING, Confidence.HIGH)


@pytest.mark.parametrize(
    ("type_", "parm", "confidence"),
    [
        ("file", "file", Confidence.HIGH),
        ("alembic", "fileName", Confidence.HIGH),
        ("cam", "vm_background", Confidence.HIGH),
        ("redshift::TextureSampler", "tex0", Confidence.HIGH),
        ("arnold::image", "filename", Confidence.HIGH),
        ("pxrtexture::3.0", "filename", Confidence.HIGH),
        ("mtlximage", "file", Confidence.HIGH),
        ("someones_node", "file", Confidence.HIGH),
        ("someones_node", "file_name", Confidence.LOW),
        ("someones_node", "anything", Confidence.LOW),
    ],
)
def test_parameters_without_a_dialog_script(tmp_path: Path, type_: str, parm: str, confidence: Confidence) -> None:
    make(tmp_path, "a.exr")
    use = one(Hip().node("/obj/n", type_, {parm: "$HIP/a.exr"}), tmp_path, f"/obj/n {parm}")
    assert (use.state, use.confidence) == (State.RESOLVED, confidence)


@pytest.mark.parametrize(
    ("parm", "value"),
    [
        ("text", "see a.exr"),
        ("url", "https://example.com/a.exr"),
        ("mask", "*.exr"),
        ("objpath", "/obj/geo1/out.v2"),
        ("format", ".exr"),
        ("snippet", "@Cd = colormap('a.exr');"),
        ("soho_program", "$HFS/x/afanasy_soho.py"),
        ("taskgraphfile", "$HIP/$HIPNAME.taskgraph.$F.py"),
        ("pdg_workingdir", "$HIP"),
        ("rendergallerysource", "$HIP/galleries/rendergallery.db"),
        ("hq_hip", "$HIP/a.abc"),
        ("prerender", "$HIP/a.abc"),
    ],
)
def test_what_does_not_look_like_a_file(tmp_path: Path, parm: str, value: str) -> None:
    assert Hip().node("/obj/n", "someones_node", {parm: value}).report(tmp_path).files == ()


def test_an_unknown_extension_on_a_parameter_for_files(tmp_path: Path) -> None:
    use = one(Hip().node("/obj/n", "3dCoat", {"file_name": "$HIP/mySphere.3b"}), tmp_path, "/obj/n file_name")
    assert (use.path, use.state, use.confidence) == ("$HIP/mySphere.3b", State.MISSING, Confidence.LOW)


def test_a_second_value_beside_a_path(tmp_path: Path) -> None:
    hip = Hip().node("/img/c/f", "file", {"filename": ("$HIP/a.$F4.exr", 'cinspace lin cinlut ""')})
    assert one(hip, tmp_path, "/img/c/f filename").path == "$HIP/a.$F4.exr"


def test_a_folder(tmp_path: Path) -> None:
    """All that is in it counts; the scene's own folder, and those above, would be too much."""
    script = 'parm {\n name "dir"\n type directory\n}\nparm {\n name "out_dir_output"\n type directory\n}'
    hip = Hip().asset("Sop/tool", "/a/tool.hda", script=script)
    hip.node("/obj/t", "tool", {"dir": "$HIP/lib", "out_dir_output": "$HIP/made"})
    make(tmp_path, "lib/a.exr", "lib/deep/b.exr")
    use = one(hip, tmp_path, "/obj/t dir")
    assert (use.state, use.count) == (State.PATTERN, 2)
    assert one(hip, tmp_path, "/obj/t out_dir_output").state is State.OUTPUT
    for above in ("$HIP", "$HIP/..", "/"):
        hip.node("/obj/t", "tool", {"dir": above})
        assert "/obj/t dir" not in used(hip.report(tmp_path))


def test_a_bypassed_node_still_names_its_file(tmp_path: Path) -> None:
    hip = Hip().node("/obj/geo1/file1", "file", {"file": "$HIP/a.bgeo"}, bypass=True)
    assert one(hip, tmp_path).state is State.MISSING


# --- what is written ---------------------------------------------------------------------------------------------


def test_outputs_are_not_missed_and_a_cache_that_is_there_is_read(tmp_path: Path) -> None:
    hip = reading("render/cache.$F4.bgeo").rop("geometry", "/out/c", sopoutput='`chs("/obj/geo1/file1/file")`')
    use = one(hip, tmp_path)
    assert (use.path, use.state, use.used_by) == (
        "render/cache.$F4.bgeo",
        State.OUTPUT,
        "/out/c sopoutput, /obj/geo1/file1 file",
    )
    make(tmp_path, "render/cache.0001.bgeo")
    assert one(hip, tmp_path).state is State.PATTERN


def test_what_reads_a_file_that_is_written_says_its_path(tmp_path: Path) -> None:
    hip = reading("$HIP/box.rs").rop("Redshift_Proxy_Output", "/obj/geo1/box", RS_archive_file="$HIP/$OS.rs")
    use = one(hip, tmp_path)
    assert (use.path, use.state) == ("$HIP/box.rs", State.OUTPUT)


@pytest.mark.parametrize(
    ("value", "path"),
    [("$HIP/render/$OS.$F4.exr", "render/mantra1.####.exr"), ("$HIP/$(CHANNEL).exr", "$(CHANNEL).exr"), ("$X/a", "")],
)
def test_outputs_are_as_written(tmp_path: Path, value: str, path: str) -> None:
    use = one(Hip().rop(vm_picture=value), tmp_path, "/out/mantra1 vm_picture")
    assert (use.path, use.state, use.resolved) == (value, State.OUTPUT, str(tmp_path / path) if path else "")


@pytest.mark.parametrize(("loads", "state"), [("on", State.MISSING), ("off", State.OUTPUT)])
def test_a_file_cache_that_loads_needs_its_files(tmp_path: Path, loads: str, state: State) -> None:
    hip = Hip().rop("filecache", "/obj/geo1/fc", file="$HIP/geo/$OS.$F.bgeo.sc", loadfromdisk=loads)
    use = one(hip, tmp_path, "/obj/geo1/fc file")
    assert (use.state, use.resolved) == (state, str(tmp_path / "geo/fc.#.bgeo.sc"))
    make(tmp_path, "geo/fc.1.bgeo.sc")
    assert one(hip, tmp_path, "/obj/geo1/fc file").state is State.PATTERN


def test_a_file_cache_2_makes_its_path(tmp_path: Path) -> None:
    parms: Parms = {
        "filemethod": "0",
        "basedir": "$HIP/geo",
        "basename": "$HIPNAME.$OS",
        "filetype": ".bgeo.sc",
        "enableversion": "on",
        "version": 3,
        "timedependent": "on",
        "loadfromdisk": "on",
        "file": "$HIP/unused.bgeo",
        "sopoutput": "`x()`",
    }
    make(tmp_path, "geo/shot.fc/v3/shot.fc_v3.0001.bgeo.sc")
    use = one(Hip().rop("filecache::2.0", "/obj/geo1/fc", parms), tmp_path, "/obj/geo1/fc sopoutput")
    assert (use.state, use.count) == (State.PATTERN, 1)


@pytest.mark.parametrize(
    ("mode", "wired", "state"),
    [
        ("read", True, State.MISSING),
        ("write", True, State.OUTPUT),
        ("auto", True, State.OUTPUT),
        ("auto", False, State.MISSING),
    ],
)
def test_a_file_node_reads_or_writes(tmp_path: Path, mode: str, wired: bool, state: State) -> None:
    hip = Hip().node("/obj/geo1/box1", "box")
    inputs = ("box1",) if wired else ()
    hip.node("/obj/geo1/file1", "file", {"file": "$HIP/a.bgeo", "filemode": mode}, inputs=inputs)
    assert one(hip, tmp_path).state is state


# --- assets, takes, stages ---------------------------------------------------------------------------------------


def test_libraries_that_do_not_come_with_houdini(tmp_path: Path) -> None:
    hip = Hip(variables={"JOB": "/jobs/x"})
    hip.asset("Sop/color", "/opt/hfs20.5.410/houdini/otls/OPlibSop.hda", "otls/OPlibSop.hda")
    hip.asset("Sop/a", "C:/PROGRA~1/SIDEEF~1/HOUDIN~1.293/houdini/otls/x.hda", "otls/x.hda")
    hip.asset("Sop/b", "C:/Program Files/Side Effects Software/Houdini 19.0/houdini/otls/x.hda")
    hip.asset("Sop/c", "/Applications/Houdini/Houdini20.5/Frameworks/Houdini.framework/Versions/x.hda")
    hip.asset("Sop/lone", "/opt/hfs/houdini/otls").asset("Sop/dummy", "Embedded").asset("Vop/exp", "otls/OPlibVop.otl")
    hip.asset("studio::Sop/t::1", "D:/Studio/otls/T.hda", "otls/T.hda").asset(
        "studio::Sop/t::2", "D:/Studio/otls/T.hda"
    )
    hip.entries[".OPlibraries"] = b"$JOB/otls/extra.otl\n"
    make(tmp_path, "Studio/otls/t.hda")
    found = {use.path: (use.state, use.used_by) for use in hip.report(tmp_path).files}
    assert found == {
        "D:/Studio/otls/T.hda": (State.RESOLVED, "studio::Sop/t::1, studio::Sop/t::2"),
        "$JOB/otls/extra.otl": (State.MISSING, ".OPlibraries"),
    }


def test_libraries_of_a_plug_in_come_with_it(tmp_path: Path) -> None:
    path = "C:/ProgramData/Redshift/Redshift_3_0_66/Plugins/Houdini/19.0.531/otls/redshift_ipr.hda"
    assert one(Hip().asset("Driver/Redshift_IPR", path), tmp_path, "Driver/Redshift_IPR").state is State.BUILT_IN


def test_a_take_names_files_of_its_own(tmp_path: Path) -> None:
    hip = reading("$HIP/a.bgeo")
    key = ("/obj/geo1/file1", "file")
    hip.takes = takes(take("Main", 1, {key: "$HIP/a.bgeo"}), take("low", 0, {key: "$HIP/low.bgeo"}, 2))
    assert {user: use.path for user, use in used(hip.report(tmp_path)).items()} == {
        "/obj/geo1/file1 file": "$HIP/a.bgeo",
        "/obj/geo1/file1 file (take low)": "$HIP/low.bgeo",
    }


@pytest.mark.parametrize(("name", "is_followed"), [("set.usda", True), ("set.USD", True), ("set.abc", False)])
def test_layers_of_a_stage_are_followed(tmp_path: Path, name: str, is_followed: bool) -> None:
    found = Findings()
    hip = Hip().node("/stage/sub", "sublayer", {"filepath1": f"$HIP/{name}"})
    hip.rop("usd_rop", "/stage/write", lopoutput="$HIP/made.usd")
    read(Source(tmp_path / "shot.hip", hip.data(), tmp_path), found)
    follows = {reference.user: reference.follow for reference in found.references}
    assert follows == {"/stage/sub filepath1": is_followed, "/stage/write lopoutput": False}
