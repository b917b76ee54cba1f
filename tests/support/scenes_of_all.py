"""One scene of each format, with a little of everything that its reader knows, for tests over all of them."""

from __future__ import annotations

from pathlib import Path

from support import scenes_blend, scenes_clarisse, scenes_houdini, scenes_lesser, scenes_maya, scenes_usd

NAMES = (
    *("hip", "hiplc", "hipnc", "ma", "mb of 32 bits", "mb of 64 bits", "project", "blend", "big-endian blend"),
    *("new blend", "blend in gzip", "blend in zstd", "usda", "usdc", "usdz", "katana", "katana in tar", "max", "c4d"),
)


def write(name: str, folder: Path) -> Path:
    """Write the scene of a name (one of :data:`NAMES`) into a folder."""
    path = folder / "scene"
    if name == "usdc":
        return scenes_usd.crate(path, _USD)
    if name == "usdz":
        return scenes_usd.package(path, {"root.usda": _USD, "wood.png": b"x"})
    path.write_bytes(_MAKERS[name]())
    return path


def _hip() -> scenes_houdini.Hip:
    hip = scenes_houdini.Hip(variables={"HIP": "D:/show", "HIPNAME": "shot", "JOB": "D:/job", "SHOW": "$JOB/show"})
    hip.rop(camera="/obj/cam1", vm_picture="$HIP/render/$OS.$F4.exr", f=(scenes_houdini.Bound("$FSTART", 9), 10, 1))
    hip.rop("geometry", "/out/cache", sopoutput='`chs("../../obj/geo1/file1/file")`', trange="off")
    hip.camera().node("/obj/geo1/file1", "file", {"file": "$SHOW/cache.$F4.bgeo"})
    hip.node("/obj/geo1/own", "studio::Sop/own", {"texture": "$JOB/`padzero(4, $F+1)`.exr", "count": 3})
    return hip.asset("studio::Sop/own", "D:/otls/own.hda", "$HIP/otls/own.hda")


def _maya() -> scenes_maya.Scene:
    return scenes_maya.Scene(
        nodes=(
            *scenes_maya.camera("shot", rnd=True),
            scenes_maya.texture("wood", "D:/show//sourceimages/wood_1001.png", uvt=3.0),
            scenes_maya.Node("renderLayer", "one", {"rndr": True}),
            scenes_maya.globals_(an=True, fs=scenes_maya.Frames(3), ef=scenes_maya.Frames(30), ifp="<Layer>/<Scene>"),
            scenes_maya.Node("", "defaultResolution", {"w": 640.0, "h": 480.0}),
        ),
        plug_ins=(scenes_maya.PlugIn("mtoa", "5.2.0", ("aiStandIn",)),),
        refers=(scenes_maya.Refers("$SHOW/rig.ma", "rigRN"),),
        links=(("one.msg", ":defaultRenderGlobals.msg"),),
    )


def _blend(version: str = "405", pointer: int = 8, order: str = "<") -> bytes:
    return bytes(scenes_blend.scene(scenes_blend.Blend(version, pointer, order), r__pic="//out/"))


def _clarisse() -> bytes:
    texture = scenes_clarisse.item("TextureMapFile", "wood", r'filename "d:\\tex\\wood.<UDIM>.png"')
    layer = scenes_clarisse.item("Layer3d", "background", 'active_camera "project://scene/cam"')
    image = scenes_clarisse.image("shot", "first_frame 3", 'save_as "$PDIR/shot.####"', layers=(layer,))
    camera = scenes_clarisse.item("CameraPerspective", "cam")
    return scenes_clarisse.project(
        scenes_clarisse.preferences("frames_per_second 25"), scenes_clarisse.context("scene", camera, texture, image)
    ).encode()


def _katana() -> str:
    read = scenes_lesser.node("read", "PxrUsdIn", scenes_lesser.parameter("fileName", "./set.usd"))
    return scenes_lesser.katana(read, scenes_lesser.render_settings("settings", resolution="HD"))


def _max() -> bytes:
    lines = ["Render Camera 00=Cam", "Render Width=640", "Render Height=480", "Animation Start=1", "Animation End=9"]
    groups = [("General", ["3ds Max Version: 13,00", "Uncompressed"])]
    groups += [(name, []) for name in ("Mesh Totals", "Scene Totals", "External Dependencies", "Objects", "Materials")]
    groups += [("Used Plug-Ins", ["mtl.dlt"]), ("Render Data", lines)]
    streams = {
        "Scene": bytes(9000),
        "\x05DocumentSummaryInformation": scenes_lesser.max_summary(groups),
        "FileAssetMetaData2": scenes_lesser.max_assets(("Bitmap", "C:\\tex\\wood.png")),
    }
    return scenes_lesser.compound(streams)


def _c4d() -> bytes:
    return scenes_lesser.c4d(scenes_lesser.c4d_value(1000, "D:/tex/wood.png", file_name=True))


_USD = scenes_usd.text(
    scenes_usd.prim('Camera "cam"'),
    scenes_usd.prim('Shader "wood"', "asset inputs:file = @./wood.<UDIM>.png@", 'string filename = "/a/b.tx"'),
    scenes_usd.prim(
        'Scope "Render"',
        scenes_usd.prim('RenderSettings "settings"', "int2 resolution = (64, 32)", "rel camera = </cam>"),
    ),
    head='startTimeCode = 1\nendTimeCode = 9\nsubLayers = [@./set.usda@]\nrenderSettingsPrimPath = "/Render/settings"',
)
_MAKERS = {
    "hip": lambda: _hip().data(),
    "hiplc": lambda: _hip().masked("LC"),
    "hipnc": lambda: _hip().masked("NC"),
    "ma": lambda: scenes_maya.ascii_scene(_maya()),
    "mb of 32 bits": lambda: scenes_maya.binary_of_32_bits(_maya()),
    "mb of 64 bits": lambda: scenes_maya.binary_of_64_bits(_maya()),
    "project": _clarisse,
    "blend": _blend,
    "big-endian blend": lambda: _blend("249", 4, ">"),
    "new blend": lambda: _blend("500"),
    "blend in gzip": lambda: scenes_blend.gzipped(_blend("279")),
    "blend in zstd": lambda: scenes_blend.zstd(_blend()),
    "usda": _USD.encode,
    "katana": lambda: scenes_lesser.katana_plain(_katana()),
    "katana in tar": lambda: scenes_lesser.katana_archive(_katana()),
    "max": _max,
    "c4d": _c4d,
}
