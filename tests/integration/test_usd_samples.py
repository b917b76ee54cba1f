"""USD scenes of other people: what their applications would render, and the files that they need."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rendermill.scenes.read import read_scene
from rendermill.scenes.report import FrameRange, Plugin, SceneReport, Software, State
from support import samples
from support.scenes_usd import crate, files

ARNOLD = "usd/arnold/testsuite_test_0133_data_test.usda"
CLIPS = "usd/cookbook/root.usda"


def described(found: SceneReport) -> dict[str, tuple[State, str, int]]:
    return {each.path: (each.state, each.used_by, each.count) for each in found.files}


def test_tiles_of_a_texture_are_named_once(tmp_path: Path) -> None:
    path = samples.copied("usd/udim/usdUdims.usda", tmp_path, "x.bin")
    found = read_scene(path)
    assert (found.format, found.software, found.damage) == ("usda", Software("usd", "1.0"), "")
    user = "/Scene/Looks/MainMaterial/Diffuse inputs:file"
    assert described(found) == {"texture_<UDIM>.jpg": (State.MISSING, user, 0)}
    assert (found.frames, found.cameras, found.plugins) == (None, (), ())
    for tile in (1001, 1012):
        (tmp_path / f"texture_{tile}.jpg").touch()
    assert described(read_scene(path)) == {"texture_<UDIM>.jpg": (State.PATTERN, user, 2)}


def test_tiles_in_a_package_are_packed_only_if_they_are_there(tmp_path: Path) -> None:
    found = read_scene(samples.copied("usd/udim/usdUdims.usdz", tmp_path, "x.bin"))
    assert (found.format, found.software, found.damage, found.warnings) == ("usdz", Software("usd"), "", ())
    (texture,) = found.files
    assert (texture.path, texture.state) == ("texture_<UDIM>.jpg", State.MISSING)
    assert texture.resolved == f"{tmp_path}/x.bin[texture_<UDIM>.jpg]"


def test_textures_are_looked_for_from_the_layer(tmp_path: Path) -> None:
    path = samples.copied("usd/cortex_textureParameters.usda", tmp_path, "shot/x.bin")
    (tmp_path / "myTexture.tx").touch()
    (tmp_path / "myTexture.1003.tx").touch()
    looks = "/model/materials/textureParameterTest"
    assert described(read_scene(path)) == {
        "../myTexture.tx": (State.RESOLVED, f"{looks}/relativeTexture inputs:file", 1),
        "../myTexture.<UDIM>.tx": (State.PATTERN, f"{looks}/relativeUDIMTexture inputs:file", 1),
        "/full/path/to/myTexture.<UDIM>.tx": (State.MISSING, f"{looks}/udimTexture inputs:file", 0),
    }


@pytest.mark.parametrize("crated", [False, True])
def test_a_product_is_rendered_as_its_settings_say(tmp_path: Path, crated: bool) -> None:
    path = samples.copied(ARNOLD, tmp_path, "x.bin")
    if crated:
        path = crate(tmp_path / "y.bin", path.read_text())
    found = read_scene(path)
    assert found.frames == FrameRange(1, 1, 1, 24)
    assert (found.resolution, found.renderer, found.cameras) == ((160, 120), "arnold", ("/cameras/camera1",))
    (product,) = found.renderables
    assert (product.name, product.kind) == ("/Render/Products/renderproduct1", "render_product")
    assert (product.output, product.cameras) == ("testrender.tif", ("/cameras/camera1",))
    # The product sets no size of its own: it has that of its settings, not the 2048x1080 of the schema.
    assert (product.resolution, product.frames, product.enabled) == ((160, 120), FrameRange(1, 1, 1, 24), True)
    assert product.details == {
        "settings": "/Render/rendersettings1",
        "productType": "raster",
        "vars": ["rendervar1"],
    }
    assert described(found) == {"testrender.tif": (State.OUTPUT, "/Render/Products/renderproduct1 productName", 0)}
    assert found.files[0].resolved == str(tmp_path / "testrender.tif")
    assert (found.warnings, found.damage) == ((), "")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"endTimeCode = 1", b"endTimeCode = 48", FrameRange(1, 48, 1, 24)),
        (b"framesPerSecond = 24", b"framesPerSecond = 30", FrameRange(1, 1, 1, 30)),
        (b"startTimeCode = 1", b"startTimeCode = 0.5", FrameRange(0.5, 1, 1, 24)),
    ],
)
def test_another_range_is_another_range(tmp_path: Path, old: bytes, new: bytes, told: FrameRange) -> None:
    found = read_scene(samples.changed(ARNOLD, tmp_path, "x.bin", old, new))
    assert (found.frames, found.renderables[0].frames) == (told, told)


def test_a_size_of_the_product_is_its_own(tmp_path: Path) -> None:
    old = b'token productName = "testrender.tif"'
    new = b'int2 resolution = (2048, 1080)\n token productName = "out/beauty.exr"'
    found = read_scene(samples.changed(ARNOLD, tmp_path, "x.bin", old, new))
    assert (found.resolution, found.renderables[0].resolution) == ((160, 120), (2048, 1080))
    assert found.renderables[0].output == "out/beauty.exr"


def test_value_clips_are_found_by_their_template(tmp_path: Path) -> None:
    path = samples.copied(CLIPS, tmp_path, "x.bin")
    for each in samples.path(CLIPS).parent.glob("*clip*.usda"):
        shutil.copyfile(each, tmp_path / each.name)
    shutil.copyfile(samples.path("usd/cookbook/set.usda"), tmp_path / "set.usda")
    found = read_scene(path)
    assert found.frames == FrameRange(0, 2, 1, 24)
    assert described(found) == {
        "./set.usda": (State.RESOLVED, "/Set references", 1),
        "./non_template_clip.usda": (State.RESOLVED, "/Set clips:non_template_clips:assetPaths", 1),
        "./template_clip.##.usda": (State.PATTERN, "/Set clips:template_clips:templateAssetPath", 3),
    }
    clips = files(found)["./template_clip.##.usda"].files
    assert clips == tuple(str(tmp_path / f"template_clip.{number:02}.usda") for number in range(3))
    (tmp_path / "template_clip.02.usda").unlink()
    assert described(read_scene(path))["./template_clip.##.usda"][2] == 2


def test_layers_are_followed_from_one_to_the_next(tmp_path: Path) -> None:
    path = samples.copied("usd/cookbook/shot_v001.usda", tmp_path, "x.bin")
    shutil.copyfile(samples.path("usd/cookbook/sequence.usda"), tmp_path / "sequence.usda")
    assert described(read_scene(path)) == {
        "./sequence.usda": (State.RESOLVED, "subLayers", 1),
        "./asset.usda": (State.MISSING, "sequence.usda: subLayers", 0),
    }
    shutil.copyfile(samples.path("usd/cookbook/asset.usda"), tmp_path / "asset.usda")
    found = read_scene(path)
    assert described(found)["./asset.usda"] == (State.RESOLVED, "sequence.usda: subLayers", 1)
    (whole,) = found.renderables
    assert (whole.name, whole.kind, whole.enabled, found.plugins) == ("/", "stage", True, ())


def test_a_renderer_is_told_by_its_settings(tmp_path: Path) -> None:
    data = samples.path(ARNOLD).read_text().replace("arnold:global:", "ri:")
    (tmp_path / "x.bin").write_text(data + '\ndef ArnoldUsd "p"\n{\n}\n')
    found = read_scene(tmp_path / "x.bin")
    assert (found.renderer, found.plugins) == ("prman", (Plugin("arnold"),))
