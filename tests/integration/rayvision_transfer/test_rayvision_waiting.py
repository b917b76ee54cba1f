"""Downloads under the SDK's names that wait for a real farm, whose Houdini is a script that waits for the test."""

from __future__ import annotations

import logging
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from blake3 import blake3

from rayvision_sync.download import RayvisionDownload
from rayvision_sync.exception import DownloadFailed
from rayvision_sync.upload import RayvisionUpload
from support.command import serving
from support.rayvision import png
from support.rayvision_studio import (
    HOUDINI,
    SECONDS,
    Frames,
    Studio,
    listed,
    opened,
    outputs,
    some_files,
    tree,
)


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """A thread for what waits."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


# --- while they are rendered -------------------------------------------------------------------------------------


@pytest.fixture
def frames(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Frames:
    return Frames(monkeypatch)


def test_frames_come_as_each_is_done(
    studio: Studio, tmp_path: Path, out: Path, aside: ThreadPoolExecutor, frames: Frames
) -> None:
    """Nobody polls: the pause between two looks is longer than the test may take."""
    task_id = studio.task(tmp_path / "show", "11-13")
    download = RayvisionDownload(studio.api)
    frames.names.clear()
    running = aside.submit(download.auto_download, [task_id], sleep_time=10_000, local_path=out)
    for frame in (11, 12, 13):
        studio.go(frame)
        frames.until(f"{frame:04}.png", running)
    assert running.result(SECONDS) is True
    assert tree(out) == outputs(studio, task_id)
    assert sorted(frames.names) == ["0011.png", "0012.png", "0013.png"], "each once"


def test_whole_tasks_come_when_each_has_ended(
    studio: Studio, tmp_path: Path, out: Path, aside: ThreadPoolExecutor, frames: Frames
) -> None:
    first = studio.task(tmp_path / "first", "14")
    second = studio.task(tmp_path / "second", "1,15")
    ids = [second, first]
    frames.names.clear()
    download = RayvisionDownload(studio.api)
    running = aside.submit(download.auto_download_after_task_completed, ids, sleep_time=10_000, local_path=out)
    studio.until(second, lambda job: job["tasks"]["succeeded"] == 1)
    studio.go(14)
    frames.until("0014.png", running)
    assert frames.names == ["0014.png"], "the second task has not ended"
    studio.go(15)
    assert running.result(SECONDS) is True
    assert tree(out) == outputs(studio, first) | outputs(studio, second)
    assert ids == [second, first]


def test_a_tested_task_has_ended_if_that_is_asked(studio: Studio, tmp_path: Path, out: Path) -> None:
    task_id = studio.task(tmp_path / "show", "1-3", pre_frames="100", stop_after_test="1")
    assert RayvisionDownload(studio.api).auto_download([task_id], is_test_stop=True, local_path=out) is True
    assert [name.rpartition("/")[2] for name in tree(out)] == ["0001.png"]


def test_a_task_that_is_deleted_ends_the_wait(
    studio: Studio, tmp_path: Path, out: Path, aside: ThreadPoolExecutor, frames: Frames
) -> None:
    gone = studio.task(tmp_path / "gone", "1,16")
    stays = studio.task(tmp_path / "stays", "17")
    frames.names.clear()
    running = aside.submit(RayvisionDownload(studio.api).auto_download, [gone, stays], sleep_time=5, local_path=out)
    frames.until("0001.png", running)
    studio.api.task.delete_task([gone])
    studio.go(17)
    with pytest.raises(DownloadFailed, match=f"{gone}: it was deleted"):
        running.result(SECONDS)
    assert {name.rpartition("/")[2] for name in tree(out)} == {"0001.png", "0017.png"}, "the other came whole"


class Warned(logging.Handler):
    """Hears the first warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text: Future[str] = Future()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1
        if not self.text.done():
            self.text.set_result(record.getMessage())


def test_trouble_is_logged_once_while_a_task_is_rendered(
    studio: Studio, tmp_path: Path, out: Path, aside: ThreadPoolExecutor
) -> None:
    task_id = studio.task(tmp_path / "show", "1,19")
    studio.until(task_id, lambda job: job["tasks"]["succeeded"] == 1)
    name = next(iter(outputs(studio, task_id)))
    (out / name).mkdir(parents=True)
    warned, logger = Warned(), logging.Logger("script")
    logger.addHandler(warned)
    download = RayvisionDownload(studio.api, logger=logger)
    running = aside.submit(download.auto_download, [task_id], sleep_time=10_000, local_path=out)
    assert name in warned.text.result(SECONDS)
    studio.go(19)
    with pytest.raises(DownloadFailed):
        running.result(SECONDS)
    assert warned.count == 1


def test_files_that_cannot_be_written_are_told_when_the_task_has_ended(
    studio: Studio, tmp_path: Path, out: Path
) -> None:
    task_id = studio.rendered(tmp_path / "show", "1-2")
    name = next(iter(outputs(studio, task_id)))
    (out / name).mkdir(parents=True)
    with pytest.raises(DownloadFailed, match=f"tasks {task_id} were not downloaded whole") as raised:
        RayvisionDownload(studio.api).auto_download([task_id], local_path=out)
    assert name.rpartition("/")[2] in raised.value.error
    assert outputs(studio, task_id).items() - tree(out).items() == {(name, blake3(png()).hexdigest())}


WAITING = """
import sys
from rayvision_api.core import RayvisionAPI
from rayvision_sync.download import RayvisionDownload
api = RayvisionAPI(*sys.argv[1:3], domain=sys.argv[3])
RayvisionDownload(api).auto_download([sys.argv[4]], print_log=True, sleep_time=10_000, local_path=sys.argv[5])
"""


def test_who_waits_can_be_interrupted(studio: Studio, tmp_path: Path, out: Path) -> None:
    task_id = studio.task(tmp_path / "show", "1,18")
    words = [*studio.key, studio.server.url, str(task_id), str(out)]
    command = [sys.executable, "-c", WAITING, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        said = ""
        while "downloaded to" not in said:
            said = script.stdout.readline()
            assert said, script.communicate()
        script.send_signal(signal.SIGINT)
        _, trouble = script.communicate(timeout=SECONDS)
    assert script.returncode == -signal.SIGINT
    assert trouble.rstrip().endswith("KeyboardInterrupt")
    assert [name.rpartition("/")[2] for name in tree(out)] == ["0001.png"]
    studio.go(18)


# --- a farm that goes away ---------------------------------------------------------------------------------------


def test_a_farm_that_is_killed_and_comes_back_is_waited_for(
    tmp_path: Path, out: Path, aside: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = Frames(monkeypatch)
    with ExitStack() as stack:
        studio = stack.enter_context(opened(tmp_path / "studio"))
        task_id = studio.task(tmp_path / "show", "11-13")
        frames.names.clear()
        running = aside.submit(RayvisionDownload(studio.api).auto_download, [task_id], sleep_time=1, local_path=out)
        studio.go(11)
        frames.until("0011.png", running)
        studio.server.kill()
        port = studio.server.url.rpartition(":")[2]
        stack.enter_context(serving(studio.server.data, studio.server.home, *HOUDINI, "--port", port))
        for frame in (12, 13):
            studio.go(frame)
        assert running.result(SECONDS) is True
        assert tree(out) == outputs(studio, task_id)


def test_a_farm_that_is_away_when_a_transfer_begins_is_waited_for(
    tmp_path: Path, out: Path, aside: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rendermill_rayvision.waiting._AGAIN_SECONDS", 0.1)
    monkeypatch.setattr("rendermill_rayvision.connection.ATTEMPTS", 1)
    with ExitStack() as stack:
        studio = stack.enter_context(opened(tmp_path / "studio"))
        task_id = studio.rendered(tmp_path / "show", "1-2")
        (file,) = some_files(tmp_path / "more", 1)
        studio.server.kill()
        fetching = aside.submit(RayvisionDownload(studio.api).download, [task_id], local_path=out)
        sending = aside.submit(RayvisionUpload(studio.api).upload_asset, listed(tmp_path / "a", file))
        port = studio.server.url.rpartition(":")[2]
        stack.enter_context(serving(studio.server.data, studio.server.home, *HOUDINI, "--port", port))
        assert fetching.result(SECONDS) is True
        assert sending.result(SECONDS) is True
        assert tree(out) == outputs(studio, task_id)
        assert str(file).lstrip("/") in studio.stored("input")


def test_a_farm_that_stays_away_is_an_error(
    tmp_path: Path, out: Path, aside: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting is cut short: a unit test looks at how long it is."""
    monkeypatch.setattr("rendermill_rayvision.waiting.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("rendermill_rayvision.connection.ATTEMPTS", 1)
    frames = Frames(monkeypatch)
    with opened(tmp_path / "studio") as studio:
        task_id = studio.task(tmp_path / "show", "1,11")
        frames.names.clear()
        download = RayvisionDownload(studio.api)
        running = aside.submit(download.auto_download, [task_id], sleep_time=1, local_path=out)
        frames.until("0001.png", running)
        studio.server.kill()
        with pytest.raises(DownloadFailed, match=re.escape(studio.server.url)):
            running.result(SECONDS)
        with pytest.raises(DownloadFailed, match=re.escape(studio.server.url)):
            download.download([task_id], local_path=out)
        assert [name.rpartition("/")[2] for name in tree(out)] == ["0001.png"]
