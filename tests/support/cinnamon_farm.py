"""A farm with users and repositories, and RenderServers that stand beside it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

from rendermill.sdk.cinnamon import RENDER_OUTPUT, Cinnamon
from support.command import RENDERMILL, SECONDS, Server, environment_of, serving

PASSWORD = "a farm's password"
SERVICE, OWNER, OTHER = "render", "anna", "bert"
SEED, CLASSIC = "farm", "old"
LIFECYCLES = {SEED: "_RenderTaskLC", CLASSIC: "_RenderServerLC"}
TYPES = {SEED: "render_task", CLASSIC: "_render_task"}
STATES = {
    SEED: ("new", "rendering", "finished", "failed"),
    CLASSIC: ("newRenderTask", "executeRenderTask", "finishedRenderTask", "failedRenderTask"),
}
QUERY = """\
<BooleanQuery>
  <Clause occurs="must"><TermQuery fieldName="lifecyclestate">__lcsId__</TermQuery></Clause>
  <Clause occurs="must"><TermQuery fieldName="objectTypeName">{}</TermQuery></Clause>
</BooleanQuery>
"""


@dataclass
class Farm:
    """A server whose repositories are one of each profile."""

    server: Server

    @property
    def url(self) -> str:
        """The address of its Cinnamon door."""
        return f"{self.server.url}/cinnamon/cinnamon"

    def connect(self, user: str = OWNER, repository: str = SEED) -> Cinnamon:
        """A session of a user."""
        return Cinnamon(self.url, repository, user, PASSWORD)

    def write_config(
        self,
        folder: Path,
        programs: Mapping[str, object],
        *,
        repository: str = SEED,
        threads: int = 1,
        timeouts: Mapping[str, float] | None = None,
        registered: tuple[str, ...] = (),
        url: str | None = None,
    ) -> Path:
        """A folder of settings for a RenderServer; ``programs`` are command lines by the tasks' names."""
        folder.mkdir(exist_ok=True)
        (folder / "taskQuery.xml").write_text(QUERY.format(TYPES[repository]))
        timeouts = timeouts or {}
        tasks = "".join(
            f"<task><name>{name}</name><exec>{escape(str(command))}</exec>"
            + (f"<timeout>{timeouts[name]}</timeout>" if name in timeouts else "")
            + "</task>"
            for name, command in programs.items()
        )
        names = "".join(f"<taskName>{name}</taskName>" for name in registered)
        (folder / "renderserver.config.xml").write_text(
            f"<config><taskQueryFile>taskQuery.xml</taskQueryFile><threadCount>{threads}</threadCount>"
            f"<sleepDuration>1000</sleepDuration><repositories><repository><name>{repository}</name>"
            f"<url>{url or self.url}</url><username>{SERVICE}</username><password>{PASSWORD}</password>"
            f"<lifeCycleName>{LIFECYCLES[repository]}</lifeCycleName><registeredTasks>{names}</registeredTasks>"
            f"</repository></repositories><tasks>{tasks}</tasks></config>"
        )
        return folder


@contextmanager
def cinnamon_farm(data: Path, home: Path) -> Iterator[Farm]:
    """A server with the users and repositories that these tests need."""
    home.mkdir()
    with serving(data, home, "--no-spare", "--slots", "1") as server:
        for words in (
            ("user", "create", SERVICE, "--superuser", "--sudoer"),
            ("user", "create", OWNER, "--sudoable"),
            ("user", "create", OTHER),
        ):
            done = server.run(*words, "--password-stdin", "--data", data, stdin=PASSWORD)
            assert done.code == 0, done
        done = server.run("cinnamon", "repository", "create", CLASSIC, "--profile", "classic", "--data", data)
        assert done.code == 0, done
        yield Farm(server)


def task(client: Cinnamon, name: str, inside: str = "") -> int:
    """Start a render task in the root folder; its id."""
    asked = f'<metaset type="render_input"><renderTaskName>{name}</renderTaskName>{inside}</metaset>'
    return client.start_render_task(asked, name=name)


def state(client: Cinnamon, task_id: int) -> str:
    """The name of the state in which a task is."""
    state_id = client.get_object(task_id).state_id
    return client.get_lifecycle_state(state_id).name if state_id is not None else ""


def messages(client: Cinnamon, task_id: int) -> list[str]:
    """The messages of a task, each with its level."""
    found = client.get_metaset(task_id, RENDER_OUTPUT).iterfind("messages/message")
    return [f"{each.get('level')}: {each.text}" for each in found]


def script(path: Path, *lines: str) -> Path:
    """A shell script that can be started."""
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return path


def command_of(handler: BaseHTTPRequestHandler) -> tuple[str, str]:
    """The command that a request is, and all of its body."""
    sent = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
    return sent.partition('name="command"')[2].partition("\r\n\r\n")[2].partition("\r\n")[0], sent


@dataclass
class RenderServer:
    """A ``rendermill cinnamon-renderserver`` process."""

    process: subprocess.Popen[str]

    def until(self, event: str) -> dict[str, Any]:
        """The next event of a kind."""
        return next(each for each in self.events() if each["event"] == event)

    def events(self) -> Iterator[dict[str, Any]]:
        """What it tells, to its end."""
        stream: IO[str] | None = self.process.stdout
        assert stream is not None
        return (json.loads(line) for line in stream)


@contextmanager
def renderserver(folder: Path, *words: str, program: tuple[str, ...] = (str(RENDERMILL),)) -> Iterator[RenderServer]:
    """A RenderServer with the settings of a folder; ended at the end of the block."""
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            [*program, "cinnamon-renderserver", "--config", str(folder), "--json", *words],
            env=environment_of(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield RenderServer(process)
        finally:
            process.terminate()
            process.wait(SECONDS)
