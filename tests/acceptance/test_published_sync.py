"""A farm driven with the published, unmodified ``rayvision-sync``: our transmitter moves the files for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rendermill.assets.hashing import hash_file
from support import scenes
from support.command import TRANSMITTER, serving
from support.rayvision_client import RayvisionClient, RefusedError, client, client_python
from support.rayvision_user import Key, host_of, make_key, task_json, upload_json

DONE = 25
CONFIG = ("task.json", "tips.json", "asset.json", "upload.json")
WRONG_ARGUMENT, CANNOT_BE_UPLOADED, CONFIG_FAILED = 200024, 200025, 20004


@pytest.fixture(scope="module")
def python() -> Path:
    return client_python()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Key]:
    folder = tmp_path_factory.mktemp("sync")
    made = make_key(folder / "farm", folder / "home")
    with serving(folder / "farm", folder / "home", "--slots", "2") as server:
        yield Key(host_of(server), *made)


@pytest.fixture(scope="module")
def transmitter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program in a folder of its own: the client gives everybody every right to all that is beside it."""
    program = tmp_path_factory.mktemp("transmitter") / "rendermill-transmitter"
    program.write_text(f'#!/bin/sh\nexec "{TRANSMITTER}" "$@"\n')
    program.chmod(0o755)
    return program


def variables(access_id: str, access_key: str) -> dict[str, str]:
    """What a script has in its environment."""
    return {"RAYVISION_API_ACCESS_ID": access_id, "RAYVISION_API_KEY": access_key}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder of whoever runs the client."""
    return tmp_path_factory.mktemp("client")


@pytest.fixture(scope="module")
def api(python: Path, key: Key, transmitter: Path, home: Path) -> Iterator[RayvisionClient]:
    with client(python, home, variables(key.access_id, key.access_key)) as started:
        started.call("login", key.host, key.access_id, key.access_key)
        started.call("sync", str(transmitter))
        yield started


@pytest.fixture(scope="module")
def project(bpy_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scene and its files."""
    return scenes.build(bpy_python, tmp_path_factory.mktemp("show"), scenes.WITH_FILES).parent


def analysed(project: Path, workspace: Path) -> list[str]:
    """The four files that an analysis writes."""
    task = task_json(project, "1-2[1]")
    task["scene_info_render"] = task["scene_info"]
    for name, content in zip(CONFIG, (task, {}, {}, upload_json(project)), strict=True):
        (workspace / name).write_text(json.dumps(content))
    return [str(workspace / name) for name in CONFIG]


@pytest.fixture(scope="module")
def task_id(api: RayvisionClient, project: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A task whose files were sent, and that is rendered."""
    number = int(api.call("task.task_id"))
    assert api.call("uploads.upload", str(number), *analysed(project, tmp_path_factory.mktemp("workspace"))) is True
    assert api.call("submit", number) is True
    api.until(number, DONE)
    return number


def below(folder: Path) -> dict[str, str]:
    """The files below a folder with their hashes."""
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in folder.rglob("*") if path.is_file()}


def rendered(key: Key, task_id: int) -> dict[str, str]:
    """The two frames of a task with their hashes, as the farm says."""
    names = [f"{task_id}_scene/scene_{number:04}.png" for number in (1, 2)]
    return {name: key.output(name)[1] for name in names}


def test_the_files_of_a_task_are_in_the_storages(key: Key, task_id: int, project: Path) -> None:
    for file in project.rglob("*.*"):
        assert key.request(f"/api/v1/files/input{file}")[1] == hash_file(file)
    sent, _ = key.request(f"/api/v1/files/config/{task_id}/cfg/upload.json")
    assert json.loads(sent) == upload_json(project)


@pytest.mark.parametrize(("form", "prefix"), [("true", "{}_scene/"), ("false", "")])
def test_frames_are_downloaded_by_the_tasks_number(
    api: RayvisionClient, key: Key, task_id: int, tmp_path: Path, form: str, prefix: str
) -> None:
    more = {"download_filename_format": form, "local_path": str(tmp_path)}
    assert api.call("downloads.download", task_id_list=[task_id], **more) is True
    wanted = {f"{prefix.format(task_id)}{Path(name).name}": sha for name, sha in rendered(key, task_id).items()}
    assert below(tmp_path) == wanted


def test_a_file_and_a_folder_are_downloaded_by_their_paths(
    api: RayvisionClient, key: Key, task_id: int, tmp_path: Path
) -> None:
    frames = rendered(key, task_id)
    first = next(iter(frames))
    assert api.call("downloads.download", server_path=first, local_path=str(tmp_path / "one")) is True
    assert below(tmp_path / "one") == {first: frames[first]}
    folders = [f"{task_id}_scene"]
    assert api.call("downloads.download", server_path=folders, local_path=str(tmp_path / "all")) is True
    assert below(tmp_path / "all") == frames


@pytest.mark.parametrize("way", ["auto_download", "auto_download_after_task_completed"])
def test_frames_are_downloaded_of_themselves(
    api: RayvisionClient, key: Key, task_id: int, tmp_path: Path, way: str
) -> None:
    assert api.call(f"downloads.{way}", [task_id], sleep_time=0, local_path=str(tmp_path)) is True
    assert below(tmp_path) == rendered(key, task_id)


def test_a_task_without_frames_yet_downloads_nothing_and_that_is_no_error(
    api: RayvisionClient, project: Path, tmp_path: Path
) -> None:
    number = int(api.call("task.task_id"))
    path = f"{number}_scene"
    assert api.call("downloads.download", server_path=path, local_path=str(tmp_path)) is True
    assert below(tmp_path) == {}


def test_the_client_records_what_was_sent(api: RayvisionClient, project: Path, tmp_path: Path) -> None:
    listed = analysed(project, tmp_path)[-1]
    assert sorted(api.call("recorded", listed)) == sorted(str(file) for file in project.rglob("*.*"))


def test_what_was_sent_is_known_by_the_next_upload_and_written_in_the_log(
    api: RayvisionClient, project: Path, task_id: int, home: Path
) -> None:
    records = list((home / "renderfarm_sdk/db").iterdir())
    assert any(path.suffix == ".db" for path in records)
    lines = (home / "renderfarm_sdk/transfer.log").read_text().splitlines()
    assert {str(file) for file in project.rglob("*.*")} <= {line.split("\t")[2] for line in lines}


def test_a_file_that_is_not_there_ends_an_upload_and_the_others_are_sent(
    api: RayvisionClient, key: Key, home: Path, tmp_path: Path
) -> None:
    there, gone = tmp_path / "there.txt", tmp_path / "gone.txt"
    there.write_text("x")
    listed = tmp_path / "upload.json"
    listed.write_text(json.dumps({"asset": [{"local": str(each), "server": str(each)} for each in (gone, there)]}))
    with pytest.raises(RefusedError) as refused:
        api.call("uploads.upload_asset", str(listed), is_db=False)
    assert (refused.value.kind, refused.value.code) == ("RayvisionError", CANNOT_BE_UPLOADED)
    assert f"upload file fail ({gone})" in (home / "client.log").read_text()
    assert key.request(f"/api/v1/files/input{there}")[0] == b"x"


def test_a_wrong_key_ends_uploads_and_downloads_with_an_error(
    python: Path, key: Key, transmitter: Path, project: Path, tmp_path: Path
) -> None:
    config = analysed(project, tmp_path)
    with client(python, tmp_path / "home", variables(key.access_id, "wrong")) as mistaken:
        mistaken.call("login", key.host, key.access_id, key.access_key)
        mistaken.call("sync", str(transmitter))
        for code, name, words in (
            (CONFIG_FAILED, "uploads.upload", ("1", *config)),
            (WRONG_ARGUMENT, "uploads.upload_asset", (config[-1], None, False)),
        ):
            with pytest.raises(RefusedError) as refused:
                mistaken.call(name, *words)
            assert (refused.value.kind, refused.value.code) == ("RayvisionError", code)
        with pytest.raises(RefusedError) as refused:
            mistaken.call("downloads.download", server_path="1_scene", local_path=str(tmp_path / "got"))
        assert refused.value.kind == "DownloadFailed"
    assert "Set RAYVISION_API_ACCESS_ID and RAYVISION_API_KEY" in (tmp_path / "home/client.log").read_text()
