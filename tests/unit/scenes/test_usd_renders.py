"""What is read of the cameras, the frames and the render settings of USD scenes that the tests write."""

from __future__ import annotations

from pathlib import Path

import pytest
from pxr import Usd

from rendermill.scenes.report import FrameRange, Plugin, SceneReport, State
from support.scenes_usd import files, package, prim, report, text, variants, write


def read(folder: Path, *blocks: str, head: str = "") -> SceneReport:
    return report(write(folder / "shot.usda", text(*blocks, head=head)))


def settings(name: str, *lines: str) -> str:
    return prim(f'RenderSettings "{name}"', *lines)


def product(name: str, *lines: str) -> str:
    return prim(f'RenderProduct "{name}"', *lines)


@pytest.mark.parametrize(
    ("head", "frames"),
    [
        ("startTimeCode = 1001\nendTimeCode = 1100", FrameRange(1001, 1100, 1, 24)),
        ("startTimeCode = 1\nendTimeCode = 2.5\nframesPerSecond = 23.976", FrameRange(1, 2.5, 1, 23.976)),
        ("startTimeCode = 1\nendTimeCode = 9\ntimeCodesPerSecond = 30", FrameRange(1, 9, 1, 30)),
        ("startTimeCode = 1\nendTimeCode = 9\ntimeCodesPerSecond = 48\nframesPerSecond = 25", FrameRange(1, 9, 1, 25)),
        ("startTimeCode = 7", FrameRange(7, 7, 1, 24)),
        ("endTimeCode = 8", FrameRange(8, 8, 1, 24)),
        ("startTimeCode = nan\nendTimeCode = inf", None),
        ("framesPerSecond = 25", None),
        ("", None),
    ],
)
def test_the_range_is_that_of_the_first_layer(tmp_path: Path, head: str, frames: FrameRange | None) -> None:
    write(tmp_path / "below.usda", text(head="startTimeCode = 5\nendTimeCode = 6"))
    found = read(tmp_path, head=f"subLayers = [@./below.usda@]\n{head}")
    assert found.frames == frames
    assert found.frames is None or type(found.frames.start) is int


def test_a_scene_without_render_settings_is_rendered_as_a_whole(tmp_path: Path) -> None:
    found = read(tmp_path, prim('Camera "a"'), prim('Camera "b"'), head="framesPerSecond = 25")
    (whole,) = found.renderables
    assert (whole.name, whole.kind, whole.cameras, whole.enabled) == ("/", "stage", ("/a", "/b"), True)
    assert (whole.frames, whole.resolution, whole.renderer) == (FrameRange(1, 1, 1, 25), None, "")
    assert found.cameras == ("/a", "/b")


def test_a_product_has_what_its_settings_say_but_for_what_it_says_itself(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        prim('Camera "main"'),
        prim('Camera "top"'),
        settings(
            "s",
            "int2 resolution = (160, 120)",
            "rel camera = </main>",
            "rel products = [</p>, </q>]",
            "int arnold:global:AA_samples = 3",
        ),
        product("p", 'token productName = "render/p.exr"', "rel orderedVars = [</beauty>]"),
        product("q", 'token productName = "/out/q.exr"', "int2 resolution = (64, 32)", "rel camera = </top>"),
        prim('RenderVar "beauty"'),
        head="startTimeCode = 1\nendTimeCode = 4",
    )
    first, second = found.renderables
    assert (first.name, first.kind, first.output) == ("/p", "render_product", "render/p.exr")
    assert (first.cameras, first.resolution, first.renderer) == (("/main",), (160, 120), "arnold")
    assert (first.frames, first.enabled) == (FrameRange(1, 4, 1, 24), True)
    assert first.details == {"settings": "/s", "productType": "raster", "vars": ["beauty"]}
    assert (second.cameras, second.resolution) == (("/top",), (64, 32))
    assert (found.resolution, found.renderer) == ((160, 120), "arnold")
    by_path = files(found)
    written = by_path["render/p.exr"]
    assert (written.state, written.resolved) == (State.OUTPUT, str(tmp_path / "render/p.exr"))
    assert written.used_by == "/p productName"
    assert by_path["/out/q.exr"].state is State.OUTPUT


def test_settings_without_a_size_have_that_of_the_schema(tmp_path: Path) -> None:
    found = read(tmp_path, settings("s"))
    assert found.resolution == (2048, 1080)
    assert [(each.name, each.kind) for each in found.renderables] == [("/s", "render_settings")]


@pytest.mark.parametrize("size", ["int2 resolution = (0, 1080)", 'string resolution = "1920x1080"'])
def test_a_size_that_is_none_is_not_known(tmp_path: Path, size: str) -> None:
    assert read(tmp_path, settings("s", size)).resolution is None


def test_a_name_for_each_frame_is_a_sequence(tmp_path: Path) -> None:
    names = 'token productName.timeSamples = { 1: "out/a.0001.exr", 2: "out/a.0002.exr" }'
    found = read(tmp_path, settings("s", "rel products = </p>"), product("p", names))
    assert found.renderables[0].output == "out/a.0001.exr"
    assert files(found)["out/a.0001.exr"].resolved == str(tmp_path / "out/a.####.exr")


TWO = (
    settings("a", "int2 resolution = (10, 20)", "rel products = </p>"),
    settings("b", "int2 resolution = (30, 40)", "int karma:global:samples = 1"),
    product("p"),
)


def test_the_settings_that_the_scene_names_are_those_that_render(tmp_path: Path) -> None:
    found = read(tmp_path, *TWO, head='renderSettingsPrimPath = "/b"')
    assert [(each.name, each.enabled) for each in found.renderables] == [("/p", False), ("/b", True)]
    assert (found.resolution, found.renderer, found.warnings) == ((30, 40), "karma", ())


def test_of_several_settings_none_is_the_default_unless_it_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, *TWO)
    assert [each.enabled for each in found.renderables] == [False, False]
    assert (found.resolution, found.renderer) == (None, "")
    assert found.warnings == ("it has 2 render settings, of which none is the default",)


def test_what_settings_name_and_is_not_there_is_told(tmp_path: Path) -> None:
    lines = ("rel products = [</gone>, </s>]", "rel camera = </cam>")
    found = read(tmp_path, settings("s", *lines), head='renderSettingsPrimPath = "/other"')
    assert found.warnings == (
        "its default render settings /other are not there",
        "/s names the product /gone, which is not there",
        "/s names the product /s, which is not there",
        "/s renders through /cam, which is no camera of the scene",
    )
    assert [(each.name, each.cameras, each.enabled) for each in found.renderables] == [("/s", ("/cam",), True)]


def test_settings_that_are_off_or_abstract_do_not_render(tmp_path: Path) -> None:
    off = prim('RenderSettings "off"', meta="active = false")
    found = read(tmp_path, off, prim('class RenderSettings "c"'), prim('over "o"'), settings("on"))
    assert [each.name for each in found.renderables] == ["/on"]


def test_settings_may_be_put_together_from_several_layers(tmp_path: Path) -> None:
    weak = text(settings("s", "int2 resolution = (10, 20)", "rel products = </p>"), product("p"))
    write(tmp_path / "weak.usda", weak)
    found = read(tmp_path, prim('over "s"', "int2 resolution = (30, 40)"), head="subLayers = [@./weak.usda@]")
    assert found.resolution == (30, 40)
    assert [each.resolution for each in found.renderables] == [(30, 40)]


def test_cameras_are_found_wherever_they_come_from(tmp_path: Path) -> None:
    rig = text(
        prim('"rig"', prim('Camera "left"'), prim('"arm"', meta="references = </spare>")),
        prim('"spare"', prim('Camera "right"')),
        head='defaultPrim = "rig"',
    )
    write(tmp_path / "rig.usda", rig)
    write(tmp_path / "shots.usda", text(prim('"World"', prim('"rig"', meta="payload = @./rig.usda@"))))
    write(tmp_path / "deep.usda", text(prim('"a"', prim('"b"', meta="references = @./rig.usda@</rig>"))))
    found = read(
        tmp_path,
        prim('"one"', meta="instanceable = true\nreferences = @./rig.usda@"),
        prim('"two"', meta="references = @./deep.usda@</a/b/arm>"),
        prim('class "_kind"', prim('Camera "inherited"')),
        prim('"three"', meta="inherits = </_kind>"),
        prim(
            '"four"',
            variants("v", on=prim('Camera "chosen"'), off=prim('Camera "other"')),
            meta='variantSets = "v"\nvariants = {\nstring v = "on"\n}',
        ),
        head="subLayers = [@./shots.usda@]",
    )
    assert set(found.cameras) == {
        "/World/rig/left",
        "/World/rig/arm/right",
        "/one/left",
        "/one/arm/right",
        "/two/right",
        "/three/inherited",
        "/four/chosen",
    }


def test_only_what_leads_to_cameras_and_settings_is_composed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "town.usda", text(prim('"town"', *(prim(f'Mesh "m{number}"') for number in range(50)))))
    masks: list[list[str]] = []
    opened = Usd.Stage.OpenMasked

    def spy(layer: object, mask: Usd.StagePopulationMask) -> object:
        masks.append([str(path) for path in mask.GetPaths()])
        return opened(layer, mask)

    monkeypatch.setattr(Usd.Stage, "OpenMasked", spy)
    towns = [prim(f'"t{number}"', meta="references = @./town.usda@</town>") for number in range(20)]
    read(tmp_path, *towns, prim('"cams"', prim('Camera "c"')))
    assert masks == [["/cams/c"]]


def test_layers_that_multiply_do_not_multiply_the_work(tmp_path: Path) -> None:
    for level in range(40):
        arcs = [prim(f'"{name}"', meta=f"references = @./l{level + 1}.usda@</a>") for name in "xy"]
        write(tmp_path / f"l{level}.usda", text(prim('"a"', *arcs)))
    write(tmp_path / "l40.usda", text(prim('"a"', prim('Camera "c"'))))
    found = read(tmp_path, prim('"a"', meta="references = @./l30.usda@</a>"))
    assert len(found.cameras) == 1024
    assert found.cameras[0].startswith("/a/x/x/")


def test_many_prims_of_one_kind_are_all_found(tmp_path: Path) -> None:
    prims = [prim(f'"p{number}"', meta="inherits = </_kind>") for number in range(500)]
    found = read(tmp_path, *prims, prim('class "_kind"', prim('Camera "c"')))
    assert set(found.cameras) == {f"/p{number}/c" for number in range(500)}


def test_scenes_that_have_themselves_in_them_end(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        prim('"a"', prim('"b"', prim('Camera "c"')), meta="references = @./shot.usda@</a/b>"),
        prim('"d"', prim('"e"', meta="references = </d>")),
        head="subLayers = [@./shot.usda@]",
    )
    assert "/a/b/c" in found.cameras
    assert found.damage == ""


@pytest.mark.parametrize(
    ("attribute", "renderer"),
    [
        ("int arnold:global:AA_samples = 3", "arnold"),
        ("int ri:hider:maxsamples = 3", "prman"),
        ("int karma:global:pathtracedsamples = 3", "karma"),
        ("int redshift:global:UnifiedMaxSamples = 3", "redshift"),
        ("int vray:settings = 3", "vray"),
        ("int myown:samples = 3", ""),
    ],
)
def test_the_renderer_is_that_whose_settings_they_are(tmp_path: Path, attribute: str, renderer: str) -> None:
    found = read(tmp_path, settings("s", attribute))
    assert (found.renderer, found.renderables[0].renderer) == (renderer, renderer)


def test_plug_ins_are_those_whose_prims_and_shaders_are_used(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        prim('ArnoldUsd "a"'),
        prim('Shader "b"', 'uniform token info:id = "PxrSurface"'),
        prim('Shader "c"', 'uniform token info:id = "redshift::Material"'),
        prim('Shader "d"', 'uniform token info:id = "UsdPreviewSurface"'),
        prim('Shader "e"', 'uniform token info:id = "ND_standard_surface_surfaceshader"'),
    )
    assert found.plugins == (Plugin("arnold"), Plugin("prman"), Plugin("redshift"))


def test_a_package_renders_as_its_first_layer_says(tmp_path: Path) -> None:
    scene = text(prim('Camera "c"'), settings("s", "rel products = </p>"), product("p", 'token productName = "a.exr"'))
    found = report(package(tmp_path / "x.bin", {"root.usda": scene}))
    assert found.cameras == ("/c",)
    assert files(found)["a.exr"].resolved == str(tmp_path / "a.exr")
