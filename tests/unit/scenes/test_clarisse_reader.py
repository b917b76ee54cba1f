"""What is read of Clarisse projects that the tests write: what renders, when, and through what."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import FrameRange, Plugin, SceneReport, Software
from support.scenes_clarisse import block, context, image, item, preferences, project, write

FPS = "frames_per_second 25"


def report(folder: Path, *blocks: str, version: str = "4") -> SceneReport:
    path = write(folder, project(*blocks, version=version))
    return examine(path, (), Listener())


def layer(name: str, *lines: str, class_name: str = "Layer3d") -> str:
    return item(class_name, name, *lines)


def test_the_version_is_that_of_clarisse(tmp_path: Path) -> None:
    found = report(tmp_path, preferences(FPS), version="3.5")
    assert (found.format, found.software) == ("project", Software("clarisse", "3.5"))
    assert found.damage == ""


def test_an_image_and_its_layers_are_named_by_their_place_in_the_project(tmp_path: Path) -> None:
    layers = (layer("background"), layer("fog", "first_frame 3"))
    found = report(
        tmp_path,
        context("shots", context("sh010", image("beauty", "first_frame 1", "last_frame 9", layers=layers))),
        preferences(FPS),
    )
    assert [(each.name, each.kind, each.layer) for each in found.renderables] == [
        ("project://shots/sh010/beauty", "image", ""),
        ("project://shots/sh010/beauty.background", "layer", "background"),
        ("project://shots/sh010/beauty.fog", "layer", "fog"),
    ]
    assert [each.frames for each in found.renderables] == [
        FrameRange(1, 9, 1, 25),
        FrameRange(1, 9, 1, 25),
        FrameRange(3, 9, 1, 25),
    ]


def test_what_an_image_tells_of_itself(tmp_path: Path) -> None:
    lines = ("first_frame 10", "last_frame 20.5", "frame_step 2", 'save_as "/out/img.####"', "format 2", 'LUT "linear"')
    deep = layer("bg", "enable_deep_output yes", 'save_deep_data_as "/out/deep"', 'save_as "/out/bg"')
    found = report(tmp_path, context("a", image("i", *lines, layers=(deep,))), preferences(FPS))
    picture, background = found.renderables
    assert picture.frames == FrameRange(10, 20.5, 2, 25)
    assert (picture.output, picture.format) == ("/out/img.####", "2")
    assert picture.details == {
        "name": "project://a/i",
        "frames": "10-20.5[2]",
        "renderable": True,
        "output": "/out/img.####",
        "format": "2",
        "LUT": "linear",
        "save_to_disk": True,
        "resolution_multiplier": "",
        "layers": [dict(background.details)],
    }
    assert background.details["enable_deep_output"] is True
    assert background.details["enable_deep_output_path"] == "/out/deep"
    assert {each.path: each.state for each in found.files} == {
        "/out/img.####": "output",
        "/out/deep": "output",
        "/out/bg": "output",
    }


@pytest.mark.parametrize(
    ("lines", "enabled"),
    [((), True), (("render_to_disk yes",), True), (("render_to_disk no",), False)],
)
def test_an_image_renders_unless_it_says_not_to(tmp_path: Path, lines: tuple[str, ...], enabled: bool) -> None:
    (picture,) = report(tmp_path, context("a", image("i", *lines)), preferences(FPS)).renderables
    assert picture.enabled is enabled


@pytest.mark.parametrize(
    ("lines", "enabled"),
    [
        ((), False),
        (('save_as "/o/x"',), True),
        (('save_as "/o/x"', "render_to_disk no"), False),
        (("render_to_disk yes",), True),
    ],
)
def test_a_layer_renders_if_it_saves_a_file_of_its_own(tmp_path: Path, lines: tuple[str, ...], enabled: bool) -> None:
    found = report(tmp_path, context("a", image("i", layers=(layer("l", *lines),))), preferences(FPS))
    assert found.renderables[1].enabled is enabled


@pytest.mark.parametrize(
    ("lines", "resolution"),
    [
        ((), None),
        (("resolution 1920 1080", "resolution_multiplier 2"), (1920, 1080)),
        (("resolution 1920 1080", "resolution_multiplier 1"), (960, 540)),
        (("resolution 1920 1080",), (1920, 1080)),
        (('resolution_preset "HD (1280 x 720)"', "resolution_multiplier 2"), (1280, 720)),
        (("resolution 0 1080",), None),
        (("resolution 1920",), None),
        (("resolution 1e300 nan",), None),
        (("resolution_multiplier 1",), None),
    ],
)
def test_the_resolution_of_an_image(tmp_path: Path, lines: tuple[str, ...], resolution: tuple[int, int] | None) -> None:
    found = report(tmp_path, context("a", image("i", *lines, layers=(layer("l"),))), preferences(FPS))
    assert found.resolution == resolution
    assert [each.resolution for each in found.renderables] == [resolution, resolution]


def test_a_resolution_without_its_multiplier_is_told(tmp_path: Path) -> None:
    found = report(tmp_path, context("a", image("i", "resolution 64 32", "first_frame 1", "last_frame 2")))
    assert "project://a/i does not tell its resolution multiplier; full size is assumed" in found.warnings


def test_frames_are_those_of_the_preferences(tmp_path: Path) -> None:
    picture = context("a", image("i", "first_frame 5", "last_frame 6"))
    found = report(tmp_path, picture, preferences(FPS, "start_frame 1.0", "end_frame 100"))
    assert found.frames == FrameRange(1, 100, 1, 25)
    assert found.renderables[0].frames == FrameRange(5, 6, 1, 25)


def test_frames_are_those_of_the_images_where_the_preferences_tell_only_the_rate(tmp_path: Path) -> None:
    images = (image("i", "first_frame 5", "last_frame 6"), image("k", "first_frame -2", "last_frame 3"))
    assert report(tmp_path, context("a", *images), preferences(FPS)).frames == FrameRange(-2, 6, 1, 25)


def test_an_image_that_does_not_tell_its_range_has_that_of_the_preferences(tmp_path: Path) -> None:
    found = report(tmp_path, context("a", image("i")), preferences(FPS, "start_frame 4", "end_frame 8"))
    assert found.renderables[0].frames == FrameRange(4, 8, 1, 25)
    assert found.warnings == ("project://a/i does not tell its range of frames; that of the preferences is assumed",)


def test_a_rate_that_is_not_told_is_assumed_and_said_so(tmp_path: Path) -> None:
    found = report(tmp_path, context("a", image("i", "first_frame 5", "last_frame 6")))
    assert found.frames == FrameRange(5, 6, 1, 24)
    assert found.warnings == ("the project does not tell its frames per second; 24 are assumed",)


def test_a_project_without_images_has_the_range_of_its_preferences(tmp_path: Path) -> None:
    assert report(tmp_path, preferences("start_frame 1", "end_frame 2", FPS)).frames == FrameRange(1, 2, 1, 25)
    assert report(tmp_path).frames is None


def test_windows_that_have_frames_too_are_no_preferences_of_the_animation(tmp_path: Path) -> None:
    other = block("#preferences", block("animation", "frames_per_second 99"), block("x", block("categories", FPS)))
    found = report(tmp_path, context("a", image("i", "first_frame 1", "last_frame 2")), other)
    assert found.frames == FrameRange(1, 2, 1, 24)


def test_cameras_are_called_by_name(tmp_path: Path) -> None:
    cameras = (item("CameraPerspective", "main"), item("CameraUsd", "side"))
    found = report(tmp_path, context("a", *cameras), context("b", item("CameraAlembic", "side")), preferences(FPS))
    assert found.cameras == ("main", "project://a/side", "project://b/side")


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("camera", "camera"),
        ("project://s/camera", "camera"),
        ("../t/far", "far"),
        ("project://elsewhere/of/a/reference", "reference"),
    ],
)
def test_a_layer_names_its_camera_from_its_context(tmp_path: Path, reference: str, name: str) -> None:
    layers = (layer("l", f'active_camera "{reference}"'), layer("m", 'active_camera ""'))
    found = report(
        tmp_path,
        context("s", item("CameraPerspective", "camera"), image("i", layers=layers)),
        context("t", item("CameraPerspective", "far")),
        preferences(FPS),
    )
    assert [each.cameras for each in found.renderables] == [(name,), (name,), ()]


def test_of_two_cameras_of_one_name_the_right_one_is_told_by_its_path(tmp_path: Path) -> None:
    picture = image("i", layers=(layer("l", 'active_camera "camera"'),))
    camera = item("CameraPerspective", "camera")
    found = report(tmp_path, context("s", camera, picture), context("t", camera), preferences(FPS))
    assert found.renderables[0].cameras == ("project://s/camera",)


def test_the_renderer_is_called_as_the_layer_calls_it(tmp_path: Path) -> None:
    picture = image("i", layers=(layer("l", 'renderer "my_tracer"'),))
    found = report(tmp_path, context("s", item("RendererPathTracer", "my_tracer"), picture), preferences(FPS))
    assert [found.renderer, *(each.renderer for each in found.renderables)] == ["my_tracer"] * 3
    assert found.plugins == ()


def test_a_renderer_of_a_third_party_is_a_plugin(tmp_path: Path) -> None:
    picture = image("i", layers=(layer("l", 'renderer "r"', class_name="AcmeLayer"),))
    found = report(tmp_path, context("s", picture, item("AcmeRenderer", "r")), preferences(FPS))
    assert (found.renderer, found.plugins) == ("AcmeRenderer", (Plugin("AcmeRenderer"),))


def test_only_layers_that_the_image_lists_render(tmp_path: Path) -> None:
    embedded = block("embedded_objects", layer("used"), layer("left"), item("FilterBlur", "blur"))
    found = report(tmp_path, context("s", item("Image", "i", 'layers ".used"', embedded)), preferences(FPS))
    assert [each.name for each in found.renderables] == ["project://s/i", "project://s/i.used"]


def test_without_a_list_layers_are_told_by_their_class(tmp_path: Path) -> None:
    embedded = block("embedded_objects", layer("a"), item("FilterBlur", "blur"))
    found = report(tmp_path, context("s", item("Image", "i", "layers <empty>", embedded)), preferences(FPS))
    assert [each.name for each in found.renderables] == ["project://s/i", "project://s/i.a"]


def test_attributes_may_be_blocks(tmp_path: Path) -> None:
    lines = (
        block("first_frame", "value 3", "hidden yes"),
        block("last_frame", block("value[]", block("fcurve", "key 0 0.0 -1 yes"))),
        block("save_as", r'value "D:\\out\\a \"b\".####"'),
    )
    found = report(tmp_path, context("s", image("i", *lines)), preferences(FPS, "start_frame 1", "end_frame 8"))
    assert found.renderables[0].frames == FrameRange(3, 8, 1, 25)
    assert found.renderables[0].output == r'D:\out\a "b".####'


def test_comments_blank_lines_and_attributes_without_a_value_are_legal(tmp_path: Path) -> None:
    lines = (
        '// it is "broken { here',
        "",
        "private",
        "first_frame 4 // not 5",
        "last_frame    \t 7",
        'save_as "//server/share/x"',
    )
    found = report(tmp_path, "// }", context("s", image("i", *lines)), preferences(FPS))
    assert found.damage == ""
    assert found.renderables[0].frames == FrameRange(4, 7, 1, 25)
    assert found.renderables[0].output == "//server/share/x"


def test_the_name_may_come_last_and_braces_need_no_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(
        b'\xef\xbb\xbf#Isotropix_Serial_Version 1.2\r\nContext "s" { Image { first_frame 1\r\nlast_frame 2\r\n'
        b'embedded_objects { Layer3d { active_camera "c" \r\nname "l" } }\r\nname "i" } }'
    )
    found = examine(path, (), Listener())
    assert [each.name for each in found.renderables] == ["project://s/i", "project://s/i.l"]
    assert found.renderables[0].cameras == ("c",)
    assert found.damage == ""


def test_other_objects_that_save_pictures_are_images_too(tmp_path: Path) -> None:
    found = report(tmp_path, context("s", item("ImageNodeWrite", "w", 'save_as "/o/w.####"')), preferences(FPS))
    assert [(each.name, each.kind, each.output) for each in found.renderables] == [
        ("project://s/w", "image", "/o/w.####")
    ]
