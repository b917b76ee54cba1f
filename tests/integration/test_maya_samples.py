"""Scenes that Maya saved, of 7.0 to 2025: all that is known of each, under other names, and with one fact changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rendermill.scenes.read import read_scene
from rendermill.scenes.report import Confidence, FrameRange, Plugin, SceneReport, Software, State
from support import samples

CUBE = "maya_ma/m2023_dl_cube_refs.ma"
LAYERS = "maya_ma/m2023_dl_layers_arnold.ma"
REFERENCED = "maya_mb/m2023_dl_reference_FOR8.mb"
CGRU = "maya_mb/m2009_cgru_scene_FOR4.mb"
SKIN = "maya_mb/m_mskit_skin_FOR8.mb"
DEMO = "maya_mb/m_rayvision_demo_FOR8.mb"
RELATIVE = "maya_ma/m2016_mayausd_TextureTest_relproject.ma"
UDIM = "maya_ma/m2018_mayausd_udim.ma"
OCIO = "<MAYA_RESOURCES>/OCIO-configs/Maya2022-default/config.ocio"
OLD_LAYERS = "maya_ma/m2016_mayausd_renderlayers.ma"


def read(name: str, folder: Path) -> SceneReport:
    """The report of a sample under another name."""
    return read_scene(samples.copied(name, folder, "x.bin"))


def changed(name: str, folder: Path, old: bytes, new: bytes) -> SceneReport:
    return read_scene(samples.changed(name, folder, "y.bin", old, new))


def paths(found: SceneReport) -> list[str]:
    return [use.path for use in found.files if use.state is not State.BUILT_IN]


@dataclass(frozen=True)
class Known:
    """What is known of a scene: first and last frame as stored, as they render, and of the time slider."""

    software: Software
    renderer: str
    stored: tuple[int, int]
    renders: tuple[int, int]
    playback: list[int]
    size: tuple[int, int] = (960, 540)
    plugins: tuple[Plugin, ...] = ()


KNOWN = {
    "maya_ma/m2023_dl_cube_refs.ma": Known(
        Software("maya", "2023", "windows"),
        "mayaSoftware",
        (1, 10),
        (537, 537),
        [537, 583],
        plugins=(Plugin("mtoa", "5.1.0"),),
    ),
    "maya_ma/m2023_dl_layers_arnold.ma": Known(
        Software("maya", "2023", "windows"),
        "arnold",
        (1, 10),
        (1, 10),
        [537, 583],
        plugins=(
            Plugin("mtoa", "5.1.0"),
            Plugin("renderSetup.py", "1.0"),
        ),
    ),
    "maya_ma/m7_cortex_pdc_particles.ma": Known(
        Software("maya", "7.0", "linux"), "mayaSoftware", (1, 10), (24, 24), [1, 24], size=(640, 480)
    ),
    "maya_ma/m2016_mayausd_renderlayers.ma": Known(
        Software("maya", "2016", "linux"), "mayaSoftware", (1, 120), (1, 1), [1, 120]
    ),
    "maya_ma/m2016_mayausd_TextureTest_relproject.ma": Known(
        Software("maya", "2016"), "arnold", (1, 10), (0, 0), [0, 160]
    ),
    "maya_ma/m2018_mayausd_udim.ma": Known(
        Software("maya", "2018", "windows"), "mayaSoftware", (1, 120), (1, 1), [1, 120]
    ),
    "maya_ma/m2022_mayausd_rhino_anim_refs.ma": Known(
        Software("maya", "2022", "windows"), "mayaSoftware", (1, 10), (2, 2), [2, 300]
    ),
    "maya_ma/m2013_openmaya_appleseed.ma": Known(
        Software("maya", "2013", "windows"),
        "Appleseed",
        (1, 10),
        (1, 1),
        [1, 24],
        plugins=(Plugin("mayatoappleseed", "0.001"),),
    ),
    "maya_ma/m_rayvision_demo.ma": Known(
        Software("maya", "2018", "windows"),
        "mayaSoftware",
        (1, 10),
        (1, 10),
        [1, 120],
        plugins=(Plugin("mtoa", "2.0.1"),),
    ),
    "maya_ma/m2025_mayausd_color_management.ma": Known(
        Software("maya", "2025", "windows"),
        "mayaHardware2",
        (1, 10),
        (1, 1),
        [1, 120],
        plugins=(Plugin("mayaUsdPlugin", "0.24.0"),),
    ),
    "maya_mb/m2009_cgru_scene_FOR4.mb": Known(
        Software("maya", "2009", "linux"),
        "mentalRay",
        (1, 10),
        (1, 10),
        [1, 24],
        size=(640, 480),
        plugins=(Plugin("Mayatomr", "10.0.1.8m - 3.7.1.26"),),
    ),
    "maya_mb/m2023_dl_reference_FOR8.mb": Known(
        Software("maya", "2023", "windows"),
        "arnold",
        (1, 10),
        (537, 537),
        [537, 583],
        plugins=(Plugin("mtoa", "5.1.0"),),
    ),
    "maya_mb/m_rayvision_demo_FOR8.mb": Known(
        Software("maya", "2018", "windows"),
        "mayaSoftware",
        (1, 10),
        (1, 10),
        [1, 120],
        plugins=(Plugin("mtoa", "2.0.1"),),
    ),
    "maya_mb/m_mayausd_rig_anim_FOR8.mb": Known(
        Software("maya", "2020", "linux"), "mayaSoftware", (1, 10), (1, 1), [1, 120]
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_renders(tmp_path: Path, name: str) -> None:
    found, known = read(name, tmp_path), KNOWN[name]
    first = found.renderables[0]
    assert (found.software, found.plugins) == (known.software, known.plugins)
    assert (found.renderer, found.resolution) == (first.renderer, first.resolution) == (known.renderer, known.size)
    assert (found.frames, first.frames) == (FrameRange(*known.stored, 1, 24), FrameRange(*known.renders, 1, 24))
    assert first.details["playback"] == known.playback
    is_binary = name.endswith(".mb")
    assert (found.format, found.confidence) == (("mb", Confidence.LOW) if is_binary else ("ma", Confidence.HIGH))
    assert found.damage == ""


# What Maya itself made of two scenes --------------------------------------------------------------------------------


def golden(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a submitter that runs within Maya wrote: values by their names, and files."""
    folder = f"maya_ma/expected_deadline/{name}"
    values = yaml.safe_load(samples.path(f"{folder}/parameter_values.yaml").read_text())["parameterValues"]
    files = yaml.safe_load(samples.path(f"{folder}/asset_references.yaml").read_text())["assetReferences"]
    return {each["name"]: each["value"] for each in values}, files


def beside(name: str, folder: Path) -> Path:
    """A scene with the files that it names beside it."""
    samples.copied(REFERENCED, folder, "scene_file_to_reference.mb")
    (folder / "deadline_logo_48x48.png").write_bytes(b"x")
    return samples.copied(name, folder, "x.bin")


def normal(path: str, folder: Path) -> str:
    return path.replace(str(folder), "/normalized/job/bundle/dir")


def spelled(frames: FrameRange | None) -> str:
    assert frames is not None
    return f"{frames.start:g}" if frames.start == frames.end else f"{frames.start:g}-{frames.end:g}"


def inputs(found: SceneReport, folder: Path) -> set[str]:
    return {normal(file, folder) for use in found.files for file in use.files if use.state is not State.BUILT_IN}


def outputs(found: SceneReport, folder: Path) -> set[str]:
    """The folders of the pictures of all layers that render, by their prefixes."""
    places = set()
    for each in found.renderables:
        for camera in each.cameras if each.enabled else ():
            inner = each.output.replace("<Layer>", each.name).replace("<Camera>", camera).rpartition("/")[0]
            places.add(normal(f"{each.details['images']}/{inner}".rstrip("/"), folder))
    return places


def test_one_layer_as_maya_itself_sees_it(tmp_path: Path) -> None:
    values, files = golden("cube")
    found = read_scene(beside(CUBE, tmp_path))
    (layer,) = found.renderables
    assert spelled(layer.frames) == values["Frames"] == "537"
    assert layer.output == values["OutputFilePrefix"]
    assert layer.resolution == (values["ImageWidth"], values["ImageHeight"])
    assert normal(f"{layer.details['project']}/", tmp_path) == values["ProjectPath"]
    assert normal(str(layer.details["images"]), tmp_path) == values["OutputFilePath"]
    assert outputs(found, tmp_path) == set(files["outputs"]["directories"])
    assert inputs(found, tmp_path) == {each for each in files["inputs"]["filenames"] if not each.endswith(".ma")}
    assert len(inputs(found, tmp_path)) == 2


def test_layers_as_maya_itself_sees_them(tmp_path: Path) -> None:
    values, files = golden("layers")
    found = read_scene(beside(LAYERS, tmp_path))
    rendered = {each.name: each for each in found.renderables if each.enabled}
    assert {f"{name}Frames": spelled(each.frames) for name, each in rendered.items()} == {
        name: value for name, value in values.items() if name.endswith("Frames")
    }
    assert {f"{name}OutputFilePrefix": each.output for name, each in rendered.items()} == {
        name: value for name, value in values.items() if name.endswith("Prefix")
    }
    sizes = {name: each.resolution for name, each in rendered.items()}
    assert sizes == {name: (values[f"{name}ImageWidth"], values[f"{name}ImageHeight"]) for name in rendered}
    assert {normal(f"{each.details['project']}/", tmp_path) for each in rendered.values()} == {values["ProjectPath"]}
    assert {normal(str(each.details["images"]), tmp_path) for each in rendered.values()} == {values["OutputFilePath"]}
    assert outputs(found, tmp_path) == set(files["outputs"]["directories"])
    assert inputs(found, tmp_path) == {each for each in files["inputs"]["filenames"] if not each.endswith(".ma")}


def test_the_cameras_and_kinds_of_layers(tmp_path: Path) -> None:
    found = read(LAYERS, tmp_path)
    assert found.cameras == ("persp", "camera1", "camera2", "camera3")
    assert [(each.name, each.kind, each.enabled, each.cameras, each.renderer) for each in found.renderables] == [
        ("masterLayer", "layer", True, ("persp", "camera1"), "arnold"),
        ("layerFrameRange1", "render_setup_layer", True, ("persp", "camera1"), "mayaHardware2"),
        ("renderSetupLayer2", "render_setup_layer", True, ("camera1", "camera2", "camera3"), "arnold"),
        ("layerDefaultFrames", "render_setup_layer", True, ("camera1",), "arnold"),
        ("renderSetupLayer4", "render_setup_layer", True, ("persp", "camera1"), "mayaSoftware"),
        ("notRenderableLayer", "render_setup_layer", False, ("persp", "camera1"), "arnold"),
    ]
    assert {each.details["layer_type"] for each in found.renderables} == {"1"}


# One fact is another ------------------------------------------------------------------------------------------------


def test_an_override_that_is_changed(tmp_path: Path) -> None:
    old = b'"startFrame";\n\tsetAttr ".tgName" -type "string" "defaultRenderGlobals";\n\tsetAttr ".atv" 20;'
    found = changed(LAYERS, tmp_path, old, old.replace(b" 20;", b" 25;"))
    frames = {each.name: spelled(each.frames) for each in found.renderables}
    assert (frames["renderSetupLayer2"], frames["renderSetupLayer4"]) == ("25-30", "1-20")


def test_the_renderer_that_is_changed(tmp_path: Path) -> None:
    old = b'".ren" -type "string" "arnold"'
    found = changed(LAYERS, tmp_path, old, old.replace(b"arnold", b"vray"))
    assert (found.renderer, found.renderables[1].renderer) == ("vray", "mayaHardware2")


def test_animation_that_is_switched_off(tmp_path: Path) -> None:
    found = changed("maya_ma/m_rayvision_demo.ma", tmp_path, b'setAttr ".an" yes;', b'setAttr ".an" no;')
    assert (found.frames, found.renderables[0].frames) == (FrameRange(1, 10, 1, 24), FrameRange(1, 1, 1, 24))


def test_a_reference_by_another_name(tmp_path: Path) -> None:
    data = samples.path(CUBE).read_bytes().replace(b"/scene_file_to_reference.mb", b"/other.mb")
    (tmp_path / "y.bin").write_bytes(data)
    there = samples.copied(REFERENCED, tmp_path, "other.mb")
    found = read_scene(tmp_path / "y.bin")
    (use,) = (each for each in found.files if each.used_by == "scene_file_to_referenceRN file")
    assert (use.state, use.resolved) == (State.RESOLVED, str(there))


def test_ticks_that_are_changed(tmp_path: Path) -> None:
    found = changed(SKIN, tmp_path, (23520000).to_bytes(8), (235200000).to_bytes(8))
    assert found.frames == FrameRange(1, 100, 1, 60)


def test_the_prefix_of_an_old_scene_that_is_changed(tmp_path: Path) -> None:
    found = changed(CGRU, tmp_path, b"ifp\0 img\0", b"ifp\0 pic\0")
    assert found.renderables[0].output == "pic"


def test_flags_without_a_value_are_no_frames(tmp_path: Path) -> None:
    found = changed("maya_ma/m2023_dl_ref.ma", tmp_path, b'setAttr -k on ".fs";', b'setAttr -k on ".fs" 5;')
    assert found.frames == FrameRange(5, 10, 1, 24)
    assert read("maya_ma/m2023_dl_ref.ma", tmp_path).frames == FrameRange(1, 10, 1, 24)


# Files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("maya_ma/m2013_openmaya_appleseed.ma", ["C:/daten/3dprojects/appleseed//sourceimages/checker.exr"]),
        ("maya_ma/m2022_mayausd_rhino_anim_refs.ma",
         ["/scenes/rhino_model_textured/waking_animation/rhino_rig_001.ma"]),
        (RELATIVE, ["sourceimages/grid.png"]),
        (UDIM, ["UdimTest_1001_color.png"]),
        (REFERENCED, []),
        ("maya_mb/m_mayausd_rig_anim_FOR8.mb", []),
        (CGRU, []),
        ("maya_ma/m2025_mayausd_color_management.ma",
         [f"textures/color_palette_{each}.exr" for each in ("ACEScg", "ADX10", "ADX16", "arri_logc4", "g24_rec709",
                                                            "lin_p3d65", "srgb_texture")]),
    ],
)  # fmt: skip
def test_files_that_are_named(tmp_path: Path, name: str, files: list[str]) -> None:
    found = read(name, tmp_path)
    assert paths(found) == files
    assert all(use.state is State.MISSING for use in found.files if use.path in files)


def test_colours_that_maya_has_itself(tmp_path: Path) -> None:
    assert [(use.path, use.state) for use in read(REFERENCED, tmp_path).files] == [(OCIO, State.BUILT_IN)]


def test_a_texture_relative_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "workspace.mel").write_text('workspace -fr "images" "pics";\n')
    (tmp_path / "sourceimages").mkdir()
    (tmp_path / "sourceimages/grid.png").write_bytes(b"x")
    found = read(RELATIVE, tmp_path / "scenes/deep")
    (use,) = (each for each in found.files if each.used_by == "file1 fileTextureName")
    assert (use.state, use.resolved) == (State.RESOLVED, f"{tmp_path}/sourceimages/grid.png")
    assert found.renderables[0].details["images"] == f"{tmp_path}/pics"


def test_tiles_are_told_by_their_mode(tmp_path: Path) -> None:
    for tile in (1001, 1002, 1011):
        (tmp_path / f"UdimTest_{tile}_color.png").write_bytes(b"x")
    (use,) = read(UDIM, tmp_path).files
    assert (use.state, use.count) == (State.PATTERN, 3)
    (use,) = changed(UDIM, tmp_path, b'setAttr ".uvt" 3;', b'setAttr ".uvt" 0;').files
    assert (use.state, use.count) == (State.RESOLVED, 1)


def test_the_cache_of_particles_has_the_name_of_the_scene(tmp_path: Path) -> None:
    folder = tmp_path / "particles/shot_startup"
    folder.mkdir(parents=True)
    (folder / "particleShape1.250.pdc").write_bytes(b"x")
    scene = samples.copied("maya_ma/m7_cortex_pdc_particles.ma", tmp_path, "shot.bin")
    (use,) = read_scene(scene).files
    assert (use.resolved, use.used_by) == (str(folder), "particleShape1 cache")
    assert read("maya_ma/m7_cortex_pdc_particles.ma", tmp_path).files == ()


# Of its time --------------------------------------------------------------------------------------------------------


def test_render_layers_of_old(tmp_path: Path) -> None:
    assert [(each.name, each.kind, each.enabled) for each in read(OLD_LAYERS, tmp_path).renderables] == [
        ("defaultRenderLayer", "layer", False),
        ("RenderLayerOne", "render_layer", True),
        ("RenderLayerTwo", "render_layer", True),
        ("RenderLayerThree", "render_layer", True),
    ]


def test_the_oldest_scene(tmp_path: Path) -> None:
    (layer,) = read("maya_ma/m7_cortex_pdc_particles.ma", tmp_path).renderables
    assert (layer.name, layer.resolution, layer.format) == ("defaultRenderLayer", (640, 480), "mayaAsciifile")


def test_the_pictures_of_the_scene_of_32_bits(tmp_path: Path) -> None:
    found = read(CGRU, tmp_path)
    (layer,) = found.renderables
    assert (layer.output, layer.format, layer.details["animation"]) == ("img", "jpg", True)
    assert (found.cameras, found.warnings) == (("persp",), ())


@pytest.mark.parametrize(
    ("name", "versions"),
    [("maya_ma/m2025_mayausd_color_management.ma", ("2025", "2024")), (RELATIVE, ("2016", "2025"))],
)
def test_versions_that_do_not_agree(tmp_path: Path, name: str, versions: tuple[str, str]) -> None:
    warning = "version mismatch: the scene requires Maya {}, but was saved by Maya {}".format(*versions)
    assert read(name, tmp_path).warnings[0] == warning


@pytest.mark.parametrize(
    ("text", "binary"), [("maya_mb/m_rayvision_demo_twin.ma", DEMO), ("maya_mb/m_mskit_skin_twin.ma", SKIN)]
)
def test_a_scene_that_was_saved_as_both(tmp_path: Path, text: str, binary: str) -> None:
    one, other = read(text, tmp_path), read(binary, tmp_path)
    assert (one.format, other.format) == ("ma", "mb")
    assert replace(one, format="mb", software=other.software, confidence=Confidence.LOW) == other
    assert one.renderables[0].frames is not None


def test_the_scene_that_counts_60_frames_in_a_second(tmp_path: Path) -> None:
    found = read(SKIN, tmp_path)
    assert (found.frames, found.software.version) == (FrameRange(1, 10, 1, 60), "2020")
