"""Houdini scenes that other people saved, from Houdini 11 to 21, each under a name that says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import Confidence, FrameRange, Plugin, Renderable, SceneReport, Software, State
from support import samples
from support.scenes_houdini import only, report_of, used

CGRU = "houdini/h17.5_cgru_scene.hip"
DAMAGED = "houdini/h17.0_rayvision_sphere.hip"
REDSHIFT = "houdini/h19.0_mops_redshift_proxy.hip"
TOOLBOX = "houdini/h18.5_toolbox_test_parameters.hip"
QLIB_LIGHT = "houdini/h12.1_qlib_super_light.hip"
QLIB_VOLUME = "houdini/h15.5_qlib_volume_retime.hip"
INSTANCER = "houdini/h20.0_mops_instancer.hiplc"
EMPTY = "houdini/h18.0_prism_empty.hip"
BAKER = "houdini/h17.5_gdt_maps_baker.hip"
TO_LOPS = "houdini/h21.0_mops_to_lops.hip"
OLDEST = "houdini/h11.0_cgru_3dcoat_start.hip"


def read(sample: str, folder: Path) -> SceneReport:
    return examine(samples.copied(sample, folder, "x.bin"), (), Listener())


def changed(sample: str, folder: Path, old: bytes, new: bytes) -> SceneReport:
    """The sample with one fact changed; a payload that grows gets its entry's size changed too."""
    path = samples.changed(sample, folder, "y.bin", old, new)
    if len(old) != len(new):
        path.write_bytes(_resized(path.read_bytes(), new, len(new) - len(old)))
    return examine(path, (), Listener())


def _resized(data: bytes, inside: bytes, grown: int) -> bytes:
    header = data.rindex(b"070707", 0, data.index(inside))
    size = int(data[header + 65 : header + 76], 8) + grown
    return data[: header + 65] + f"{size:011o}".encode() + data[header + 76 :]


def rops(report: SceneReport) -> dict[str, Renderable]:
    return {each.name: each for each in report.renderables}


def paths(report: SceneReport, state: State) -> set[str]:
    return {use.path for use in report.files if use.state is state}


@pytest.mark.parametrize(
    ("sample", "software", "frames"),
    [
        (OLDEST, ("11.0.581", "linux"), (1, 240, 24)),
        (QLIB_LIGHT, ("12.1.207", "linux"), (1, 240, 24)),
        (QLIB_VOLUME, ("15.5.830", "linux"), (1, 60, 24)),
        (DAMAGED, ("17.0.352", "windows"), (1, 240, 24)),
        (CGRU, ("17.5.460", "linux"), (1, 240, 24)),
        (BAKER, ("17.5.293", "windows"), (1, 240, 24)),
        (EMPTY, ("18.0.391", "windows"), (1001, 1100, 24)),
        (TOOLBOX, ("18.5.732", "linux"), (1, 240, 24)),
        (REDSHIFT, ("19.0.531", "windows"), (1, 240, 24)),
        (INSTANCER, ("20.0.751", "windows"), (1, 100, 25)),
        (TO_LOPS, ("21.0.631", "windows"), (1, 240, 24)),
    ],
)
def test_who_saved_it_and_its_time_line(
    tmp_path: Path, sample: str, software: tuple[str, str], frames: tuple[int, int, int]
) -> None:
    report = read(sample, tmp_path)
    assert report.format == ("hiplc" if sample == INSTANCER else "hip")
    assert report.software == Software("houdini", *software)
    assert report.frames == FrameRange(frames[0], frames[1], 1, frames[2])
    assert bool(report.damage) is (sample == DAMAGED)
    assert {use.state for use in report.files} <= set(State)


def test_mantra_in_many_networks(tmp_path: Path) -> None:
    report = read(CGRU, tmp_path)
    found = rops(report)
    pictures = {
        "/out/mantra_ifd": "jpg",
        "/out/mantra_jpg": "jpg",
        "/out/mantra_jpg1": "jpg",
        "/out/mantra_jpg2": "jpg",
        "/out/mantra_exr": "exr",
        "/out/mantra": "exr",
    }
    for name, extension in pictures.items():
        assert found[name].output == f"$HIP/render/image.$F4.{extension}"
    mantra = [each for each in report.renderables if each.kind == "ifd"]
    assert {each.name for each in mantra} == {*pictures, "/obj/ropnet_test/m_in_ropnet"}
    for each in mantra:
        assert (each.cameras, each.resolution, each.renderer) == (("/obj/cam1",), (640, 480), "mantra")
        assert (each.frames, each.details["f"]) == (FrameRange(1, 1, 1, 24), [1, 240, 1])
        assert each.details["role"] == "render"
    assert (report.cameras, report.renderer, report.resolution) == (
        ("/obj/cam1", "/obj/stereocamrig1"),
        "mantra",
        (640, 480),
    )


def test_other_drivers_and_caches(tmp_path: Path) -> None:
    report = read(CGRU, tmp_path)
    found = rops(report)
    for name, other in {"geo_cache": "dust/file1", "geoSim": "dust/file1", "geoCacheA": "dust_ab/file_a"}.items():
        assert (found[f"/out/{name}"].kind, found[f"/out/{name}"].details["role"]) == ("geometry", "geometry")
        assert found[f"/out/{name}"].output == f'`chs("/obj/{other}/file")`'
    assert (found["/out/convert"].kind, found["/out/convert"].details["f"]) == ("comp", [80, 100, 1])
    drivers = {each.name for each in report.renderables if each.kind == "afanasy"}
    assert {found[name].details["role"] for name in drivers} == {"driver"}
    assert {"/out/afanasy", "/out/afMov", "/obj/ropnet_test/a_in_ropnet"} <= drivers
    assert found["/out/af_cache"].frames == FrameRange(40, 60, 1, 24)  # as /out/afRender, which it looks at
    assert len(report.renderables) == 24


def test_files_of_the_many_networks(tmp_path: Path) -> None:
    """Nothing is there: what the scene writes itself is no missing input."""
    report = read(CGRU, tmp_path)
    outputs = paths(report, State.OUTPUT)
    assert {"render/cache_a.$F4.bgeo", "render/cache_b.$F4.bgeo", "render/cache.$F4.bgeo"} <= outputs
    assert {"$HIP/render/image.$F4.exr", "$HIP/render/$OS.$F4.rat", "$HIP/render/scene.$F4.ifd"} <= outputs
    assert paths(report, State.MISSING) == {"/cgru/plugins/houdini/afanasy.otl"}
    users = used(report)
    assert users["/img/comp1/image_F4_exr filename"].resolved == str(tmp_path / "render/image.####.exr")
    assert users["/obj/hlight1 shadowmap_file"].resolved == str(tmp_path / "render/hlight1.####.rat")


def test_caches_that_are_there_are_inputs(tmp_path: Path) -> None:
    (tmp_path / "render").mkdir()
    for frame in (1, 2, 4):
        (tmp_path / f"render/cache_a.{frame:04}.bgeo").touch()
    use = used(read(CGRU, tmp_path))["/obj/dust_ab/file_a file"]
    assert (use.state, use.count, use.gaps) == (State.PATTERN, 3, "3")


def test_a_damaged_scene_is_recovered(tmp_path: Path) -> None:
    report = read(DAMAGED, tmp_path)
    assert report.damage == "damaged at byte 87728: .OPdummydefs does not end where it says"
    found = only(report)
    assert (found.name, found.kind, found.frames) == ("/out/mantra1", "ifd", FrameRange(1, 10, 1, 24))
    assert (found.cameras, found.resolution) == (("/obj/cam1",), (1280, 720))
    assert found.output == "$HIP/render/$HIPNAME.$OS.$F4.exr"
    assert paths(report, State.MISSING) == set()
    assert paths(report, State.BUILT_IN) == {"default.pic", "defcam.bgeo"}


def test_redshift(tmp_path: Path) -> None:
    report = read(REDSHIFT, tmp_path)
    found = rops(report)
    assert set(found) == {
        "/obj/build_instances/sphere_proxy",
        "/obj/build_instances/box_proxy",
        "/out/Redshift_ROP1",
    }
    rop = found["/out/Redshift_ROP1"]
    assert (rop.kind, rop.renderer, rop.cameras, rop.resolution) == (
        "Redshift_ROP",
        "redshift",
        ("/obj/cam1",),
        (1280, 720),
    )
    assert rop.output == "$HIP/render/$HIPNAME.$OS.$F4.exr"
    assert (report.renderer, report.plugins) == ("redshift", (Plugin("redshift", "3.0.66"),))
    proxies = used(report)
    for name in ("sphere", "box"):
        use = proxies[f"/obj/build_instances/{name}_proxy RS_archive_file"]
        assert (use.path, use.state) == (f"$HIP/{name}_proxy.rs", State.OUTPUT)
    missing = paths(report, State.MISSING)
    assert len(missing) == 12
    assert all(path.startswith("D:/Projects/VFX/MOPS/otls/MOPS_") for path in missing)


def test_proxies_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "box_proxy.rs").touch()
    use = used(read(REDSHIFT, tmp_path))["/obj/render/redshift_packedProxySOP2 RS_proxy_file"]
    assert (use.path, use.state, use.files) == ("$HIP/box_proxy.rs", State.RESOLVED, (str(tmp_path / "box_proxy.rs"),))


def test_a_camera_that_is_not_there(tmp_path: Path) -> None:
    report = read(TOOLBOX, tmp_path)
    found = only(report)
    assert (found.cameras, found.details["missing_camera"]) == (("/obj/cam1",), True)
    assert found.resolution == (1280, 720)
    assert found.output == "$HIP/render/$HIPNAME.$OS.$F4.exr"  # as its channel says, not as it was saved
    assert report.cameras == ()
    assert report.warnings == ("/out/mantra1 renders through /obj/cam1, which is not in the scene",)


def test_two_rops_and_libraries(tmp_path: Path) -> None:
    report = read(QLIB_LIGHT, tmp_path)
    for name, stem, take in (("test_grid", "grid", "grid"), ("test", "fast", "_current_")):
        found = rops(report)[f"/out/{name}"]
        assert (found.output, found.details["take"]) == (f"/mnt/Work/Work/qLab/tmp/super_light_{stem}.exr", take)
        assert (found.cameras, found.resolution) == (("/obj/camera",), (1024, 1024))
    assert len(report.renderables) == 2
    assert paths(report, State.MISSING) == {
        "/home/mate/Work/qLab/qLib-gadfly/otls/base/superellipse_ql_SOP.otl",
        "/home/mate/Work/qLab/qLib-gadfly/otls/base/superellipse_ql_VOP.otl",
        "$JOB/Work/qLab/qLib-gadfly/otls/experimental/super_light_ql_OBJ.otl",
    }


def test_ranges_by_channels(tmp_path: Path) -> None:
    report = read(QLIB_VOLUME, tmp_path)
    found = rops(report)
    assert found["/out/mantra1"].details["f"] == [1, 60, 1]  # saved as 1 to 240
    assert (found["/out/mantra1"].cameras, found["/out/mantra1"].resolution) == (("/obj/cam1",), (1280, 720))
    cache = found["/obj/pyro_import_retimed/import_pyrofields"]
    assert (cache.kind, cache.output, cache.frames) == (
        "dopio",
        "$HIP/geo/$HIPNAME.$OS.$F.bgeo.sc",
        FrameRange(1, 60, 1, 24),
    )
    plate = used(report)["/obj/cam1 vm_background"]
    assert plate.path.startswith("/Volumes/luma/sputnik/")
    assert plate.state is State.MISSING
    assert len(paths(report, State.MISSING)) == 2


def test_a_scene_of_a_limited_licence(tmp_path: Path) -> None:
    report = read(INSTANCER, tmp_path)
    assert (report.renderables, report.cameras, report.resolution) == ((), (), None)
    missing = paths(report, State.MISSING)
    assert len(missing) == 11
    assert all(path.startswith("D:/Projects/VFX/MOPS/otls/MOPS_") for path in missing)
    assert paths(report, State.BUILT_IN) == {"default.bgeo", "default.pic", "circle.pic"}


def test_an_empty_scene(tmp_path: Path) -> None:
    report = read(EMPTY, tmp_path)
    assert (report.renderables, report.files, report.cameras, report.warnings) == ((), (), (), ())


def test_textures_of_an_asset_are_each_one_file(tmp_path: Path) -> None:
    report = read(BAKER, tmp_path)
    textures = {path for path in paths(report, State.MISSING) if path.endswith(".jpg")}
    stems = ("scksebop_2K_Albedo", "scksebop_2K_Roughness", "smoiaagk_2K_Normal", "scksebop_2K_Metalness")
    assert textures == {f"$HIP/shared/textures/{stem}.jpg" for stem in stems}
    assert sum(use.path.endswith(".jpg") for use in report.files) == 4
    assert paths(report, State.OUTPUT) == {"$HIP/export/mapsbaker/mapsbaker_$(CHANNEL).png"}
    libraries = {path for path in paths(report, State.MISSING) if path.endswith(".hda")}
    assert libraries == {f"C:/Github/GDT/otls/sop_{name}.hda" for name in ("axis_align", "maps_baker", "quickmaterial")}
    assert len(report.files) == 8


def test_the_newest(tmp_path: Path) -> None:
    report = read(TO_LOPS, tmp_path)
    assert report.renderables == ()
    missing = paths(report, State.MISSING)
    assert len(missing) == 9
    assert all(path.startswith("D:/Projects/VFX/MOPs/otls/") for path in missing)
    assert paths(report, State.BUILT_IN) == {"default.bgeo", "default.pic"}


def test_the_oldest(tmp_path: Path) -> None:
    report = read(OLDEST, tmp_path)
    found = rops(report)
    mantra = found["/out/mantra1"]
    assert (mantra.frames, mantra.cameras, mantra.resolution, mantra.output) == (
        FrameRange(1, 1, 1, 24),
        ("/obj/cam1",),
        (640, 480),
        "",
    )
    assert found["/obj/geo1/rop_geometry1"].output == "$HIP/fog.geo"
    use = used(report)["/obj/geo1/3dCoat1 file_name"]
    assert (use.path, use.state, use.confidence) == ("$HIP/mySphere.3b", State.MISSING, Confidence.LOW)
    assert {use.path for use in report.files} == {"$HIP/fog.geo", "$HIP/mySphere.3b", "defcam.bgeo"}


# --- one fact changed --------------------------------------------------------------------------------------------


def test_another_range(tmp_path: Path) -> None:
    report = changed(QLIB_VOLUME, tmp_path, b"frange 1 60\n", b"frange 17 90\n")
    assert report.damage == ""
    assert report.frames == FrameRange(17, 90, 1, 24)
    assert rops(report)["/out/mantra1"].details["f"] == [17, 90, 1]


def test_another_version_and_rate(tmp_path: Path) -> None:
    assert changed(EMPTY, tmp_path, b"'18.0.391'", b"'18.0.999'").software.version == "18.0.999"
    assert changed(EMPTY, tmp_path, b"fps 24\n", b"fps 30\n").frames == FrameRange(1001, 1100, 1, 30)


def test_another_current_frame(tmp_path: Path) -> None:
    report = changed(TOOLBOX, tmp_path, b"tcur 0\n", b"tcur 2.5\n")
    assert only(report).frames == FrameRange(61, 61, 1, 24)


def test_another_size_of_the_camera(tmp_path: Path) -> None:
    report = changed(
        REDSHIFT, tmp_path, b"\nres\t[ 0\tlocks=0 ]\t(\t1280\t720\t)", b"\nres\t[ 0\tlocks=0 ]\t(\t999\t333\t)"
    )
    assert (report.resolution, report.damage) == ((999, 333), "")


def test_another_proxy(tmp_path: Path) -> None:
    report = changed(REDSHIFT, tmp_path, b"$HIP/box_proxy.rs", b"$HIP/else/where.rs")
    assert "$HIP/else/where.rs" in paths(report, State.MISSING)


def test_another_camera_and_picture(tmp_path: Path) -> None:
    report = changed(
        OLDEST, tmp_path, b"vm_picture\t[ 0\tlocks=0 ]\t(\tip\t)", b"vm_picture\t[ 0\tlocks=0 ]\t(\t$HIP/a.exr\t)"
    )
    assert rops(report)["/out/mantra1"].output == "$HIP/a.exr"


def test_another_library_in_a_scene_of_a_limited_licence(tmp_path: Path) -> None:
    old, new = b"MOPS/otls/MOPS_Align.hda", b"MOPS/otls/MOPS_Other.hda"
    report = changed(INSTANCER, tmp_path, b"D:/Projects/VFX/" + old, b"D:/Projects/VFX/" + new)
    assert "D:/Projects/VFX/MOPS/otls/MOPS_Other.hda" in paths(report, State.MISSING)


def test_cut_off_anywhere_it_tells_what_it_has(tmp_path: Path) -> None:
    data = samples.path(QLIB_LIGHT).read_bytes()
    place = data.index(b"out/test.init")
    report = report_of(data[:place], tmp_path)
    assert "/out/test_grid" in rops(report)
    assert report.frames == FrameRange(1, 240, 1, 24)
    assert report.damage.startswith("damaged at byte ")
