"""Downloads under the SDK's names from a real farm, of what is rendered and of what is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from blake3 import blake3

from rayvision_sync.download import RayvisionDownload
from rayvision_sync.exception import DownloadFailed, RayvisionError
from rayvision_sync.upload import RayvisionUpload
from rendermill.sdk.transfer_log import LOG_NAME
from rendermill_rayvision.fetching import Fetcher, Place
from support.disks import small_disk
from support.rayvision import png
from support.rayvision_studio import (
    Studio,
    lines,
    listed,
    outputs,
    some_files,
    tree,
)

# --- download ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A task with two ROPs whose frames have the same names."""
    return studio.rendered(tmp_path_factory.mktemp("done") / "show", "1-3", "1-2")


@pytest.fixture(scope="module")
def single(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A task with one ROP."""
    return studio.rendered(tmp_path_factory.mktemp("single") / "show", "1-2")


def test_a_task_comes_in_its_folder_each_part_in_its_own(studio: Studio, done: int, out: Path) -> None:
    assert RayvisionDownload(studio.api).download([str(done)], local_path=str(out)) is True
    assert tree(out) == outputs(studio, done)
    assert {path.parent.name: len(list(path.parent.iterdir())) for path in out.rglob("*.png")} == {
        "out_rop1": 3,
        "out_rop2": 2,
    }


def test_without_the_task_s_folder_parts_keep_theirs(studio: Studio, done: int, single: int, out: Path) -> None:
    assert RayvisionDownload(studio.api).download([done], download_filename_format="false", local_path=out)
    assert tree(out) == {name.partition("/")[2]: digest for name, digest in outputs(studio, done).items()}
    assert RayvisionDownload(studio.api).download([single], download_filename_format="false", local_path=out / "x")
    assert sorted(tree(out / "x")) == ["0001.png", "0002.png"]


def test_a_path_wins_over_tasks(studio: Studio, done: int, single: int, out: Path) -> None:
    names = [name for name in outputs(studio, done) if name.endswith("0001.png")]
    assert RayvisionDownload(studio.api).download([single], server_path=names, local_path=out, max_speed=100_000)
    assert tree(out) == {name: blake3(png()).hexdigest() for name in names}
    folder = names[0].rpartition("/")[0]
    again = RayvisionDownload(studio.api).download(
        server_path=f"/{folder}/", download_filename_format="false", local_path=out / "flat"
    )
    assert again is True
    assert "0001.png" in tree(out / "flat")


def test_files_that_would_take_each_other_s_place_are_named(studio: Studio, tmp_path: Path, out: Path) -> None:
    one, other = some_files(tmp_path / "one", 1) + some_files(tmp_path / "other", 1)
    RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", one, other))
    paths = [str(one.parent), str(other.parent)]
    with pytest.raises(DownloadFailed, match="goes to the same place"):
        RayvisionDownload(studio.api).download(
            server_path=paths, asset=True, download_filename_format="false", local_path=out
        )
    assert RayvisionDownload(studio.api).download(server_path=paths, asset=True, local_path=out / "kept")
    assert len(tree(out / "kept")) == 2


def test_tasks_do_not_put_their_files_in_the_place_of_each_other_s(studio: Studio, tmp_path: Path, out: Path) -> None:
    """What stands for the tasks' outputs are folders of the input storage."""
    (one,), (other,) = some_files(tmp_path / "one", 1), some_files(tmp_path / "other", 1)
    RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", one, other))
    wanted = [Place("input", (str(file.parent),), out, keep=False) for file in (one, other)]
    fetcher = Fetcher(studio.api.rendermill, None, tmp_path, show=False)
    for _ in range(2):
        assert fetcher.fetch(wanted[:1])
        with pytest.raises(DownloadFailed, match=f"one/{one.name} goes to the same place"):
            fetcher.fetch(wanted[1:])
    assert tree(out) == {one.name: blake3(one.read_bytes()).hexdigest()}
    one.write_bytes(b"rendered again")
    RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", one))
    assert fetcher.fetch(wanted[:1])
    assert (out / one.name).read_bytes() == b"rendered again"


def test_assets_come_from_the_input_storage(studio: Studio, tmp_path: Path, out: Path) -> None:
    files = some_files(tmp_path / "show")
    RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", *files))
    assert RayvisionDownload(studio.api).download(server_path=str(tmp_path / "show"), asset=True, local_path=out)
    assert len(tree(out)) == 3


def test_a_download_says_what_it_did_and_logs_each_file(
    studio: Studio, single: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download = RayvisionDownload(studio.api)
    download.download([single])
    said = capsys.readouterr()
    assert f"task {single}: downloaded to {home}/renderfarm_sdk" in said.out
    assert said.err == "", "no bar where nobody looks"
    download.download([single], print_log=False)
    assert capsys.readouterr().out == ""
    found = [[cells[1], cells[3], cells[4]] for cells in lines(home / "renderfarm_sdk" / LOG_NAME)]
    size = str(len(png()))
    assert found == [["download", size, "done"]] * 2 + [["download", size, "unchanged"]] * 2


def test_a_task_without_output_says_so(studio: Studio, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task_id = studio.api.task.create_task()["taskIdList"][0]
    assert RayvisionDownload(studio.api).download([task_id], local_path=out) is True
    assert f"task {task_id}: there is no output yet" in capsys.readouterr().out
    assert RayvisionDownload(studio.api).download(server_path="nothing/here", local_path=out) is True
    assert "nothing/here: there is no output yet" in capsys.readouterr().out
    assert tree(out) == {}


@pytest.mark.parametrize("call", ["download", "auto_download", "auto_download_after_task_completed"])
def test_a_task_that_is_none_is_named(studio: Studio, out: Path, call: str) -> None:
    with pytest.raises(RayvisionError, match="987654"):
        getattr(RayvisionDownload(studio.api), call)([987654], local_path=out)


def test_a_folder_that_cannot_be_is_named(studio: Studio, single: int, out: Path) -> None:
    out.write_bytes(b"a file")
    with pytest.raises(DownloadFailed, match=re.escape(str(out))):
        RayvisionDownload(studio.api).download([single], local_path=out)


def test_a_full_disk_is_an_error_and_leaves_no_piece(studio: Studio, tmp_path: Path) -> None:
    big = tmp_path / "big.exr"
    big.write_bytes(os.urandom(4 << 20))
    RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", big))
    with small_disk(tmp_path / "small") as small:
        with pytest.raises(DownloadFailed, match=re.escape("big.exr")):
            RayvisionDownload(studio.api).download(server_path=str(big), asset=True, local_path=small)
        assert tree(small) == {}
