"""The renderers' drafts: OpenJD accepts them, and what cannot be is refused before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from rendermill.farm.blueprint import Blueprint, instantiate
from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.base import JobDraft
from rendermill.renderers.blender import DEVICES, EEVEE_WARNING, BlenderWishes
from rendermill.renderers.blender import draft as blender_draft
from rendermill.renderers.command import draft as command_draft
from rendermill.renderers.encode.step import commands, encode_step
from rendermill.scenes.report import FileUse, FrameRange, Renderable, SceneReport, Software, State
from rendermill.software.blender.installations import Installation

OUTPUT = PurePosixPath("/proj/out")
BLENDER = Installation((4, 5), Path("/opt/blender/bin/python"), is_module=True)
RANGE = FrameRange(1, 10, 1, 24.0)
LAYER = Renderable(
    name="Scene/ViewLayer",
    kind="view_layer",
    frames=RANGE,
    cameras=("Camera",),
    resolution=(96, 64),
    renderer="CYCLES",
    output="//render/",
    enabled=True,
    scene="Scene",
    layer="ViewLayer",
    format="PNG",
    active=True,
)
REPORT = SceneReport(
    format="blend",
    software=Software("blender", "4.5"),
    frames=RANGE,
    resolution=(96, 64),
    renderer="CYCLES",
    cameras=("Camera", "Top"),
    renderables=(LAYER,),
    files=(),
)


def accepted(draft: JobDraft) -> Blueprint:
    """OpenJD takes it."""
    return instantiate(draft.template, draft.parameters)


def run_of(draft: JobDraft, step: int = 0) -> dict[str, Any]:
    action: dict[str, Any] = draft.template["steps"][step]["script"]["actions"]["onRun"]
    return action


def blend(report: SceneReport = REPORT, file: str = "/proj/shot.blend", **wishes: Any) -> JobDraft:
    return blender_draft(Path(file), report, BlenderWishes(**wishes), OUTPUT, BLENDER)


def layers(*made: Renderable) -> SceneReport:
    return replace(REPORT, renderables=made)


# --- any command -------------------------------------------------------------------------------------------------


def command(*program: str, frames: str | None = None, name: str = "job") -> JobDraft:
    return command_draft(list(program), name=name, frames=frames, output=OUTPUT)


def test_a_command_runs_once() -> None:
    draft = command("/bin/echo", "hello")
    assert run_of(draft) == {"command": "/bin/echo", "args": ["hello"]}
    assert [(step.name, step.total) for step in accepted(draft).steps] == [("run", 1)]


def test_a_command_without_arguments_is_a_command() -> None:
    assert accepted(command("true")).step("run").total == 1


def test_a_command_runs_once_a_frame() -> None:
    draft = command("render", "--frame", "{frame}", "-o", "{output}/f.png", frames="1-10x3")
    run = accepted(draft).step("run")
    assert [run.label(index) for index in range(run.total)] == ["Frame=1", "Frame=4", "Frame=7", "Frame=10"]
    assert run_of(draft)["args"] == ["--frame", "{{Task.Param.Frame}}", "-o", "{{Param.OutputDir}}/f.png"]


def test_a_command_writes_to_the_output_folder() -> None:
    blueprint = accepted(command("true"))
    assert blueprint.output_parameters == ("OutputDir",)
    assert blueprint.parameters["OutputDir"].value == "/proj/out"


@pytest.mark.parametrize(
    "argument", ["", "a b", "awk '{print $1}'", "{other}", "{", "}", "two\nlines", "é日本", "'\"`$(x)"]
)
def test_arguments_stay_as_they_are(argument: str) -> None:
    draft = command("sh", "-c", argument)
    assert run_of(draft)["args"] == ["-c", argument]
    accepted(draft)


@pytest.mark.parametrize("program", [[], [""], ["", "x"]])
def test_no_program_is_refused(program: list[str]) -> None:
    with pytest.raises(BadInputError, match="no program") as caught:
        command(*program)
    assert caught.value.where == "command"


def test_a_frame_without_frames_is_refused() -> None:
    with pytest.raises(BadInputError, match="without frames") as caught:
        command("render", "{frame}")
    assert caught.value.where == "command"


def test_a_wrong_range_is_refused() -> None:
    with pytest.raises(BadInputError, match="backwards"):
        command("render", "{frame}", frames="10-1")


def test_many_frames_in_no_order_are_a_job_too() -> None:
    frames = [number * number for number in range(1, 300)]
    draft = command("render", "{frame}", frames=",".join(map(str, frames)))
    run = accepted(draft).step("run")
    assert run.label(run.total - 1) == f"Frame={frames[-1]}"


# --- Blender -----------------------------------------------------------------------------------------------------


def test_a_scene_renders_the_frames_that_it_stores() -> None:
    render = accepted(blend()).step("render")
    assert (render.total, render.label(0), render.label(9)) == (10, "Frame=1", "Frame=10")


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(FrameRange(5, 9, 2, 24.0), "5-9:2"), (FrameRange(7, 7, 1, 24.0), "7"), (FrameRange(1, 3, 0, 24.0), "1-3")],
)
def test_a_scene_s_own_step_counts(frames: FrameRange, expected: str) -> None:
    draft = blend(layers(replace(LAYER, frames=frames)))
    assert draft.parameters["Frames"] == expected
    accepted(draft)


def test_wished_frames_replace_the_scene_s() -> None:
    assert accepted(blend(frames="1-100x50,7")).step("render").total == 3


def test_every_wish_reaches_the_session() -> None:
    wishes: dict[str, Any] = {
        "engine": "CYCLES",
        "samples": 8,
        "resolution": 50,
        "camera": "Top",
        "scene": "Scene",
        "layer": "ViewLayer",
        "format": "OPEN_EXR",
        "device": "CPU",
        "pattern": "sub/f_####",
    }
    draft = blend(**wishes)
    enter = draft.template["steps"][0]["stepEnvironments"][0]["script"]["actions"]["onEnter"]["args"]
    settings = dict(each.split("=", 1) for each in enter[2:])
    values = {f"{{{{Param.{name}}}}}": value for name, value in draft.parameters.items()}
    assert {name: values[settings[name]] for name in wishes} == wishes
    accepted(draft)


def test_a_scene_without_wishes_changes_nothing() -> None:
    parameters = blend().parameters
    assert [parameters[name] for name in ("Engine", "Camera", "SceneName", "ViewLayer", "Format", "Device")] == [""] * 6
    assert (parameters["Samples"], parameters["Resolution"], parameters["AutoRun"]) == (0, 0, "false")
    assert parameters["Pattern"] == "shot_####"
    assert parameters["BlenderVersion"] == "4.5"


def test_scripts_run_only_where_that_was_wished() -> None:
    assert accepted(blend(auto_run=True)).parameters["AutoRun"].value == "true"


@pytest.mark.parametrize(
    "file",
    [
        "/proj/" + "long" * 60 + ".blend",
        "/proj/a b é 日本.blend",
        '/proj/it\'s "quoted" = $x.blend',
        "/proj/.blend",
        "/proj/{{shot}}_v01.blend",
        "/proj/}}odd{{.blend",
        "/proj/#1 50%d logo@2x *?.blend",
    ],
)
@pytest.mark.parametrize("movie", ["", "movie.mp4"])
def test_a_scene_may_have_any_name(file: str, movie: str) -> None:
    blueprint = accepted(blend(file=file, movie=movie))
    assert blueprint.parameters["Scene"].value == file
    assert blueprint.name


@pytest.mark.parametrize(
    ("wishes", "where", "said"),
    [
        ({"camera": "Side"}, "camera", "It has: Camera, Top"),
        ({"scene": "Other"}, "scene", "It has: Scene"),
        ({"layer": "Other"}, "layer", "It has: ViewLayer"),
        ({"device": "ABACUS"}, "device", "CPU"),
        ({"samples": -1}, "samples/resolution", "positive"),
        ({"resolution": -5}, "samples/resolution", "positive"),
        ({"resolution": 1001}, "samples/resolution", "positive"),
        ({"frames": "9-3"}, "frames", "backwards"),
        ({"movie": "sub/movie.mp4"}, "movie", "NAME.mp4"),
        ({"movie": "movie.avi"}, "movie", "NAME.mp4"),
        ({"movie": "m{{x}}.mp4"}, "movie", "double braces"),
        ({"frames": "-1"}, "frames", "0 to 1048574"),
        ({"frames": "-5,3"}, "frames", "no frame -5"),
        ({"frames": "1048570-1048575"}, "frames", "no frame 1048575"),
        ({"pattern": "/tmp/x_####"}, "pattern", "--output"),
        ({"pattern": "//x_####"}, "pattern", "--output"),
        ({"pattern": "../x_####"}, "pattern", "NAME_####"),
        ({"pattern": "a/../../x_####"}, "pattern", "NAME_####"),
        ({"pattern": "a\\..\\..\\x_####"}, "pattern", "NAME_####"),
        ({"pattern": ".."}, "pattern", "NAME_####"),
        ({"pattern": "two\nlines_####"}, "pattern", "NAME_####"),
        ({"pattern": "bell\a_####"}, "pattern", "NAME_####"),
        ({"pattern": "x", "movie": "m.mp4"}, "pattern", "x####"),
        ({"pattern": "x_##/x", "movie": "m.mp4"}, "pattern", "x_##/x####"),
        ({"pattern": "x/", "movie": "m.mp4"}, "pattern", "x/####"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_saying_what_can(wishes: dict[str, Any], where: str, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        blend(**wishes)
    assert caught.value.where == where
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["two\nlines", "tab\tin name", "bell\a", "del\x7f"])
def test_a_scene_after_which_no_file_can_be_named_is_refused(name: str) -> None:
    with pytest.raises(BadInputError, match="control characters") as caught:
        blend(file=f"/proj/{name}.blend")
    assert caught.value.where == repr(f"{name}.blend")
    accepted(blend(file=f"/proj/{name}.blend", pattern="x_####"))


@pytest.mark.parametrize("pattern", ["x", "x_##/x", "a..b/x_####", ".../x_####", "sub/f_####.png", "{blend_name}_#"])
def test_a_pattern_below_the_output_folder_stays_as_it_is(pattern: str) -> None:
    assert blend(pattern=pattern).parameters["Pattern"] == pattern


def test_a_pattern_with_backslashes_has_folders_as_for_blender() -> None:
    assert blend(pattern="beauty\\x_####").parameters["Pattern"] == "beauty/x_####"


def test_blender_s_first_and_last_frame_are_taken() -> None:
    assert accepted(blend(frames="0,1048574")).step("render").total == 2


@pytest.mark.parametrize("device", [*DEVICES, "optix"])
def test_devices_are_known_in_any_case(device: str) -> None:
    accepted(blend(device=device))


def test_a_camera_that_may_come_from_a_library_is_taken() -> None:
    library = FileUse("//set.blend", "library set.blend", State.RESOLVED, "/proj/set.blend", 1, ("/proj/set.blend",))
    accepted(blend(replace(REPORT, files=(library,)), camera="Side"))


def test_a_scene_without_a_camera_is_refused_and_others_are_named() -> None:
    bare = replace(LAYER, cameras=())
    with pytest.raises(BadInputError, match="--camera: Camera, Top"):
        blend(layers(bare))
    with pytest.raises(BadInputError, match="Add a camera"):
        blend(replace(layers(bare), cameras=()))
    accepted(blend(layers(bare), camera="Top"))


def test_the_first_layer_that_renders_gives_the_frames() -> None:
    off = replace(LAYER, layer="Off", enabled=False, frames=FrameRange(1, 2, 1, 24.0))
    assert accepted(blend(layers(off, LAYER))).step("render").total == 10
    assert accepted(blend(layers(off))).step("render").total == 2


def test_another_scene_of_the_file_gives_its_own_frames() -> None:
    other = replace(LAYER, scene="Other", active=False, frames=FrameRange(1, 3, 1, 30.0))
    assert accepted(blend(layers(LAYER, other))).step("render").total == 10
    assert accepted(blend(layers(LAYER, other), scene="Other")).step("render").total == 3


def test_what_the_submitter_should_know_is_a_warning() -> None:
    missing = FileUse("//tex.png", "image Wood", State.MISSING, "/proj/tex.png", 0)
    report = replace(REPORT, warnings=("it is old",), files=(missing,))
    assert blend(report, engine="BLENDER_EEVEE_NEXT").warnings == (
        "it is old",
        EEVEE_WARNING,
        "missing: /proj/tex.png (used by image Wood)",
    )
    assert blend().warnings == ()


# --- encode ------------------------------------------------------------------------------------------------------


def test_a_movie_waits_for_its_frames() -> None:
    blueprint = accepted(blend(movie="movie.mp4"))
    assert [(step.name, step.depends, step.total) for step in blueprint.steps] == [
        ("render", (), 10),
        ("movie", ("render",), 1),
    ]


@pytest.mark.parametrize("pattern", ["f_####", "deep/er/f_####"])
def test_a_movie_is_made_of_the_frames_where_they_are(pattern: str) -> None:
    arguments = encode_step("m.mp4", 24.0, pattern, after="render")["script"]["actions"]["onRun"]["args"]
    assert arguments[-2:] == ["--literal", "{{Param.OutputDir}}/" + pattern]
    assert arguments[arguments.index("--output") + 1] == "{{Param.OutputDir}}/m.mp4"


@pytest.mark.parametrize(
    ("fps", "expected"),
    [(24.0, "24/1"), (29.97002997002997, "30000/1001"), (23.976023976, "24000/1001"), (12.5, "25/2"), (0.5, "1/2")],
)
def test_broken_rates_are_fractions(fps: float, expected: str) -> None:
    arguments = encode_step("m.mp4", fps, "f_####", after="render")["script"]["actions"]["onRun"]["args"]
    assert arguments[arguments.index("--fps") + 1] == expected


@pytest.mark.parametrize(
    "movie", ["", "movie", "movie.mov", "a/b.mp4", ".mp4", "/abs.mp4", "nul\0.mp4", "m.mp4\n", "a\nb.mp4"]
)
def test_a_movie_is_a_file_name(movie: str) -> None:
    with pytest.raises(BadInputError) as caught:
        encode_step(movie, 24.0, "f_####", after="render")
    assert caught.value.where == "movie"


def test_the_encode_command_quotes_its_python() -> None:
    assert "exec '/opt/my python/bin/python' -P -m" in commands("/opt/my python/bin/python")["rendermill-encode"]
