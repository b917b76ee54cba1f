"""task.json, scene_info_render, frame ranges, and what jobs they become."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.doors.rayvision.codes import Code, code_of
from rendermill.doors.rayvision.json_text import MAX_DEPTH, parse_json, parse_object
from rendermill.doors.rayvision.parts import renderables
from rendermill.doors.rayvision.ranges import PreFrames, parse_range, write_chunk, write_range
from rendermill.doors.rayvision.taskfile import TaskFile, read_task_file
from rendermill.farm.blueprint import instantiate
from rendermill.farm.model.errors import BadInputError, RendermillError
from rendermill.farm.model.hardware import hardware_word, rounded_memory
from rendermill.farm.model.software import SOFTWARE, software_text, software_word
from rendermill.renderers.adapter import AdapterApplication
from rendermill.renderers.blender.request import BlenderApplication
from rendermill.renderers.request import Application, FrameSpaces, Part, Request, requested_job
from support.campaign import fixed
from support.rayvision import task_json


def read(task: dict[str, Any]) -> TaskFile:
    return read_task_file(json.dumps(task).encode())


def refused(task: dict[str, Any]) -> RendermillError:
    with pytest.raises(RendermillError) as caught:
        renderables(read(task))
    return caught.value


# --- ranges ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("7", (7,)),
        ("1-3", (1, 2, 3)),
        ("1-10[1]", tuple(range(1, 11))),
        ("1-10[3]", (1, 4, 7, 10)),
        ("1,3-4[1], 8", (1, 3, 4, 8)),
        ("5,1-2", (1, 2, 5)),
        ("0", (0,)),
    ],
)
def test_ranges_are_read(text: str, frames: tuple[int, ...]) -> None:
    assert parse_range(text, "frames") == frames


@pytest.mark.parametrize("text", ["", "a", "1-", "3-1", "1-10[0]", "1-10[", "1-2000000", "1-3[1][1]", "1-10x2x", "½"])
def test_what_is_no_range_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_range(text, "task_info.frames")
    assert caught.value.where == "task_info.frames"


@given(st.sets(st.integers(-50, 500), min_size=1, max_size=40))
@fixed(200)
def test_what_is_written_is_read_again(frames: set[int]) -> None:
    ascending = tuple(sorted(frames))
    assert parse_range(write_range(ascending), "frames") == ascending


@pytest.mark.parametrize(
    ("expression", "shown"),
    [("7", "7"), ("2-4", "2-4[1]"), ("1-9:2", "1-9[2]"), ("1,5", "1,5"), ("2,3", "2-3[1]"), ("1-3,7", "1-3[1],7")],
)
def test_chunks_are_shown_as_the_api_has_them(expression: str, shown: str) -> None:
    assert write_chunk(expression) == shown


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("000", ()),
        ("100", (1,)),
        ("010", (5,)),
        ("001", (10,)),
        ("111", (1, 5, 10)),
        ("000:1,3-4[1]", (1, 3, 4)),
        ("100:12", (1, 12)),
    ],
)
def test_priority_frames(text: str, first: tuple[int, ...]) -> None:
    assert PreFrames.parse(text, "pre_frames").of(tuple(range(1, 11))) == first


@pytest.mark.parametrize("text", ["", "1", "2000", "100,1", "abc", "100:"])
def test_what_names_no_priority_frames_is_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        PreFrames.parse(text, "pre_frames")


# --- JSON --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1,]",
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": -Infinity}',
        '"\\ud800"',
        '{"\\udc00": 1}',
        "[" * 10_000,
        "1" * 5000,
    ],
)
def test_json_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(RendermillError) as caught:
        parse_json(text, "body")
    assert code_of(caught.value) is Code.INVALID


def test_json_may_be_nested_so_deep_and_no_deeper() -> None:
    assert parse_json("[" * (MAX_DEPTH - 1) + "1" + "]" * (MAX_DEPTH - 1), "x")
    with pytest.raises(RendermillError, match="nested"):
        parse_json("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH, "x")


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"'])
def test_an_object_is_an_object(text: str) -> None:
    with pytest.raises(RendermillError, match="no JSON object"):
        parse_object(text, "body")


# --- task.json ---------------------------------------------------------------------------------------------------

ANALYSED = {
    "input_cg_file": "D:/show/a.hip",
    "input_project_path": "",
    "task_id": "",
    "user_id": "",
    "project_id": "",
    "project_name": None,
    "cg_id": "2004",
    "platform": "2",
    "channel": "4",
    "os_name": "1",
    "ram": "64",
    "pre_frames": "000",
    "frames_per_task": "1",
    "job_stop_time": "259200",
    "task_stop_time": "0",
    "time_out": "43200",
    "stop_after_test": "2",
    "tiles_type": "block",
    "tiles": "1",
    "is_layer_rendering": "1",
    "enable_layered": "0",
    "is_distribute_render": "0",
    "distribute_render_node": "3",
    "render_layer_type": "0",
    "is_picture": "0",
    "hardwareConfigId": "",
    "hardwareConfigIds": ["12"],
    "graphics_cards_num": "2",
    "test_frames": "000",
    "multi_node": "0",
    "geo_node_dependency": "1",
    "concurrent_tasks": "1",
}


def test_what_analyses_write_is_taken() -> None:
    task = task_json()
    task["task_info"] = ANALYSED
    found = read({**task, "scene_info": {"anything": [1, {"x": None}]}, "additional_info": {"shot": "sh010"}})
    assert (found.task_info.ram, found.task_info.hardwareConfigIds, found.task_info.user_id) == (64, [12], None)
    assert found.software.name == "houdini"


@pytest.mark.parametrize("name", ["input_cg_file", "cg_id"])
def test_what_must_be_there_is_named(name: str) -> None:
    task = task_json()
    del task["task_info"][name]
    error = refused(task)
    assert (code_of(error), error.where) == (Code.MISSING, f"task_info.{name}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tiles", "4"),
        ("tiles_type", "cube"),
        ("is_distribute_render", "1"),
        ("multi_node", "1"),
        ("pack_node_id", "7"),
        ("concurrent_tasks", "3"),
        ("frames_per_task", "0"),
        ("frames_per_task", "x"),
        ("job_stop_time", "-1"),
        ("stop_after_test", "3"),
        ("os_name", "2"),
        ("channel", "5"),
        ("ram", "lots"),
        ("unheard_of", "1"),
        ("hardwareConfigIds", "12"),
        ("input_cg_file", ""),
        ("is_picture", "yes"),
    ],
)
def test_what_would_not_be_honoured_is_refused_and_named(name: str, value: Any) -> None:
    error = refused(task_json(**{name: value}))
    assert (code_of(error), error.where) == (Code.INVALID, f"task_info.{name}")


@pytest.mark.parametrize("number", ["1999", "x", "", "2004.5"])
def test_an_application_that_is_none_is_refused(number: str) -> None:
    task = task_json()
    task["task_info"]["cg_id"] = number
    assert refused(task).where == "task_info.cg_id"


@pytest.mark.parametrize("name", ["unheard_of", "Layers"])
def test_unknown_members_of_the_file_are_named(name: str) -> None:
    error = refused({**task_json(), name: 1})
    assert (code_of(error), error.where) == (Code.INVALID, name)


def test_an_application_and_its_number_must_agree() -> None:
    task = task_json()
    task["software_config"]["cg_name"] = "Maya"
    assert refused(task).where == "software_config.cg_name"


@pytest.mark.parametrize(
    ("cg_id", "name"),
    [
        ("2005", "C4d"),
        ("2005", "CINEMA 4D"),
        ("2001", "3ds Max"),
        ("2001", "max"),
        ("2008", "vr_standalone"),
        ("2020", "unreal engine"),
        ("2004", "HOUDINI"),
    ],
)
def test_an_application_may_be_written_as_clients_do(cg_id: str, name: str) -> None:
    task = task_json(cg_id=2004)
    task["task_info"]["cg_id"] = cg_id
    task["software_config"]["cg_name"] = name
    read(task)


def test_layers_are_mayas() -> None:
    assert refused({**task_json(), "layers": ["a"]}).where == "layers"
    read({**task_json(), "layers": []})


def test_additional_information_is_bounded() -> None:
    assert refused({**task_json(), "additional_info": {"x": "y" * 70_000}}).where == "additional_info"


def test_blenders_version_is_what_it_is_installed_by() -> None:
    task = task_json(2007)
    for given_version, version in (("4.5.3", "4.5"), ("4.5", "4.5"), ("2.79b", "2.79b")):
        task["software_config"]["cg_version"] = given_version
        assert read(task).version == version


# --- what is to be rendered --------------------------------------------------------------------------------------


def names(task: dict[str, Any]) -> list[str]:
    return [each.name for each in renderables(read(task))]


def test_houdini_nodes_that_are_on_are_rendered() -> None:
    task = task_json(geo_node_dependency="1")
    task["scene_info_render"] = {
        "geo_node": [{"node": "/obj/sim", "frames": "1-3[1]", "option": "0", "render": "1"}],
        "rop_node": [
            {
                "node": "/out/a",
                "frames": "1-10[1]",
                "option": "-1",
                "render": "1",
                "camera": "/obj/cam1",
                "width": "640",
            },
            {"node": "/out/off", "frames": "1-10[1]", "option": "-1", "render": "0"},
        ],
        "distributedsim_node": [{"node": "/out/hq", "render": "0"}],
    }
    sim, rop = renderables(read(task))
    assert (sim.name, rop.name, rop.camera, rop.after) == ("/obj/sim", "/out/a", "/obj/cam1", ("/obj/sim",))
    assert rop.settings == {"camera": "/obj/cam1", "option": "-1", "width": "640"}


def test_maya_layers_are_those_that_are_chosen_or_on_each_with_its_cameras() -> None:
    task = task_json(2000)
    common = {"frames": "", "start": "1", "end": "9", "by_frame": "4", "render_camera": ["cam1", "cam2"]}
    task["scene_info_render"] = {
        "beauty": {"renderable": "1", "common": common},
        "off": {"renderable": "0", "common": {"frames": "1"}},
    }
    assert names(task) == ["beauty_cam1", "beauty_cam2"]
    assert renderables(read(task))[0].frames == (1, 5, 9)
    assert names({**task, "layers": ["off"]}) == ["off"]
    assert refused({**task, "layers": ["none"]}).where == "layers"


def test_clarisse_images_and_their_layers() -> None:
    task = task_json(2013)
    layers = [{"name": "project://scene/image/bg", "frames": "1", "renderable": "1"}]
    task["scene_info_render"]["image_node"][0]["layers"] = layers
    assert names(task) == ["project://scene/image", "project://scene/image/bg"]


def test_blender_scenes_and_cameras() -> None:
    task = task_json(2007)
    common = {"frames": "1-2", "scene_name": ["A", "B"], "camera_name": ["x", "y"], "Output_path": "C:\\tmp\\shot_###"}
    task["scene_info_render"] = {"common": {**common, "width": "64", "height": "32", "Render_Format": "PNG"}}
    assert names(task) == ["A_x", "A_y", "B_x", "B_y"]
    wanted = {"scene": "A", "camera": "x", "pattern": "shot_###", "width": "64", "height": "32", "format": "PNG"}
    assert renderables(read(task))[0].settings == wanted


@pytest.mark.parametrize("cg_id", [2000, 2004, 2007, 2013])
@pytest.mark.parametrize("empty", [{}, None])
def test_nothing_to_render_is_refused(cg_id: int, empty: Any) -> None:
    task = task_json(cg_id)
    if empty is None:
        del task["scene_info_render"]
    else:
        task["scene_info_render"] = empty
    error = refused(task)
    assert (code_of(error), error.where) == (Code.INVALID, "scene_info_render")


def test_everything_switched_off_is_nothing_to_render() -> None:
    task = task_json()
    task["scene_info_render"]["rop_node"][0]["render"] = "0"
    assert refused(task).where == "scene_info_render"


def test_too_much_is_refused_before_it_is_counted_out() -> None:
    task = task_json()
    node = task["scene_info_render"]["rop_node"][0]
    task["scene_info_render"]["rop_node"] = [{**node, "node": f"/out/{n}", "frames": "1-900000"} for n in range(1000)]
    assert refused(task).where == "scene_info_render"


@pytest.mark.parametrize(
    "change",
    [
        {"common": {"frames": "1-2", "tiles": "2"}},
        {"common": {"frames": "1-2"}, "more": 1},
        {"common": {"frames": "1-2", "width": "wide"}},
        {"common": []},
        {"common": {"width": "1"}},
        {"common": {"frames": "1", "camera_name": [1]}},
    ],
)
def test_a_blender_scenes_members_are_honoured_or_refused(change: Any) -> None:
    assert str(refused({**task_json(2007), "scene_info_render": change}).where).startswith("scene_info_render")


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "1", "1-3", "/out/a", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["common", "frames", "render", "node", "name", "renderable", "layers", "rop_node", "image_node", "a"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([2000, 2004, 2007, 2013]), _json)
@fixed(400)
def test_any_scene_info_is_read_or_refused(cg_id: int, scene: Any) -> None:
    try:
        found = renderables(read({**task_json(cg_id), "scene_info_render": scene}))
    except RendermillError:
        return
    assert found
    assert all(each.frames and each.name for each in found)


# --- jobs --------------------------------------------------------------------------------------------------------


def request(*parts: Part, **settings: Any) -> Request:
    words = {"software": "blender", "version": "4.5", "scene": PurePosixPath("/D/a b.blend")}
    return Request(**{**words, "parts": parts, "output": PurePosixPath("/out"), **settings})


@pytest.mark.parametrize("application", [BlenderApplication(), AdapterApplication()])
def test_a_request_becomes_a_template_that_openjd_takes(application: Application) -> None:
    parts = (
        Part("/out/mantra1", (1, 2, 3, 4), (1,), {"camera": "{{x}} é"}, "mantra1"),
        Part("/out/mantra1!", (5,), (), {}, "m2", after=("/out/mantra1",)),
    )
    made = requested_job(request(*parts, chunk=2, memory=2000, plugins={"mtoa": "3.2"}), application)
    job = instantiate(made.template, made.parameters)
    assert [step.name for step in job.steps] == ["out_mantra1-test", "out_mantra1", "out_mantra1-2"]
    assert made.first == ("out_mantra1-test",)
    assert made.steps == {"/out/mantra1": ("out_mantra1-test", "out_mantra1"), "/out/mantra1!": ("out_mantra1-2",)}
    assert job.steps[2].depends == ("out_mantra1-test", "out_mantra1")
    assert [str(job.steps[1].parameters(index)["Frame"].value) for index in range(2)] == ["2,3", "4"]
    assert job.steps[0].requirements.attributes[SOFTWARE] == ((), ("blender_4-5", "mtoa_3-2"))
    assert job.steps[0].requirements.memory == 2000


def test_frames_that_go_first_are_rendered_once() -> None:
    made = requested_job(request(Part("a", (1, 2, 3), (1, 2, 3))), BlenderApplication())
    assert [step["name"] for step in made.template["steps"]] == ["a-test"]


def test_a_thousand_parts_of_one_name_have_steps_of_their_own() -> None:
    made = requested_job(request(*(Part("ü" * 100 + str(n), (1,)) for n in range(1000))), AdapterApplication())
    assert len({step["name"] for step in made.template["steps"]}) == 1000


def test_a_thousand_parts_with_settings_are_a_job() -> None:
    settings = {"camera": "/obj/cam", "width": "640", "height": "480", "odd": "{{x}}"}
    parts = (Part(f"/out/rop{n}", (n, n + 7), (n,), {**settings, "odd": str(n)}, f"rop{n}") for n in range(1000))
    made = requested_job(request(*parts), AdapterApplication())
    assert len(instantiate(made.template, made.parameters).steps) == 2000
    spaces = FrameSpaces(made.template)
    assert (spaces.expression("out_rop7-test", 0), spaces.expression("out_rop7", 0)) == ("7", "14")


@pytest.mark.parametrize(
    "part",
    [
        Part("a", (-1,)),
        Part("a", (1_048_575,)),
        Part("a", (1,), settings={"format": "FFMPEG"}),
        Part("a", (1,), folder="../b"),
    ],
)
def test_what_blender_does_not_have_is_refused(part: Part) -> None:
    with pytest.raises(BadInputError):
        requested_job(request(part), BlenderApplication())


# --- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version", "word", "text"),
    [
        ("houdini", "17.5", "houdini_17-5", "houdini 17.5"),
        ("3ds-max", "2022", "x-3ds-max_2022", "x-3ds-max 2022"),
        ("cinema4d", "R19 SP-1", "cinema4d_R19_SP--1", "cinema4d R19 SP-1"),
        ("Arnold for Maya!", "3.2.1.1", "arnold-for-maya_3-2-1-1", "arnold-for-maya 3.2.1.1"),
        ("blender", "", "blender", "blender"),
        ("插件", "", "unnamed", "unnamed"),
    ],
)
def test_software_has_a_word_and_the_word_a_text(name: str, version: str, word: str, text: str) -> None:
    assert software_word(name, version) == word
    assert software_text(word) == text


@pytest.mark.parametrize(
    ("mebibytes", "gigabytes"),
    [(500, 1), (7900, 8), (21_900, 21), (62_700, 64), (64_000, 64), (128_800, 128), (200_000, 195)],
)
def test_memory_is_what_people_say(mebibytes: float, gigabytes: int) -> None:
    assert rounded_memory(mebibytes) == gigabytes
    assert hardware_word(16, mebibytes, 2) == f"c16_m{gigabytes}_g2"
