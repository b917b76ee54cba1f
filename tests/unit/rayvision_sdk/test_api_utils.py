"""Changing what an analysis has written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rayvision_api import utils
from rayvision_api.exception import RayvisionError
from rayvision_api.utils import append_to_task, append_to_upload, convert_path, update_task_info


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "task.json"
    settings = {"pre_frames": "000", "ram": "64", "input_cg_file": "/show/水.hip"}
    path.write_text(json.dumps({"task_info": settings, "scene_info": {}}), encoding="utf-8")
    return path


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload.json"
    path.write_text('{"scene": [{"local": "/s.hip", "server": "s.hip", "hash": "x"}], "asset": []}')
    return path


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """A folder with files and folders."""
    for name in ("b.png", "a.png", "sub/deep/c.png", "with space/木.png"):
        (tmp_path / "show" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "show" / name).write_text(name)
    return tmp_path / "show"


def content(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def listed(path: Path) -> list[str]:
    return [each["local"] for each in content(path)["asset"]]


def refused(code: int, path: Path, call: Any, *arguments: Any) -> str:
    """A call must be refused with a code, and the file stay as it is; what was said."""
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(RayvisionError) as caught:
        call(*arguments)
    assert caught.value.error_code == code
    assert (path.read_bytes() if path.exists() else None) == before
    return caught.value.error


# --- task.json ---------------------------------------------------------------------------------------------------


def test_settings_are_changed_as_they_are_given(task: Path) -> None:
    update_task_info({"pre_frames": "100", "ram": 128}, str(task))
    assert content(task)["task_info"] == {"pre_frames": "100", "ram": 128, "input_cg_file": "/show/水.hip"}
    assert "水" in task.read_text(encoding="utf-8"), "it is text, not escapes"


def test_a_setting_that_is_not_there_changes_nothing(task: Path) -> None:
    said = refused(1000002, task, update_task_info, {"ram": "128", "color": "red"}, task)
    assert "color" in said and "pre_frames" in said


def test_members_are_added_and_covered(task: Path) -> None:
    append_to_task({"shot": "sh010", "take": 1}, task)
    append_to_task({"take": 2}, task)
    assert content(task)["additional_info"] == {"shot": "sh010", "take": 2}


def test_without_covering_new_members_are_added_and_old_ones_refused(task: Path) -> None:
    append_to_task({"shot": "sh010"}, task, cover=False)
    append_to_task({"take": 1}, task, False)
    assert content(task)["additional_info"] == {"shot": "sh010", "take": 1}
    assert "take" in refused(1000002, task, append_to_task, {"cut": 3, "take": 2}, task, False)


@pytest.mark.parametrize("call", [update_task_info, append_to_task])
def test_what_is_no_task_json_is_named(call: Any, task: Path, tmp_path: Path) -> None:
    missing = tmp_path / "no.json"
    assert str(missing) in refused(1000004, missing, call, {"ram": "1"}, missing)
    assert "list" in refused(1000005, task, call, ["ram"], task)
    for broken in ("{", "[]", "7", "\ufeff", "[" * 100_000):
        task.write_text(broken, encoding="utf-8")
        assert str(task) in refused(1000000, task, call, {"ram": "1"}, task)
    task.write_bytes(b"\xff\xfe{")
    refused(1000000, task, call, {"ram": "1"}, task)


def test_a_task_json_without_settings_or_with_odd_ones_is_refused(task: Path) -> None:
    task.write_text('{"task_info": [], "additional_info": []}')
    refused(1000000, task, update_task_info, {"ram": "1"}, task)
    refused(1000005, task, append_to_task, {"ram": "1"}, task)


def test_a_mark_at_the_start_of_a_file_is_passed_over(task: Path) -> None:
    task.write_text('\ufeff{"task_info": {"ram": "64"}}', encoding="utf-8")
    update_task_info({"ram": "128"}, task)
    assert content(task) == {"task_info": {"ram": "128"}}


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(task: Path) -> None:
    before, beside = task.read_bytes(), sorted(task.parent.iterdir())
    with pytest.raises(TypeError, match="JSON"):
        update_task_info({"ram": object()}, task)
    assert task.read_bytes() == before
    assert sorted(task.parent.iterdir()) == beside, "nothing is left beside it"


def test_a_file_keeps_its_rights_and_a_link_its_target(task: Path, tmp_path: Path) -> None:
    task.chmod(0o640)
    (tmp_path / "links").mkdir()
    link = tmp_path / "links/task.json"
    link.symlink_to(task)
    update_task_info({"ram": "128"}, link)
    assert link.is_symlink() and content(task)["task_info"]["ram"] == "128"
    assert task.stat().st_mode & 0o777 == 0o640


# --- upload.json -------------------------------------------------------------------------------------------------


def test_files_and_whole_folders_are_added_each_once(upload: Path, show: Path) -> None:
    append_to_upload([str(show / "b.png"), show, str(show) + os.sep, f"{show}/./sub/../a.png"], str(upload))
    names = ["b.png", "a.png", "sub/deep/c.png", "with space/木.png"]
    assert listed(upload) == [str(show / name) for name in names]
    assert content(upload)["asset"][0]["server"] == str(show / "b.png").removeprefix("/")
    append_to_upload(show, upload)
    assert len(listed(upload)) == 4
    assert content(upload)["scene"] == [{"local": "/s.hip", "server": "s.hip", "hash": "x"}]


def test_a_single_folder_is_walked_as_well(upload: Path, show: Path) -> None:
    append_to_upload(str(show / "sub"), upload)
    assert listed(upload) == [str(show / "sub/deep/c.png")]


def test_a_file_that_is_listed_in_another_writing_is_not_added(upload: Path, show: Path) -> None:
    upload.write_text(json.dumps({"asset": [{"local": f"{show}//sub/../a.png", "server": "x"}]}))
    append_to_upload([show / "a.png"], upload)
    assert len(listed(upload)) == 1


def test_relative_paths_become_absolute_and_keep_their_letters(
    upload: Path, show: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(show)
    append_to_upload(["a.png", "sub"], upload)
    assert [each["server"] for each in content(upload)["asset"]] == [
        f"{show}/a.png".removeprefix("/"),
        f"{show}/sub/deep/c.png".removeprefix("/"),
    ]


def test_linked_folders_are_followed_and_loops_are_not(upload: Path, show: Path, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library/tree.abc").write_text("x")
    (show / "library").symlink_to(tmp_path / "library")
    (show / "sub/again").symlink_to(show)
    (show / "itself").symlink_to(show)
    (show / "gone.png").symlink_to(tmp_path / "gone.png")
    (show / "ring.png").symlink_to(show / "ring.png")
    append_to_upload([show], upload)
    assert str(show / "library/tree.abc") in listed(upload)
    assert len(listed(upload)) == 5


def test_what_is_not_there_adds_nothing(upload: Path, show: Path) -> None:
    said = refused(1000004, upload, append_to_upload, [str(show), str(show / "no.png")], upload)
    assert str(show / "no.png") in said
    refused(1000006, show / "no.json", append_to_upload, [show], show / "no.json")


@pytest.mark.parametrize("given", ["", [""]])
def test_an_empty_path_is_not_the_folder_that_the_script_runs_in(upload: Path, given: Any) -> None:
    assert "empty" in refused(1000004, upload, append_to_upload, given, upload)


@pytest.mark.parametrize("given", [("a", "b"), {"a": 1}, None, 7, [7], [["a"]]])
def test_what_is_no_path_is_told(upload: Path, given: Any) -> None:
    assert type(given[0] if isinstance(given, list) else given).__name__ in refused(
        1000005, upload, append_to_upload, given, upload
    )


@pytest.mark.parametrize("broken", ["{", "[]", '{"asset": 7}', '{"asset": ["x"]}', '{"asset": [{"server": "x"}]}'])
def test_a_broken_upload_json_is_named_and_not_begun_anew(upload: Path, show: Path, broken: str) -> None:
    upload.write_text(broken)
    assert str(upload) in refused(1000000, upload, append_to_upload, [show], upload)


def test_an_upload_json_without_assets_gets_some(upload: Path, show: Path) -> None:
    upload.write_text("{}")
    append_to_upload([show / "a.png"], upload)
    assert listed(upload) == [str(show / "a.png")]


# --- small things ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "server"),
    [
        (r"D:\a\b.hip", "/D/a/b.hip"),
        ("D:/a/b.hip", "/D/a/b.hip"),
        (r"\\srv\share\a", "/srv/share/a"),
        ("/home/u/a", "home/u/a"),
        ("/home/./u/../v", "home/v"),
        ("/x", "x"),
    ],
)
def test_where_a_file_lies_in_the_storage(local: str, server: str) -> None:
    assert convert_path(local) == server


def test_a_relative_path_loses_no_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert convert_path("rel/a") == f"{tmp_path}/rel/a".removeprefix("/")


@pytest.mark.parametrize(
    ("camel", "snake"),
    [("userIdABC", "user_id_abc"), ("qyCoupon2X", "qy_coupon2_x"), ("config_bid", "config_bid"), ("zone", "zone")],
)
def test_names_of_the_api_become_python_s(camel: str, snake: str) -> None:
    assert utils.hump2underline(camel) == snake


def test_json_is_saved_and_loaded(tmp_path: Path) -> None:
    assert utils.exists_or_create(tmp_path / "a/b")
    utils.json_save(tmp_path / "a/b/x.json", {"木": [1]})
    assert utils.json_load(str(tmp_path / "a/b/x.json")) == {"木": [1]}
    assert utils.get_os() in ("linux", "windows")
