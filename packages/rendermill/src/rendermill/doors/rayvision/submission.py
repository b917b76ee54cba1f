"""From a task's JSON files to a job of the farm."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rendermill.doors.rayvision.codes import invalid
from rendermill.doors.rayvision.context import Services, config_path, input_owner
from rendermill.doors.rayvision.hardware import STANDARD_MEMORY, Hardware, chosen_hardware, words
from rendermill.doors.rayvision.json_text import parse_object
from rendermill.doors.rayvision.parts import Renderable, renderables
from rendermill.doors.rayvision.ranges import PreFrames, write_range
from rendermill.doors.rayvision.taskfile import TaskFile, read_task_file
from rendermill.farm.blueprint import MAX_TASKS
from rendermill.farm.model.errors import BadInputError
from rendermill.farm.model.storage import Area, server_path
from rendermill.farm.model.submission import Asset, Submission
from rendermill.renderers.adapter import AdapterApplication
from rendermill.renderers.base import CONTROL
from rendermill.renderers.blender.request import BlenderApplication
from rendermill.renderers.request import Application, Part, Request, Requested, requested_job
from rendermill.store.rayvision.records import Child, Submitted, TaskRow

MAX_FILES = 200_000
_MAX_SHOWN = 4000
_OUTPUT = PurePosixPath("/rendermill-output")
_USABLE = 0.8
_APPLICATIONS: dict[str, Application] = {"blender": BlenderApplication()}


@dataclass(frozen=True, slots=True)
class Made:
    """A job to be submitted, and what its task will be."""

    submission: Submission
    submitted: Submitted


class JobMaker:
    """Makes the job of a reserved task from what its owner has put into the storage."""

    def __init__(self, services: Services, row: TaskRow, submitter: int) -> None:
        self._services, self._row, self._submitter = services, row, submitter
        self._account = services.accounts.user(row.owner)

    def make(self, task: TaskFile, producer: str, project_id: int | None) -> Made:
        """The job. Raises BadInputError, MissingFieldError: what of which file is wrong."""
        self._check_identity(task)
        scene, inputs = self._files(task)
        things = renderables(task)
        kinds = self._hardware(task)
        request = self._request(task, scene, things, kinds)
        made = requested_job(request, _APPLICATIONS.get(task.software.name, AdapterApplication()))
        return Made(
            self._submission(task, made, inputs, request, kinds),
            self._submitted(task, things, made, request, producer, project_id),
        )

    def task_file(self) -> TaskFile:
        """The task.json. Raises BadInputError, MissingFieldError."""
        found = self._config("task.json")
        if found is None:
            raise invalid(
                "task.json",
                f"task {self._row.id} has none",
                f"Send it with submit/taskJsonFile, or as {self._row.id}/cfg/task.json into the config storage.",
            )
        return read_task_file(found)

    def _config(self, name: str) -> bytes | None:
        area, path = config_path(self._row.id, name)
        file = self._services.files.find(self._row.owner, area, path)
        return None if file is None else self._services.blobs.checked(file.hash).read_bytes()

    def _check_identity(self, task: TaskFile) -> None:
        info = task.task_info
        if info.task_id not in (None, self._row.id):
            raise invalid("task_info.task_id", f"{info.task_id} is not this task, which is {self._row.id}")
        if info.user_id not in (None, self._account.id, self._submitter):
            raise invalid("task_info.user_id", f"{info.user_id} is not the task's user, who is {self._account.id}")

    # --- files -------------------------------------------------------------------------------------------------

    def _files(self, task: TaskFile) -> tuple[PurePosixPath, tuple[Asset, ...]]:
        """The scene as the job's sessions see it, and the files that they need."""
        local = task.task_info.input_cg_file
        if (shared := self._shared(local)) is not None:
            return PurePosixPath(shared), tuple(self._listed().values())
        name = self._server_path(local, "task_info.input_cg_file")
        file = self._services.files.find(input_owner(self._account), Area.INPUT, name)
        if file is None:
            raise invalid(
                "task_info.input_cg_file",
                f"the scene {name} is not in the storage, nor in a folder that this farm shares",
                "Upload it first: PUT /api/v1/files/input/PATH, or with the SDK's upload.",
            )
        listed = self._listed() or self._beside(task, name)
        scene = Asset(f"/{name}", file.hash, file.size)
        return PurePosixPath(scene.path), tuple({**listed, scene.path: scene}.values())

    def _shared(self, local: str) -> str | None:
        """The scene's real path if it lies in a folder that the farm shares."""
        if not self._services.shared or not local.startswith("/") or CONTROL.search(local):
            return None
        try:
            real = Path(os.path.realpath(local))
            below = any(real.is_relative_to(folder.resolve()) for folder in self._services.shared)
            return str(real) if below and real.is_file() else None
        except (OSError, ValueError):
            return None

    def _listed(self) -> dict[str, Asset]:
        """The files of upload.json, by their paths in sessions; empty without one."""
        content = self._config("upload.json")
        if content is None:
            return {}
        pairs = self._pairs(parse_object(content, "upload.json"))
        owner = input_owner(self._account)
        there = self._services.files.find_all(owner, Area.INPUT, list(dict.fromkeys(pairs.values())))
        lost = [local for local, name in pairs.items() if name not in there and self._shared(f"/{local}") is None]
        if lost:
            what = f"{len(lost)} of its files are not in the storage, the first is {lost[0]}"
            raise invalid("upload.json", what, "Upload them first.")
        found = {local: there[name] for local, name in pairs.items() if name in there}
        return {f"/{local}": Asset(f"/{local}", file.hash, file.size) for local, file in found.items()}

    def _pairs(self, listed: dict[str, Any]) -> dict[str, str]:
        """What an upload.json lists: names on the client's machine → names in the storage."""
        pairs: dict[str, str] = {}
        for kind in ("scene", "asset"):
            entries = listed.get(kind) or []
            if not isinstance(entries, list) or len(entries) > MAX_FILES:
                raise invalid(f"upload.json.{kind}", f"it is no list of at most {MAX_FILES}")
            for entry in entries:
                where = f"upload.json.{kind}"
                if not isinstance(entry, dict) or not isinstance(entry.get("local"), str):
                    raise invalid(where, "an entry is {local, server}")
                local = self._server_path(entry["local"], f"{where}.local")
                server = entry.get("server")
                named = isinstance(server, str) and server
                pairs[local] = self._server_path(str(server), f"{where}.server") if named else local
        return pairs

    def _beside(self, task: TaskFile, scene: str) -> dict[str, Asset]:
        """Without a list: everything that the storage holds below the scene's folder and the project's."""
        folders = {str(PurePosixPath(scene).parent)} - {"."}
        if task.task_info.input_project_path:
            folders.add(self._server_path(task.task_info.input_project_path, "task_info.input_project_path"))
        assets: dict[str, Asset] = {}
        for folder in sorted(folders):
            after = ""
            owner = input_owner(self._account)
            while page := self._services.files.below(owner, Area.INPUT, folder, after=after):
                assets |= {f"/{file.path}": Asset(f"/{file.path}", file.hash, file.size) for file in page}
                after = page[-1].path
                if len(assets) > MAX_FILES:
                    raise invalid("upload.json", f"there is none, and over {MAX_FILES} files lie beside the scene")
        return assets

    def _server_path(self, local: str, where: str) -> str:
        try:
            return server_path(local)
        except BadInputError as error:
            raise BadInputError(error.what, where=where, remedy=error.remedy) from error

    # --- the job -----------------------------------------------------------------------------------------------

    def _request(
        self, task: TaskFile, scene: PurePosixPath, things: list[Renderable], kinds: list[Hardware]
    ) -> Request:
        info = task.task_info
        first = self._first(task, things)
        if info.is_picture == "1" and sum(len(each.frames) for each in things) != 1:
            raise invalid("task_info.is_picture", "a still picture has one frame, and several are to be rendered")
        folders = _folders(things) if len(things) > 1 else [""]
        return Request(
            software=task.software.name,
            version=task.version,
            scene=scene,
            project=info.input_project_path,
            plugins=task.software_config.plugins,
            parts=tuple(
                Part(each.name, each.frames, tests, each.settings, folder, each.after)
                for each, tests, folder in zip(things, first, folders, strict=True)
            ),
            output=_OUTPUT,
            chunk=info.frames_per_task,
            memory=0 if info.ram <= STANDARD_MEMORY else int(info.ram * 1024 * _USABLE),
            gpus=info.graphics_cards_num if kinds and all(kind.gpus for kind in kinds) else 0,
        )

    def _hardware(self, task: TaskFile) -> list[Hardware]:
        info = task.task_info
        ids = info.hardwareConfigIds or ([info.hardwareConfigId] if info.hardwareConfigId is not None else [])
        return chosen_hardware(self._services.farm.dispatcher.picture, ids, "task_info.hardwareConfigIds")

    def _first(self, task: TaskFile, things: list[Renderable]) -> list[tuple[int, ...]]:
        info = task.task_info
        name = "test_frames" if info.pre_frames == "000" else "pre_frames"
        wanted = PreFrames.parse(getattr(info, name), f"task_info.{name}")
        if len(wanted.others) * len(things) > MAX_TASKS:
            raise invalid(f"task_info.{name}", f"over {MAX_TASKS} frames of all together")
        return [wanted.of(each.frames) for each in things]

    def _submission(
        self,
        task: TaskFile,
        made: Requested,
        inputs: tuple[Asset, ...],
        request: Request,
        kinds: list[Hardware],
    ) -> Submission:
        info = task.task_info
        default = float(self._services.accounts.settings(self._row.owner).get("task_over_time", 0))
        return Submission(
            template=made.template,
            owner=self._row.owner,
            parameters=made.parameters,
            inputs=inputs,
            priority=max(0, min(100, self._row.level)),
            task_timeout=float(info.job_stop_time * request.chunk) or None,
            job_timeout=float(info.task_stop_time) or default or None,
            first=made.first,
            hold=info.stop_after_test == "1" and bool(made.first),
            reference=f"rayvision/{self._row.id}",
            folder=self.folder(request.scene),
            hardware=tuple(words(kinds)),
            info=task.additional_info,
        )

    def folder(self, scene: PurePosixPath) -> str:
        """The job's folder among the owner's outputs."""
        return f"{self._row.id}_{scene.stem}"

    def _submitted(
        self,
        task: TaskFile,
        things: list[Renderable],
        made: Requested,
        request: Request,
        producer: str,
        project_id: int | None,
    ) -> Submitted:
        children: list[Child] = []
        if len(things) > 1 and not (task.software.name == "maya" and _is_unlayered(task)):
            for thing, part in zip(things, request.parts, strict=True):
                shown = {**self._shown(task, [thing]), "folder": f"{self.folder(request.scene)}/{part.folder}"}
                children.append(Child(thing.name, made.steps[thing.name], _shortened(_frames_text(thing)), shown))
        frames = ",".join(_frames_text(thing) for thing in things)
        return Submitted(
            scene=request.scene.name,
            cg_id=task.software.cg_id,
            frames=_shortened(frames),
            producer=producer,
            project_id=project_id,
            shown={**self._shown(task, things), "folder": self.folder(request.scene)},
            children=tuple(children),
        )

    def _shown(self, task: TaskFile, things: list[Renderable]) -> dict[str, Any]:
        info = task.task_info
        return {
            "channel": info.channel or "4",
            "ram": info.ram,
            "reminder": info.time_out,
            "tiles": info.tiles or "1",
            "camera": ",".join(dict.fromkeys(each.camera for each in things if each.camera)),
        }


def _is_unlayered(task: TaskFile) -> bool:
    return task.layers is None and task.task_info.enable_layered == "0"


def _frames_text(thing: Renderable) -> str:
    return f"{thing.name if thing.is_node else ''}{write_range(thing.frames)}"


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _folders(things: list[Renderable]) -> list[str]:
    """A folder name for each thing: its own, without what a folder cannot have, no two alike whatever the case."""
    found: list[str] = []
    for thing in things:
        plain = CONTROL.sub("_", thing.name.split("://")[-1]).replace("\\", "/").strip("/").replace("/", "_")
        plain = plain.replace("{", "_").replace("}", "_").replace("#", "_").strip(". ")[:100] or "render"
        name, count = plain, 2
        while name.lower() in (each.lower() for each in found):
            name, count = f"{plain}_{count}", count + 1
        found.append(name)
    return found
