"""How tasks stand, and waiting for them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rayvision_sync import utils
from rayvision_sync.exception import RayvisionError
from rayvision_sync.manage import RayvisionManageTask
from rendermill.farm.model.errors import NotFoundError, UnreachableError
from rendermill_rayvision.fetching import Place, places
from rendermill_rayvision.tasks import Output, Task, task_of
from rendermill_rayvision.waiting import PATIENCE_SECONDS, Bell, rounds
from support.clock import FakeClock


def info(number: int, status: int = 25, *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A TaskInfo."""
    return {
        "id": number,
        "taskStatus": status,
        "statusText": f"render_task_status_{status}",
        "outputFileName": f"{number}_shot",
        "isOpen": int(bool(parts)),
        "respRenderingTaskList": list(parts),
        "bid": "13",
        "userId": 1,
        "doneFrames": 0,
        "munuTaskId": "",
        "isDelete": 1,
        **more,
    }


class Asked:
    """The tasks of a farm, whose answers are given."""

    def __init__(self, *infos: dict[str, Any]) -> None:
        self.infos = {each["id"]: each for each in infos}

    def task_info(self, task_ids_list: list[int]) -> dict[str, Any]:
        return {"items": [self.infos[number] for number in task_ids_list if number in self.infos]}


LAYERS = info(
    501,
    0,
    info(502, 25, outputFileName="501_shot/beauty", bid=None, doneFrames=3),
    info(503, 5, outputFileName="501_shot/matte", doneFrames=1),
    info(504, 0, outputFileName=None),
)


@pytest.mark.parametrize(
    ("status", "ended"), [(code, True) for code in (10, 20, 23, 25, 30, 35, 45)] + [(0, False), (5, False), (8, False)]
)
@pytest.mark.parametrize("tested", [False, True])
def test_a_task_ends_by_its_status(status: int, ended: bool, tested: bool) -> None:
    assert RayvisionManageTask(Asked(info(501, status))).is_task_end("501", tested) is ended


def test_a_tested_task_has_ended_only_for_who_says_so() -> None:
    manage = RayvisionManageTask(Asked(info(501, 40)))
    assert manage.is_task_end(501) is False
    assert manage.is_task_end(501, is_test_stop=True) is True


def test_parts_say_how_a_task_stands_not_the_task() -> None:
    assert RayvisionManageTask(Asked(LAYERS)).is_task_end(501) is False
    done = info(501, 0, info(502), info(503, 30))
    assert RayvisionManageTask(Asked(done)).is_task_end(501) is True


def test_a_task_that_is_none_is_named() -> None:
    manage = RayvisionManageTask(Asked(info(501)))
    for call in (manage.is_task_end, lambda number: manage.get_task_status([501, number])):
        with pytest.raises(RayvisionError, match="there is no task 999"):
            call(999)


def test_a_status_is_told_in_code_and_words() -> None:
    (found,) = RayvisionManageTask(Asked(info(501, 30))).get_task_status([501])
    assert found == {
        "task_id": "501",
        "task_status_code": "30",
        "task_status_text": "render_task_status_30",
        "task_status_description": "Done, with failed frames",
        "is_opener": "0",
        "output_file_name": "501_shot",
        "sub_task_status": [],
        "userId": 1,
        "bid": "13",
    }


def test_outputs_and_codes_are_those_of_the_parts() -> None:
    manage = RayvisionManageTask(Asked(LAYERS, info(601)))
    statuses = manage.get_task_status([501, 601])
    assert manage.find_task_status_codes(statuses) == ["25", "5", "0", "25"]
    assert manage.output_file_names(statuses) == [
        {"output_name": "501_shot/beauty", "user_id": 1, "bid": None},
        {"output_name": "501_shot/matte", "user_id": 1, "bid": "13"},
        {"output_name": "601_shot", "user_id": 1, "bid": "13"},
    ]


def test_a_status_has_words_in_two_languages() -> None:
    assert utils.get_task_status_description("25") == "Done"
    assert utils.get_task_status_description(25, language="0") == "已完成"
    with pytest.raises(RayvisionError, match="50"):
        utils.get_task_status_description(50)


def test_a_task_is_read_with_all_that_a_download_needs() -> None:
    task = task_of({**LAYERS, "munuTaskId": "7"}, "99")
    assert task.statuses == (25, 5, 0)
    assert task.outputs == (Output("501_shot/beauty", "99"), Output("501_shot/matte", "13"))
    assert (task.done, task.job, task.deleted) == (4, 7, False)
    assert task_of(info(501, isDelete=0, respRenderingTaskList=None), "99").deleted


def test_files_keep_the_task_s_folder_or_its_parts_keep_theirs(tmp_path: Path) -> None:
    layers, plain = task_of(LAYERS, "13"), task_of(info(601), "13")
    assert [each.folder for each in places(layers, tmp_path, keep=True)] == [tmp_path, tmp_path]
    assert [each.folder for each in places(layers, tmp_path, keep=False)] == [tmp_path / "beauty", tmp_path / "matte"]
    assert places(plain, tmp_path, keep=False) == [Place("13", ("601_shot",), tmp_path, keep=False)]


# --- upload.json in parts ----------------------------------------------------------------------------------------


def cut(folder: Path, assets: int, size: int) -> list[dict[str, Any]]:
    """What the parts hold."""
    pairs = [{"local": f"/{number}", "server": f"{number}"} for number in range(assets)]
    (folder / "upload.json").write_text(json.dumps({"scene": pairs[:1], "asset": pairs}))
    paths = utils.cutting_upload(folder / "upload.json", size, folder / "parts")
    assert paths == [str(folder / "parts" / f"upload_{number}.json") for number in range(1, len(paths) + 1)]
    return [utils.json_load(path) for path in paths]


@pytest.mark.parametrize(("assets", "size", "sizes"), [(5, 2, [2, 2, 1]), (4, 2, [2, 2]), (0, 2, [0]), (1, 9, [1])])
def test_an_upload_is_cut_without_losing_anything(tmp_path: Path, assets: int, size: int, sizes: list[int]) -> None:
    parts = cut(tmp_path, assets, size)
    assert [len(part["asset"]) for part in parts] == sizes
    assert [pair["server"] for part in parts for pair in part["asset"]] == [str(number) for number in range(assets)]
    assert ["scene" in part for part in parts] == [True] + [False] * (len(parts) - 1)


def test_what_cannot_be_cut_is_named(tmp_path: Path) -> None:
    with pytest.raises(RayvisionError, match=r"upload\.json"):
        utils.cutting_upload(tmp_path / "upload.json", 2)


# --- waiting -----------------------------------------------------------------------------------------------------


def task(number: int, status: int = 5, *, done: int = 0, job: int | None = None, deleted: bool = False) -> Task:
    return Task(number, deleted, (status,), (), done, job)


class Silent:
    """A bell that never rings: waiting turns the clock."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.waits: list[float] = []
        self.jobs: list[int] = []

    def listen(self, jobs: Iterator[int]) -> None:
        self.jobs += jobs

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.turn(seconds)


class Farm:
    """What a farm answers, one after the other; an exception is raised."""

    def __init__(self, *answers: list[Task] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[list[int]] = []

    def look(self, ids: list[int]) -> list[Task]:
        self.asked.append(list(ids))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def seen(farm: Farm, clock: FakeClock, ids: list[int], **given: Any) -> tuple[list[tuple[int, bool]], Silent]:
    """The rounds: each task's number and whether it was over."""
    bell: Any = Silent(clock)
    found = rounds(ids, farm.look, bell, 10.0, clock=clock.now, **given)
    return [(each.id, over) for each, over in found], bell


def test_a_task_comes_until_it_is_over_and_the_caller_s_list_stays(clock: FakeClock) -> None:
    ids = [1, 2]
    farm = Farm([task(1, job=7), task(2)], [task(1, 25), task(2)], [task(2, 45)])
    found, bell = seen(farm, clock, ids)
    assert found == [(1, False), (2, False), (1, True), (2, False), (2, True)]
    assert farm.asked == [[1, 2], [1, 2], [2]]
    assert (bell.waits, bell.jobs, ids) == ([10.0, 10.0], [7], [1, 2])


def test_what_has_ended_already_is_not_waited_for(clock: FakeClock) -> None:
    found, bell = seen(Farm([task(1, 25)]), clock, [1])
    assert (found, bell.waits) == ([(1, True)], [])


def test_a_task_that_is_deleted_is_over(clock: FakeClock) -> None:
    found, _ = seen(Farm([task(1)], [task(1, deleted=True)]), clock, [1])
    assert found == [(1, False), (1, True)]


def test_a_tested_task_is_over_if_that_is_asked(clock: FakeClock) -> None:
    assert seen(Farm([task(1, 40)]), clock, [1], tested=True)[0] == [(1, True)]
    assert seen(Farm([task(1, 40)], [task(1, 25)]), clock, [1])[0] == [(1, False), (1, True)]


def test_a_farm_that_is_away_for_a_while_is_waited_for(clock: FakeClock) -> None:
    away = UnreachableError("no farm answers")
    found, bell = seen(Farm([task(1)], away, away, [task(1, 25)]), clock, [1])
    assert found == [(1, False), (1, True)]
    assert bell.waits == [10.0, 5.0, 5.0]


def test_a_farm_that_stays_away_is_given_up_after_a_minute(clock: FakeClock) -> None:
    farm = Farm([task(1)], UnreachableError("no farm answers"))
    began = clock.now()
    with pytest.raises(UnreachableError, match="no farm answers"):
        seen(farm, clock, [1])
    assert PATIENCE_SECONDS <= clock.now() - began - 10.0 <= PATIENCE_SECONDS + 5.0


def test_each_silence_is_counted_by_itself(clock: FakeClock) -> None:
    away = UnreachableError("no farm answers")
    silences: list[list[Task] | Exception] = [*[away] * 11, [task(1)], *[away] * 11, [task(1, 25)]]
    assert seen(Farm(*silences), clock, [1])[0] == [(1, False), (1, True)]


def test_a_task_that_is_none_any_more_is_an_error(clock: FakeClock) -> None:
    with pytest.raises(RayvisionError, match="there is no task 1"):
        seen(Farm([task(1)], RayvisionError(404, "there is no task 1")), clock, [1])


class Told:
    """Jobs whose states are told by the test, or that cannot be heard."""

    def __init__(self) -> None:
        self.heard: dict[int, int] = {}
        self.states: dict[int, list[dict[str, Any]]] = {}
        self.asked = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)

    def watch(self, job_id: int, stop: threading.Event | None = None) -> Iterator[dict[str, Any]]:
        self.heard[job_id] = self.heard.get(job_id, 0) + 1
        self.asked.release()
        try:
            if job_id not in self.states:
                raise NotFoundError("there is no such job")
            yield from self.states[job_id]
        finally:
            self.ended.release()


def state(succeeded: int, running: int = 0, status: str = "running") -> dict[str, Any]:
    return {"status": status, "tasks": {"succeeded": succeeded, "running": running}}


class Counted(Bell):
    """A bell whose rings are counted; it does not wait."""

    def __init__(self, client: Told) -> None:
        super().__init__(client)

    def rang(self) -> bool:
        rung = self._rung.is_set()
        self.wait(0)
        return rung


def heard(bell: Counted, told: Told, jobs: list[int]) -> bool:
    """Whether it rings once these jobs have been heard to their end."""
    bell.listen(jobs)
    for _ in jobs:
        assert told.ended.acquire(timeout=60)
    for thread in threading.enumerate():
        if thread.name in {f"job {job}" for job in jobs}:
            thread.join(60)
    return bell.rang()


def test_the_bell_rings_when_a_frame_is_done_and_not_when_one_begins() -> None:
    told = Told()
    bell = Counted(told)
    told.states[7] = [state(0)]
    assert heard(bell, told, [7]), "the first thing that is heard"
    told.states[7] = [state(0, running=1), state(0, running=2)]
    assert not heard(bell, told, [7])
    told.states[7] = [state(1, running=1)]
    assert heard(bell, told, [7])
    told.states[7] = [state(1, status="paused")]
    assert heard(bell, told, [7])
    assert not heard(bell, told, [7]), "it has been heard before: no busy loop"


def test_a_job_that_cannot_be_heard_is_no_reason_to_wake() -> None:
    told = Told()
    assert not heard(Counted(told), told, [8])


def test_no_more_than_sixteen_jobs_are_listened_to() -> None:
    told, go = Told(), threading.Event()

    class Blocked(Told):
        def watch(self, job_id: int, stop: threading.Event | None = None) -> Iterator[dict[str, Any]]:
            told.heard[job_id] = 1
            told.asked.release()
            go.wait(60)
            yield from ()

    bell = Counted(Blocked())
    bell.listen(range(40))
    for _ in range(16):
        assert told.asked.acquire(timeout=60)
    bell.listen(range(40))
    assert len(told.heard) == 16
    go.set()
    for thread in threading.enumerate():
        if thread.name.startswith("job "):
            thread.join(60)
