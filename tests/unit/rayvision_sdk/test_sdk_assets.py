"""asset.json and upload.json."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pytest

from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_maya.analyze_maya import AnalyzeMaya
from rendermill.farm.model.storage import server_path as farm_path
from rendermill.scenes.report import State
from rendermill_rayvision.assets import server_path
from support.rayvision_sdk import made, on_disk, reads, report, rop, run, scene_file, used

_LINE = re.compile(r"(.+?)  \(mtime (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\) size (\d+)")


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return scene_file(tmp_path / "show", content=b"a" * 100_000)


@pytest.fixture
def analysed(tmp_path: Path, scene: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def analysed(*uses: Any, cls: Any = AnalyzeHoudini, name: str = "houdini") -> Any:
        reads(monkeypatch, report(name, renderables=(rop(),), files=uses))
        return run(made(cls, scene, tmp_path / "work"))

    return analysed


def file(scene: Path, name: str, size: int = 3) -> Path:
    path = scene.parent / name
    path.write_bytes(b"x" * size)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def test_upload_json_lists_what_is_there_and_the_scene_last(analysed: Any, scene: Path) -> None:
    one, two = file(scene, "one.exr"), file(scene, "two.exr")
    analysis = analysed(used(one), used(two, by="/obj/a b"))
    assert analysis.upload_info == on_disk(analysis.upload_json)
    own = {"local": str(scene), "server": str(scene)[1:]}
    assert analysis.upload_info == {
        "scene": [{**own, "hash": hashlib.md5(b"a" * 100_000).hexdigest()}],
        "asset": [{"local": str(path), "server": str(path)[1:]} for path in (one, two)] + [own],
    }


def test_the_files_of_a_family_are_listed_one_by_one(analysed: Any, scene: Path) -> None:
    frames = [file(scene, f"fx.{number}.bgeo") for number in (1, 2, 4)]
    analysis = analysed(used(scene.parent / "fx.$F.bgeo", state=State.PATTERN, files=frames, gaps="3"))
    assert [each["local"] for each in analysis.upload_info["asset"]] == [*map(str, frames), str(scene)]


def test_no_file_is_listed_twice_nor_the_scene_among_the_others(analysed: Any, scene: Path) -> None:
    one, two = file(scene, "a.1.exr"), file(scene, "a.2.exr")
    family = used(scene.parent / "a.#.exr", state=State.PATTERN, files=[one, two])
    analysis = analysed(used(one), family, used(scene, by="/obj/x merge"))
    assert [each["local"] for each in analysis.upload_info["asset"]] == [str(one), str(two), str(scene)]
    assert len(analysis.asset_info["asset"]) == 2


def test_what_is_not_there_is_not_listed(analysed: Any, scene: Path) -> None:
    states = [state for state in State if state not in (State.RESOLVED, State.PATTERN)]
    analysis = analysed(*(used(f"/no/{state}.exr", state=state) for state in states))
    assert [each["local"] for each in analysis.upload_info["asset"]] == [str(scene)]
    assert analysis.asset_info["asset"] == []


@pytest.mark.parametrize(
    ("local", "server"),
    [
        ("D:/a/b.hip", "/D/a/b.hip"),
        ("//srv/share/a", "/srv/share/a"),
        ("/home/u/a", "home/u/a"),
        ("/x/a:b", "x/a:b"),
        ("/a", "a"),
    ],
)
def test_a_file_goes_where_the_sdk_puts_it_and_the_farm_looks_for_it(local: str, server: str) -> None:
    assert server_path(local) == server
    assert farm_path(server) == farm_path(local)


def test_asset_json_has_a_line_for_each_file(analysed: Any, scene: Path) -> None:
    path = file(scene, "wood (old).exr", size=1234)
    analysis = analysed(used(path), cls=AnalyzeMaya, name="maya")
    assert analysis.asset_info == on_disk(analysis.asset_json)
    assert set(analysis.asset_info) == {"asset"}
    match = _LINE.fullmatch(analysis.asset_info["asset"][0])
    assert match is not None
    assert (match[1], match[3]) == (str(path), "1234")
    assert analysis.asset_info["asset"][0].split("  (mtime")[0] == str(path)


def test_a_file_that_went_away_meanwhile_is_still_named(analysed: Any) -> None:
    assert analysed(used("/no/such.exr")).asset_info["asset"] == ["/no/such.exr  (mtime unknown) size unknown"]


def test_houdinis_has_its_files_by_their_nodes_too(analysed: Any, scene: Path) -> None:
    one, two = file(scene, "one.exr"), file(scene, "two.exr")
    analysis = analysed(
        used(one, by="/obj/a/file1 file, /obj/b/file1 file", raw="$HIP/one.exr"),
        used(two, by="/obj/a/file1 other", raw="two.exr"),
        used("/show/lost.exr", by="/shop/m tex", raw="$JOB/lost.exr", state=State.MISSING),
        used("/otls/tool.hda", by="studio::Sop/tool::1.0", raw="/otls/tool.hda", state=State.MISSING),
        used("/show/out.exr", by="/out/mantra1 vm_picture", state=State.OUTPUT),
    )
    assert analysis.asset_info["Normal"] == {
        "/obj/a/file1": ["$HIP/one.exr", [str(one)]],
        "/obj/b/file1": ["$HIP/one.exr", [str(one)]],
        "/obj/a/file1/other": ["two.exr", [str(two)]],
    }
    assert analysis.asset_info["Miss"] == {
        "/shop/m": ["$JOB/lost.exr", ["/show/lost.exr"]],
        "studio::Sop/tool::1.0": ["/otls/tool.hda", ["/otls/tool.hda"]],
    }
    assert set(analysis.asset_info) == {"asset", "Normal", "Miss", "camera"}


def test_houdinis_has_the_cameras_of_its_render_nodes(
    tmp_path: Path, scene: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = (
        rop("/out/a", cameras=("/obj/cam1",)),
        rop("/out/b", cameras=("/obj/cam1",)),
        rop("/out/c", cameras=("/obj/lost",), details={"missing_camera": True}),
        rop("/out/d"),
        rop("/out/e", "geometry", cameras=("/obj/cam2",)),
    )
    reads(monkeypatch, report(renderables=nodes))
    analysis = run(made(AnalyzeHoudini, scene, tmp_path / "work"))
    assert analysis.asset_info["camera"] == {"normal": ["/obj/cam1"], "diff": [], "miss": ["/obj/lost"]}
