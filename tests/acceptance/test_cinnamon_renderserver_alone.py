"""``rendermill cinnamon-renderserver``: a process of its own that works on the render tasks of a server over HTTP."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import OpenImageIO as oiio
import pytest

from rendermill.sdk.cinnamon import Cinnamon, CinnamonError, TaskStates
from support import scenes
from support.cinnamon_farm import (
    CLASSIC,
    LIFECYCLES,
    OTHER,
    OWNER,
    SEED,
    SERVICE,
    STATES,
    Farm,
    cinnamon_farm,
    messages,
    renderserver,
    script,
    state,
    task,
)
from support.command import RENDERMILL, SECONDS, run, serving
from support.processes import Bell, Gate, gone

THIEF = """
import runpy, signal, sys, threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)
taking = threading.Event()

def take():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    taking.set()
    threading.Event().wait()

signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # threads to come do as this one
threading.Thread(target=take, daemon=True).start()
taking.wait()
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a command whose signals are all taken by a thread of its own, as the kernel often has one do that forks."""
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    base = tmp_path_factory.mktemp("alone")
    with cinnamon_farm(base / "farm", base / "home") as made:
        yield made


@pytest.fixture
def owner(farm: Farm) -> Iterator[Cinnamon]:
    with farm.connect() as client:
        yield client


def picture(path: Path, width: int, height: int) -> None:
    assert oiio.ImageBuf(oiio.ImageSpec(width, height, 3, "uint8")).write(str(path))


def work_once(folder: Path) -> None:
    """Let a RenderServer work on all that waits."""
    done = run(folder, "cinnamon-renderserver", "--config", folder, "--once")
    assert done.code == 0, done


@pytest.mark.parametrize("repository", [SEED, CLASSIC])
def test_a_task_is_worked_on_by_its_program_without_a_shell(farm: Farm, tmp_path: Path, repository: str) -> None:
    said = tmp_path / "said"
    program = script(
        tmp_path / "program",
        f'printf "%s\\n" "$@" > {said}',
        f'printf "%s\\n" "$CINNAMON_ID" "$CINNAMON_REPOSITORY" "$CINNAMON_TICKET" "$CINNAMON_HOST" >> {said}',
    )
    hostile = f"; touch {tmp_path}/hacked $(touch {tmp_path}/hacked)"
    places = "__id__ __repository__ __ticket__ __host__ __user__"
    folder = farm.write_config(tmp_path / "rs", {"plain": f"{program} {places} {hostile}"}, repository=repository)
    with farm.connect(repository=repository) as client:
        task_id = task(client, "plain")
        assert state(client, task_id) == STATES[repository][0]
        with renderserver(folder, "--once") as server:
            assert [each["event"] for each in server.events()] == ["begun", "finished"]
        assert state(client, task_id) == STATES[repository][2]
        assert client.get_object(task_id).locked_by is None
    lines = said.read_text().splitlines()
    ticket = lines[2]
    assert ticket.endswith(f"@{repository}")
    assert lines[:5] == [str(task_id), repository, ticket, farm.url, SERVICE]
    assert lines[5:-4] == hostile.split()
    assert lines[-4:] == [str(task_id), repository, ticket, farm.url]
    assert not (tmp_path / "hacked").exists()


def test_a_program_has_the_rights_of_the_task_s_owner(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "from pathlib import Path\n"
        "from rendermill.sdk.cinnamon import RenderTask\n"
        "with RenderTask.given() as task:\n"
        "    made = Path(__file__).with_suffix('.txt')\n"
        "    made.write_text('made')\n"
        "    made_id = task.attach(made)\n"
        "    task.message(f'made {made_id} of {task.input[\"colour\"]}')\n"
        "    task.finish(made)\n"
    )
    programs = {"rights": f"{sys.executable} {plugin} __id__ __repository__ __host__ __ticket__"}
    folder = farm.write_config(tmp_path / "rs", programs)
    task_id = task(owner, "rights", "<colour>red</colour>")
    work_once(folder)
    assert state(owner, task_id) == "finished"
    (said,) = messages(owner, task_id)
    assert said.startswith("info: made ")
    assert said.endswith(" of red")
    assert owner.get_object(int(said.split()[2])).owner.name == OWNER
    owner.get_content(task_id, tmp_path / "got")
    assert (tmp_path / "got").read_text() == "made"


def test_a_program_that_fails_leaves_a_failed_task_with_what_it_said(
    farm: Farm, owner: Cinnamon, tmp_path: Path
) -> None:
    program = script(tmp_path / "program", "echo to nobody", "echo 'no <such> file' >&2", "exit 3")
    task_id = task(owner, "fails")
    work_once(farm.write_config(tmp_path / "rs", {"fails": program}))
    assert state(owner, task_id) == "failed"
    assert messages(owner, task_id) == ["error: the program ended with exit status 3\nno <such> file"]


def test_a_program_that_takes_too_long_is_ended(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    program = script(tmp_path / "program", "while :; do sleep 600; done")
    task_id = task(owner, "slow")
    work_once(farm.write_config(tmp_path / "rs", {"slow": program}, timeouts={"slow": 0.2}))
    assert state(owner, task_id) == "failed"
    assert messages(owner, task_id) == ["error: it took longer than its timeout of 0.2 s"]


def test_a_state_that_the_program_has_set_stays(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "from rendermill.sdk.cinnamon import RenderTask\n"
        "with RenderTask.given() as task:\n"
        "    raise ValueError('no colour')\n"
    )
    task_id = task(owner, "states")
    programs = {"states": f"{sys.executable} {plugin} __id__ __repository__ __host__ __ticket__"}
    work_once(farm.write_config(tmp_path / "rs", programs))
    assert state(owner, task_id) == "failed"
    assert messages(owner, task_id) == ["error: no colour"]


def test_a_lock_that_a_program_leaves_behind_does_not_keep_its_task(
    farm: Farm, owner: Cinnamon, tmp_path: Path
) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "from rendermill.sdk.cinnamon import RenderTask\n"
        "import os\n"
        "task = RenderTask.given()\n"
        "task.client.lock(task.id)\n"
        "os._exit(0)\n"
    )
    task_id = task(owner, "locks")
    programs = {"locks": f"{sys.executable} {plugin} __id__ __repository__ __host__ __ticket__"}
    work_once(farm.write_config(tmp_path / "rs", programs))
    assert state(owner, task_id) == "finished"
    assert owner.get_object(task_id).locked_by is None


def test_what_nobody_here_serves_stays_new(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    program = script(tmp_path / "program", f"echo $1 >> {tmp_path}/started")
    unknown, unregistered, served = (task(owner, name) for name in ("unheard", "unregistered", "registered"))
    programs = dict.fromkeys(("unregistered", "registered"), f"{program} __id__")
    work_once(farm.write_config(tmp_path / "rs", programs, registered=("registered", "unheard")))
    assert [state(owner, each) for each in (unknown, unregistered, served)] == ["new", "new", "finished"]
    assert (tmp_path / "started").read_text() == f"{served}\n"


def test_tasks_that_are_broken_do_not_keep_others_waiting(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    program = script(tmp_path / "program", "true")
    programs = {"absent": tmp_path / "not-there", "locked": program, "foreign": program, "fine": program}
    locked, absent = task(owner, "locked"), task(owner, "absent")
    owner.lock(locked)
    with farm.connect(OTHER) as other:  # nobody may act as them
        foreign = task(other, "foreign")
        fine = task(owner, "fine")
        work_once(farm.write_config(tmp_path / "rs", programs))
        assert [state(owner, each) for each in (locked, absent, fine)] == ["new", "failed", "finished"]
        assert state(other, foreign) == "failed"
        (said,) = messages(other, foreign)
        assert "error.sudo.misuse" in said
    (said,) = messages(owner, absent)
    assert said == f"error: {tmp_path / 'not-there'} cannot be started: No such file or directory"


def test_two_renderservers_never_start_a_task_twice(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    """They even have the same user, so that locks do not keep them apart."""
    (tmp_path / "starts").mkdir()
    with Gate(tmp_path / "gate") as gate:
        program = script(tmp_path / "program", f"touch {tmp_path}/starts/$1.$$", f"read _ < {gate}")
        tasks = [task(owner, "raced") for _ in range(24)]
        programs = {"raced": f"{program} __id__"}
        folders = [farm.write_config(tmp_path / name, programs, threads=4) for name in ("a", "b")]
        with renderserver(folders[0], "--once") as first, renderserver(folders[1], "--once") as second:
            for server in (first, second):
                server.until("begun")
            gate.let(len(tasks))
            for server in (first, second):
                assert {each["event"] for each in server.events()} == {"begun", "finished"}
    assert {state(owner, each) for each in tasks} == {"finished"}
    starts = sorted(int(path.name.partition(".")[0]) for path in (tmp_path / "starts").iterdir())
    assert starts == tasks


async def test_after_kill_9_its_own_task_runs_again_and_nobody_else_s_is_touched(
    farm: Farm, owner: Cinnamon, tmp_path: Path
) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        program = script(tmp_path / "program", f"echo $$ > {bell}", f"read _ < {gate}")
        folder = farm.write_config(tmp_path / "rs", {"killed": program})
        task_id, foreign = task(owner, "killed"), task(owner, "killed")
        owner.lock(foreign)
        owner.change_state(foreign, name="rendering")
        owner.unlock(foreign)
        with renderserver(folder) as server:
            (left,) = await bell.pids(1)
            server.process.kill()
            server.process.wait()
        assert state(owner, task_id) == "rendering"
        with renderserver(folder, "--once") as server:
            (again,) = await bell.pids(1)
            await gone(left)
            assert again != left
            gate.let()
            assert [each["event"] for each in server.events()] == ["reset", "begun", "finished"]
        assert state(owner, task_id) == "finished"
        assert state(owner, foreign) == "rendering"


async def test_sigterm_ends_programs_with_all_that_they_started_and_their_tasks_wait_again(
    farm: Farm, owner: Cinnamon, tmp_path: Path
) -> None:
    with Bell(tmp_path / "bell") as bell:
        program = script(
            tmp_path / "program",
            f"echo $$ > {bell}",
            f"(trap '' TERM; sh -c 'echo $$ > {bell}; while :; do sleep 600; done') &",
            f"setsid sh -c 'echo $$ > {bell}; exec sleep 600' &",
            "sleep 600",
        )
        folder = farm.write_config(tmp_path / "rs", {"stopped": program})
        task_id = task(owner, "stopped")
        with renderserver(folder) as server:
            pids = await bell.pids(3)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(SECONDS) == 0
        assert state(owner, task_id) == "new"
        assert owner.get_object(task_id).locked_by is None
        await gone(*pids)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["sigterm", "ctrl_c"])
def test_it_stops_whichever_of_its_threads_gets_the_signal(farm: Farm, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "thief.py").write_text(THIEF)
    folder = farm.write_config(tmp_path / "rs", {"none": "true"}, url="http://127.0.0.1:9/cinnamon/cinnamon")
    with renderserver(folder, program=(sys.executable, str(tmp_path / "thief.py"), str(RENDERMILL))) as server:
        server.until("trouble")
        server.process.send_signal(number)
        assert server.process.wait(SECONDS) == 0


async def test_told_twice_to_stop_it_waits_for_nothing_and_the_next_one_puts_right_what_it_left(
    farm: Farm, owner: Cinnamon, tmp_path: Path
) -> None:
    with Bell(tmp_path / "bell") as bell:
        program = script(
            tmp_path / "program",
            f"test -e {tmp_path}/begun && exit; touch {tmp_path}/begun",
            f"trap 'echo deaf > {bell}' TERM; echo $$ > {bell}",
            "while :; do sleep 600 & wait; done",
        )
        folder = farm.write_config(tmp_path / "rs", {"hurried": program})
        task_id = task(owner, "hurried")
        with renderserver(folder) as server:
            pids = await bell.pids(1)
            server.process.send_signal(signal.SIGTERM)
            assert await bell.line() == "deaf"
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(SECONDS) == 130
        assert state(owner, task_id) == "rendering"
        work_once(folder)
        await gone(*pids)
    assert state(owner, task_id) == "finished"


async def test_how_a_program_ended_is_not_lost_while_the_server_is_away(tmp_path: Path) -> None:
    data = tmp_path / "farm"
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate, contextlib.ExitStack() as stack:
        program = script(tmp_path / "program", f"echo $$ > {bell}", f"read _ < {gate}", "echo broken >&2", "exit 1")
        with cinnamon_farm(data, tmp_path / "home") as farm:
            folder = farm.write_config(tmp_path / "rs", {"away": program})
            with farm.connect() as client:
                task_id = task(client, "away")
            server = stack.enter_context(renderserver(folder))
            (pid,) = await bell.pids(1)
            farm.server.kill()
        gate.let()
        await gone(pid)
        assert server.until("trouble")["again_in"] > 1
        with serving(data, tmp_path / "home", "--port", str(urlsplit(farm.url).port)), farm.connect() as client:
            assert server.until("failed")["task"] == task_id
            assert state(client, task_id) == "failed"
            assert messages(client, task_id) == ["error: the program ended with exit status 1\nbroken"]


def test_an_image_gets_its_thumbnail(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    picture(tmp_path / "big.png", 640, 320)
    source = owner.create("Büg.png", 0, file=tmp_path / "big.png", file_format="png")
    done, broken = (
        task(owner, "thumbnail", f"<sourceId>{number}</sourceId><size>64</size>")
        for number in (source, owner.create("no.png", 0, file=Path(__file__), file_format="png"))
    )
    programs = {"thumbnail": f"{sys.executable} {EXAMPLES}/cinnamon_thumbnail.py"}
    work_once(farm.write_config(tmp_path / "rs", programs))
    assert [state(owner, each) for each in (done, broken)] == ["finished", "failed"]
    assert messages(owner, done) == ["info: a thumbnail of Büg.png"]
    assert messages(owner, broken)[0].startswith("error: no.png: ")
    owner.get_content(done, tmp_path / "small.jpg")
    made = oiio.ImageBuf(str(tmp_path / "small.jpg"))
    assert (made.spec().width, made.spec().height) == (64, 32)
    found = owner.get_object(done).format
    assert found is not None
    assert found.name == "jpeg"


def test_a_scene_of_an_older_repository_becomes_frames_and_a_movie(
    farm: Farm, bpy_python: Path, tmp_path: Path
) -> None:
    scene = scenes.build(bpy_python, tmp_path / "scene")
    programs = {"film": f"{sys.executable} {EXAMPLES}/cinnamon_blend.py"}
    with farm.connect(repository=CLASSIC) as owner:
        home = owner.get_folder_by_path("/shots", make=True).id
        source = owner.create("shot.blend", home, file=scene, file_format="blend")
        task_id = task(owner, "film", f"<sourceId>{source}</sourceId><frames>2-3</frames>")
        work_once(farm.write_config(tmp_path / "rs", programs, repository=CLASSIC))
        check_film(owner, task_id, tmp_path / "movie.mp4")


def check_film(owner: Cinnamon, task_id: int, movie: Path) -> None:
    """The task has its movie, and its pictures beside it."""
    assert messages(owner, task_id) == ["info: rendering shot.blend", "info: 2 frames rendered"]
    assert state(owner, task_id) == "finishedRenderTask"
    owner.get_content(task_id, movie)
    assert movie.read_bytes()[4:8] == b"ftyp"
    related = owner.send("getrelations", leftid=task_id).findall("relation/rightId")
    names = {owner.get_object(int(each.text or "")).name for each in related}
    assert names == {"shot_0002.png", "shot_0003.png"}


def test_a_folder_serves_one_renderserver_at_a_time(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate:
        program = script(tmp_path / "program", f"read _ < {gate}")
        folder = farm.write_config(tmp_path / "rs", {"alone": program})
        task(owner, "alone")
        with renderserver(folder, "--once") as server:
            server.until("begun")
            second = run(folder, "cinnamon-renderserver", "--config", folder, "--once")
            assert second.code == 5, second
            assert "another RenderServer works with this folder" in second.err
            gate.let()
            server.until("finished")


def test_no_session_is_left_behind(farm: Farm, owner: Cinnamon, tmp_path: Path) -> None:
    said = tmp_path / "tickets"
    folder = farm.write_config(
        tmp_path / "rs", {"sessions": f"{script(tmp_path / 'p', f'echo $1 >> {said}')} __ticket__"}
    )
    task(owner, "sessions")
    work_once(folder)
    with Cinnamon.with_ticket(farm.url, said.read_text().strip()) as ended, pytest.raises(CinnamonError) as caught:
        ended.get_lifecycle(name=LIFECYCLES[SEED])
    assert caught.value.key == "error.session.not_found"


def test_it_says_what_is_wrong(farm: Farm, tmp_path: Path) -> None:
    folder = farm.write_config(tmp_path / "rs", {"x": "true"}, url="http://127.0.0.1:9/cinnamon/cinnamon")
    done = run(tmp_path, "cinnamon-renderserver", "--once", environment={"RENDERSERVER_DIR": str(folder)})
    assert done.code == 5, done
    assert "no Cinnamon server answers there" in done.err
    config = folder / "renderserver.config.xml"
    config.write_text(config.read_text().replace("<threadCount>1", "<threadCount>0"))
    done = run(tmp_path, "cinnamon-renderserver", "--config", folder)
    assert done.code == 2, done
    assert f"{config} <config/threadCount>: '0' is no whole number from 1 to 1024" in done.err


def test_its_states_are_those_of_the_lifecycle(farm: Farm) -> None:
    for repository in (SEED, CLASSIC):
        with farm.connect(repository=repository) as client:
            lifecycle = client.get_lifecycle(name=LIFECYCLES[repository])
            named = {each.name: each.id for each in lifecycle.states}
            states = TaskStates.of(lifecycle)
        found = (states.new, states.rendering, states.finished, states.failed)
        assert found == tuple(named[name] for name in STATES[repository])
