"""Why a job waits, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rendermill.farm.blueprint import Requirements
from rendermill.farm.model.records import Counts, Job, Step
from rendermill.farm.model.software import SOFTWARE
from rendermill.farm.model.status import ENDED, Cause, JobStatus, TaskStatus, Turn
from rendermill.farm.picture import Picture, SessionState
from rendermill.farm.waiting import Waiting
from support.pictures import picture, session, waiting_step, wants, worker


def job(status: JobStatus = JobStatus.READY, job_id: int = 1) -> Job:
    return Job(job_id, "name", "ann", status, 50, 0.0, None, None, "", 3, None, ())


def waiting_reason(asked: Job, steps: list[Step], shown: Picture) -> str:
    return Waiting(shown).reason(asked, steps)


def step(step_id: int = 1, **counts: int) -> Step:
    return Step(step_id, step_id, "run", 0, (), Turn.ANY, Counts({TaskStatus(name): n for name, n in counts.items()}))


@pytest.mark.parametrize("status", sorted(ENDED))
def test_a_job_that_has_ended_waits_for_nothing(status: JobStatus) -> None:
    assert waiting_reason(job(status), [step(failed=1, ready=1)], picture(worker())) == ""


@pytest.mark.parametrize("status", ["assigned", "running"])
def test_a_job_of_which_something_runs_does_not_wait(status: str) -> None:
    assert waiting_reason(job(JobStatus.RUNNING), [step(**{status: 1}), step(2, ready=5)], picture(worker())) == ""


def test_a_paused_job_says_how_it_goes_on() -> None:
    assert "rendermill resume" in waiting_reason(job(JobStatus.PAUSED), [step(ready=1)], picture(worker()))


def test_a_job_that_is_not_in_the_picture_yet_is_about_to_start() -> None:
    assert waiting_reason(job(), [step(ready=1)], picture(worker())) == "it is about to start"


def test_a_farm_without_workers_says_so() -> None:
    assert waiting_reason(job(), [step(ready=1)], picture(waiting_step(1))) == "the farm has no worker"


def test_a_step_that_fits_nowhere_says_what_each_worker_lacks() -> None:
    shown = picture(worker("a", cores=4), worker("b", cores=8), waiting_step(1, asks=wants(cores=16)))
    expected = "no worker fits: a: 16 cores wanted, 4 there; b: 16 cores wanted, 8 there"
    assert waiting_reason(job(), [step(ready=1)], shown) == expected


def test_a_step_that_wants_another_system_says_so() -> None:
    asks = Requirements({}, {"attr.worker.os.family": (("windows",), ())})
    said = waiting_reason(job(), [step(ready=1)], picture(worker(), waiting_step(1, asks=asks)))
    assert said == "no worker fits: w: worker.os.family windows wanted, linux there"


def test_software_that_nobody_has_is_named_as_people_name_it() -> None:
    asks = Requirements({}, {SOFTWARE: ((), ("houdini_17-5", "mtoa_3-2"))})
    shown = picture(worker(), waiting_step(1, asks=asks))
    assert waiting_reason(job(), [step(ready=1)], shown) == "no worker has houdini 17.5"
    has = worker("b")
    shown.workers["b"] = replace(has, attributes={**has.attributes, SOFTWARE: frozenset({"houdini_17-5"})})
    assert waiting_reason(job(), [step(ready=1)], shown) == "no worker has mtoa 3.2"


def test_a_job_whose_test_frames_are_to_be_looked_at_says_so() -> None:
    held = replace(job(JobStatus.PAUSED), cause=Cause.TEST)
    assert "test frames have ended" in waiting_reason(held, [step(ready=1)], picture(worker()))


def test_a_step_that_fits_somewhere_is_not_said_to_fit_nowhere() -> None:
    shown = picture(worker("a", cores=4), worker("b", cores=16), waiting_step(1, asks=wants(cores=16)))
    assert "no worker fits" not in waiting_reason(job(), [step(ready=1)], shown)


def test_jobs_ahead_are_counted_once_each() -> None:
    ahead = [waiting_step(1, job_id=1), waiting_step(2, job_id=1, position=1), waiting_step(3, job_id=3, priority=90)]
    shown = picture(worker(), session("busy", 1), waiting_step(4, job_id=4), *ahead)
    said = waiting_reason(job(job_id=4), [step(4, ready=1)], shown)
    assert said == "1 sessions are busy and 2 jobs are ahead of it"


def test_jobs_behind_are_not_in_its_way() -> None:
    shown = picture(worker(), session("busy", 9), waiting_step(1), waiting_step(2), waiting_step(3, priority=10))
    assert "ahead" not in waiting_reason(job(), [step(ready=1)], shown)


def test_a_full_farm_says_how_much_room_is_missing() -> None:
    sessions = [session("one", 9), session("two", 9), session("idle", 9, SessionState.IDLE)]
    shown = picture(worker(slots=3, cores=6), *sessions, waiting_step(1, asks=wants(cores=4, memory=512)))
    said = waiting_reason(job(), [step(ready=1)], shown)
    assert said == "all room is taken by 2 busy sessions; it needs a slot with 4 cores and 512 MiB"
