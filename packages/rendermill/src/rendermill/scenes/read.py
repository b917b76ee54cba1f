"""Reading a scene: its report, by a reader in a child process, or one made before while nothing has changed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rendermill.farm.model.errors import BadInputError
from rendermill.scenes.cache import ReportCache
from rendermill.scenes.examine import too_long
from rendermill.scenes.findings import AT_BYTE, Findings
from rendermill.scenes.locate.locator import Maps
from rendermill.scenes.report import SceneReport, Software

_COMMAND = (sys.executable, "-P", "-m", "rendermill.scenes.child")  # nothing is imported from the current folder
_GRACE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading a scene may take: bytes of memory besides the scene itself, and seconds."""

    memory: int = 4 << 30
    seconds: float = 600


def read_scene(
    scene: Path,
    *,
    maps: Maps = (),
    within: Path | None = None,
    cache: Path | None = None,
    progress: Callable[[float], None] = lambda _: None,
    limits: Limits | None = None,
) -> SceneReport:
    """The report of a scene, whatever is in it: a damaged or unknown file has a report whose ``damage`` says so.

    ``maps`` say where folders of other machines lie here; ``within`` is the only folder in which a .blend finds files,
    and what it says then is not kept. ``cache`` is a folder of reports made before, ``progress`` hears how far reading
    is (0 to 1). Raises :class:`BadInputError` if there is no such file.
    """
    scene = _existing(scene)
    kept = ReportCache(cache, scene, maps) if cache is not None and within is None else None
    if kept is not None and (report := kept.load()) is not None:
        return report
    reading = _Reading(scene, maps, within, limits or Limits(), progress)
    report = reading.run()
    if kept is not None and (not report.damage or report.damage.startswith(AT_BYTE)):
        kept.save(report, reading.looked)
    return report


def _existing(scene: Path) -> Path:
    """Its absolute path. Raises :class:`BadInputError` if it is no file, but not if that may not be looked at."""
    try:
        found = scene if scene.exists() else scene.expanduser()
        found = Path(os.path.normpath(found.absolute()))  # links stay: files are looked for beside it
        if found.is_file():
            return found
    except PermissionError:  # which the reader says
        return Path(os.path.normpath(scene.absolute()))
    except (OSError, RuntimeError, ValueError) as error:  # too long a path, an unknown user's ~, a NUL
        raise BadInputError(str(error), where=str(scene)[:200]) from error
    what = "it is a folder, not a scene" if found.is_dir() else "it is no file" if found.exists() else ""
    raise BadInputError(what or "there is no such file", where=str(found))


class _Reading:
    """One child process, from its order to the last report that it gave."""

    def __init__(
        self, scene: Path, maps: Maps, within: Path | None, limits: Limits, progress: Callable[[float], None]
    ) -> None:
        bounds = {"within": str(within or ""), "memory": limits.memory, "seconds": limits.seconds}
        self._order = json.dumps({"path": str(scene), "maps": maps, **bounds}).encode() + b"\n"
        self._limits = limits
        self._progress = progress
        self._report: SceneReport | None = None
        self._late = False
        self._said = ""
        self.looked: list[str] = []

    def run(self) -> SceneReport:
        child = subprocess.Popen(
            _COMMAND,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        last_moment = threading.Timer(self._limits.seconds + _GRACE_SECONDS, self._too_late, [child.pid])
        last_moment.daemon = True
        try:
            last_moment.start()
            self._hear(child)
            child.wait()
        finally:
            last_moment.cancel()
            if child.poll() is None:  # also on Ctrl-C: nothing of it stays
                _kill(child.pid)
                child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
        return self._ended(child.returncode)

    def _hear(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdin is not None and child.stdout is not None
        try:
            child.stdin.write(self._order)  # its end would tell the child that we are gone
            child.stdin.flush()
        except BrokenPipeError:  # it ended before it read; how, is seen by its status
            return
        for line in child.stdout:
            try:
                told = json.loads(line)
                if "report" in told:
                    self._report = SceneReport.from_dict(told["report"])
                elif "looked" in told:
                    self.looked = told["looked"]
                else:
                    self._progress(float(told["progress"]))
            except (ValueError, KeyError, TypeError):  # a library's own words, or a line that was cut off
                self._said = line.decode(errors="replace").strip() or self._said

    def _too_late(self, pid: int) -> None:
        self._late = True
        _kill(pid)

    def _ended(self, status: int) -> SceneReport:
        if status == 0 and self._report is not None:
            return self._report
        report = self._report or _nothing()
        if self._late:
            return replace(report, damage=report.damage or too_long(self._limits.seconds))
        how = _signal(-status) if status < 0 else f"status {status}: {self._said[-200:]}"
        return replace(report, damage=report.damage or f"the reader did not come to its end ({how})")


def _nothing() -> SceneReport:
    found = Findings()
    return SceneReport(found.format, Software(""), None, None, "", (), (), ())


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _environment() -> dict[str, str]:
    """What the child needs of ours: no secrets, no plug-ins of USD, one thread."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH") if name in os.environ
    }
    kept |= {name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "COV_"))}
    return {**kept, "PYTHONIOENCODING": "utf-8", "PXR_WORK_THREAD_LIMIT": "1", "TBB_NUM_THREADS": "1"}
