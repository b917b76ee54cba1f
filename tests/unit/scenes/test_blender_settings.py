"""Blender scenes of every age and packing, written by the tests: what they say of rendering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import FrameRange, Plugin, SceneReport, Software, State
from support import scenes_blend
from support.scenes_blend import STRUCTS, Blend, Members, gzipped, scene, zstd

CAMERA, MESH = 11, 1


def read(path: Path) -> SceneReport:
    return examine(path, (), Listener())


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., SceneReport]:
    """Reads a .blend from a file of another name."""

    def made(blend: Blend | bytes, name: str = "x.bin") -> SceneReport:
        (tmp_path / name).write_bytes(bytes(blend))
        return read(tmp_path / name)

    return made


Report = Callable[..., SceneReport]


def old(**changed: Members) -> dict[str, Members]:
    """The structs as they were before Blender 2.8, and those of the test."""
    render = [
        *[("int", "sfra"), ("int", "efra"), ("short", "size"), ("short", "xsch"), ("short", "ysch")],
        *[("short", "imtype"), ("short", "renderer"), ("short", "frs_sec"), ("float", "frs_sec_base")],
        *[("ListBase", "layers"), ("char", "pic[160]")],
    ]
    return {
        **STRUCTS,
        "RenderData": render,
        "Scene": [
            *[("ID", "id"), ("Object", "*camera"), ("ListBase", "base"), ("RenderData", "r")],
            *[("ListBase", "markers"), ("int", "frame_step")],
        ],
        "SceneRenderLayer": [("SceneRenderLayer", "*next"), ("char", "name[32]"), ("int", "layflag")],
        "Base": [("Base", "*next"), ("Base", "*prev"), ("int", "lay"), ("Object", "*object")],
        "TimeMarker": [("TimeMarker", "*next"), ("TimeMarker", "*prev"), ("int", "frame")],
        **changed,
    }


# --- how files are written ---------------------------------------------------------------------------------------


def zstd_alone(data: bytes) -> bytes:
    """Frames without a table of them."""
    return scenes_blend.zstd(data)[: -(8 + 9)]


@pytest.mark.parametrize(
    ("version", "pointer", "order"),
    [("236", 4, "<"), ("249", 4, ">"), ("257", 8, ">"), ("279", 8, "<"), ("405", 8, "<"), ("500", 8, "<")],
)
@pytest.mark.parametrize("pack", [bytes, gzipped, zstd, zstd_alone])
def test_a_file_tells_the_same_however_it_was_written(
    tmp_path: Path, report: Report, version: str, pointer: int, order: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "wood.png").write_bytes(b"wood")
    blend = scene(Blend(version, pointer, order), view_layers__first=0x200)
    blend.data("ViewLayer", 0x200, {"name": "Beauty", "flag": 1})
    blend.add("IM", "Image", 0x300, {"id.name": "IMwood", "name": "//wood.png", "source": 1})
    found = report(pack(bytes(blend)))
    assert not found.damage
    assert (found.format, found.software.name) == ("blend", "blender")
    assert found.frames == FrameRange(1, 250, 1, 24)
    assert found.resolution == (1920, 1080)
    assert [each.name for each in found.renderables] == ["Scene/Beauty"]
    (use,) = found.files
    assert (use.path, use.state, use.resolved) == ("//wood.png", State.RESOLVED, str(tmp_path / "wood.png"))


@pytest.mark.parametrize(
    ("version", "said"), [("248", "2.48"), ("280", "2.80"), ("303", "3.3"), ("405", "4.5"), ("501", "5.1")]
)
def test_the_version_is_written_as_blender_does(report: Report, version: str, said: str) -> None:
    assert report(scene(Blend(version))).software == Software("blender", said)


# --- settings ----------------------------------------------------------------------------------------------------


def test_settings_are_those_of_the_scene(report: Report) -> None:
    blend = scene(Blend(), r__sfra=-3, r__efra=77, r__frame_step=4, r__size=33, r__xsch=1919, r__ysch=1081)
    found = report(blend)
    assert found.frames == FrameRange(-3, 77, 4, 24)
    assert found.resolution == (633, 356), "percent of it, rounded down as Blender does"


def test_frames_per_second_are_divided_by_their_base(report: Report) -> None:
    found = report(scene(Blend(), r__frs_sec=30, r__frs_sec_base=1.001))
    assert found.frames is not None
    assert found.frames.fps == pytest.approx(29.97003, abs=1e-5)


@pytest.mark.parametrize("base", [0.0, float("nan"), float("inf")])
def test_a_base_that_is_none_is_one(report: Report, base: float) -> None:
    found = report(scene(Blend(), r__frs_sec=25, r__frs_sec_base=base))
    assert found.frames == FrameRange(1, 250, 1, 25)


def test_a_scene_of_the_old_days_keeps_its_settings_elsewhere(report: Report) -> None:
    blend = Blend("248", 4, structs=old())
    blend.add(
        "SC",
        "Scene",
        0x100,
        {
            **{"id.name": "SCScene", "r.sfra": 1, "r.efra": 20, "r.size": 75, "r.xsch": 800, "r.ysch": 600},
            **{"r.frs_sec": 25, "r.frs_sec_base": 1.0, "r.imtype": 4, "frame_step": 2, "camera": 0x500},
            **{"base.first": 0x300, "r.layers.first": 0x200, "r.pic": "render/img.####"},
        },
    )
    blend.data("SceneRenderLayer", 0x200, {"name": "1 RenderLayer", "next": 0x240})
    blend.data("SceneRenderLayer", 0x240, {"name": "off", "layflag": 1 << 16})
    blend.data("Base", 0x300, {"object": 0x600, "next": 0x340}).data("Base", 0x340, {"object": 0x500})
    blend.add("OB", "Object", 0x500, {"id.name": "OBCamera", "type": CAMERA})
    blend.add("OB", "Object", 0x600, {"id.name": "OBCube", "type": MESH})
    blend.add("OB", "Object", 0x700, {"id.name": "OBStray", "type": CAMERA})
    found = report(blend)
    assert found.frames == FrameRange(1, 20, 2, 25)
    assert (found.resolution, found.renderer, found.cameras) == ((600, 450), "BLENDER_RENDER", ("Camera",))
    first, second = found.renderables
    assert (first.name, first.enabled, second.name, second.enabled) == ("Scene/1 RenderLayer", True, "Scene/off", False)
    assert (first.format, first.output, first.cameras) == ("JPEG", "render/img.####", ("Camera",))


@pytest.mark.parametrize(("number", "said"), [(0, "BLENDER_RENDER"), (1, "YAFRAY")])
def test_the_renderer_was_a_number(report: Report, number: int, said: str) -> None:
    blend = Blend("249", 4, structs=old()).add("SC", "Scene", 0x100, {"id.name": "SCScene", "r.renderer": number})
    assert report(blend).renderer == said


def test_a_scene_without_layers_is_one_renderable(report: Report) -> None:
    blend = Blend("240", 4, structs=old()).add("SC", "Scene", 0x100, {"id.name": "SCScene"})
    (only,) = report(blend).renderables
    assert (only.name, only.scene, only.layer, only.enabled) == ("Scene", "Scene", "", True)


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "TARGA"), (4, "JPEG"), (17, "PNG"), (22, "TIFF"), (23, "OPEN_EXR"), (28, "OPEN_EXR_MULTILAYER"), (35, "WEBP")],
)
def test_formats_have_the_names_of_python(report: Report, number: int, said: str) -> None:
    assert report(scene(Blend(), r__im_format__imtype=number)).renderables[0].format == said


def test_a_movie_is_warned_of(report: Report) -> None:
    found = report(scene(Blend(), r__im_format__imtype=24))
    assert found.renderables[0].format == "FFMPEG"
    assert "the scene writes a movie: frames are rendered as PNG; --movie encodes them" in found.warnings


def test_an_engine_of_somebody_else_is_a_plugin(report: Report) -> None:
    assert report(scene(Blend(), r__engine="LUXCORE")).plugins == (Plugin("LUXCORE"),)
    assert report(scene(Blend(), r__engine="BLENDER_EEVEE_NEXT")).plugins == ()


def test_what_a_scene_writes_is_told(report: Report, tmp_path: Path) -> None:
    (use,) = report(scene(Blend(), r__pic="//render/beauty_####")).files
    assert (use.state, use.path, use.used_by) == (State.OUTPUT, "//render/beauty_####", "output of scene Scene")
    assert use.resolved == str(tmp_path / "render/beauty_####")


# --- several scenes, cameras -------------------------------------------------------------------------------------


def two_scenes(active: int) -> Blend:
    blend = Blend().add("GLOB", "FileGlobal", 0x50, {"curscene": active})
    scene(blend, 0x100, "First", r__efra=10, view_layers__first=0x200)
    blend.data("ViewLayer", 0x200, {"name": "Same", "flag": 1})
    scene(blend, 0x110, "Second", r__efra=20, view_layers__first=0x200)
    return blend.data("ViewLayer", 0x200, {"name": "Other", "flag": 0})


def test_the_active_scene_gives_the_settings(report: Report) -> None:
    found = report(two_scenes(active=0x110))
    assert found.frames == FrameRange(1, 20, 1, 24)
    told = [(each.name, each.active, each.enabled, each.frames.end) for each in found.renderables]
    assert told == [("First/Same", False, True, 10), ("Second/Other", True, False, 20)]


def test_the_first_scene_is_active_where_none_is_told(report: Report) -> None:
    assert [each.active for each in report(two_scenes(active=0)).renderables] == [True, False]


def test_an_active_scene_that_is_linked_is_told(report: Report) -> None:
    blend = two_scenes(active=0x900)
    blend.add("LI", "Library", 0x800, {"id.name": "LIshot.blend", "name": "//shot.blend"})
    blend.add("ID", "ID", 0x900, {"name": "SCLinked"})
    found = report(blend)
    assert [each.active for each in found.renderables] == [False, False]
    assert found.frames is None
    assert found.warnings == ("the active scene, Linked, is linked from another file: render that one",)


def with_cameras() -> Blend:
    """A scene that looks through a camera, with one in a collection, one linked there, and one in no scene."""
    blend = scene(Blend(), camera=0x502, markers__first=0x250, master_collection=0x300)
    blend.data("TimeMarker", 0x250, {"next": 0x290, "frame": 3})
    blend.data("TimeMarker", 0x290, {"frame": 9, "camera": 0x501})
    blend.data("Collection", 0x300, {"gobject.first": 0x340, "children.first": 0x380})
    blend.data("CollectionObject", 0x340, {"ob": 0x500, "next": 0x360}).data("CollectionObject", 0x360, {"ob": 0x503})
    blend.data("CollectionChild", 0x380, {"collection": 0x400})
    blend.add("OB", "Object", 0x500, {"id.name": "OBWide", "type": CAMERA})
    blend.add("OB", "Object", 0x501, {"id.name": "OBClose", "type": CAMERA})
    blend.add("OB", "Object", 0x503, {"id.name": "OBCube", "type": MESH})
    blend.add("OB", "Object", 0x504, {"id.name": "OBElsewhere", "type": CAMERA})
    blend.add("GR", "Collection", 0x400, {"id.name": "GRSet", "gobject.first": 0x440, "children.first": 0x480})
    blend.data("CollectionObject", 0x440, {"ob": 0x501, "next": 0x460}).data("CollectionObject", 0x460, {"ob": 0x502})
    blend.data("CollectionChild", 0x480, {"collection": 0x400})
    blend.add("LI", "Library", 0x800, {"id.name": "LIrig.blend", "name": "//rig.blend"})
    return blend.add("ID", "ID", 0x502, {"name": "OBRig"})


def test_cameras_are_those_of_the_scene_and_of_its_collections(report: Report) -> None:
    found = report(with_cameras())
    assert found.cameras == ("Wide", "Close", "Rig"), "a linked one is known by the scene that looks through it"
    assert found.renderables[0].cameras == ("Rig", "Close"), "the active one, then those that markers switch to"


def test_a_scene_that_looks_through_nothing_is_warned_of(report: Report) -> None:
    assert report(scene(Blend())).warnings == ("the scene Scene has no camera",)
    assert report(with_cameras()).warnings == ()


# --- where it was saved ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("saved_at", "platform"),
    [("C:\\show\\a\\s.blend", "windows"), ("/home/me/a/s.blend", "linux"), ("/Users/me/a/s.blend", "macos"), ("", "")],
)
def test_where_it_was_saved_tells_the_platform(report: Report, saved_at: str, platform: str) -> None:
    blend = scene(Blend("279").add("GLOB", "FileGlobal", 0x50, {"filename": saved_at}))
    assert report(blend).software == Software("blender", "2.79", platform)


def test_back_slashes_tell_that_windows_saved_it(tmp_path: Path, report: Report) -> None:
    """Blender does not tell where since 4.0."""
    (tmp_path / "wood.png").write_bytes(b"wood")
    blend = scene(Blend("405")).add("IM", "Image", 0x300, {"id.name": "IMi", "name": r"//.\Wood.PNG", "source": 1})
    found = report(blend)
    assert found.software.platform == "windows"
    assert [use.state for use in found.files] == [State.RESOLVED], "there, names are the same in any case"


def test_files_that_lay_beside_it_are_found_beside_it(tmp_path: Path, report: Report) -> None:
    (tmp_path / "Tex").mkdir()
    (tmp_path / "Tex/Wood.png").write_bytes(b"wood")
    blend = Blend("279").add("GLOB", "FileGlobal", 0x50, {"filename": r"C:\show\a\s.blend"})
    scene(blend).add("IM", "Image", 0x300, {"id.name": "IMwood", "name": r"C:\Show\A\tex\wood.PNG", "source": 1})
    (use,) = report(blend).files
    assert (use.state, use.resolved, use.remapped) == (State.RESOLVED, str(tmp_path / "Tex/Wood.png"), True)
    assert use.instead_of == ("C:/Show/A/tex/wood.PNG",)
