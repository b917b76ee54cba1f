"""Reading a .blend by loading it in Blender, in a child process, with scripts off.

A report is kept and used again while the scene, and every file that it names, is as it was.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from blake3 import blake3

from rendermill.farm.model.errors import BadInputError, DamagedSceneError
from rendermill.scenes.report import VERSION, SceneReport
from rendermill.software.blender.header import saved_by
from rendermill.software.blender.installations import Installation, choose

SCAN_SECONDS = 600


def read_blend(scene: Path, cache: Path | None = None, installation: Installation | None = None) -> SceneReport:
    """The report of a .blend; ``cache`` is a folder of reports made before.

    Raises :class:`BadInputError` if it is not there, :class:`DamagedSceneError` if it is no scene or Blender cannot
    load it, SoftwareMissingError if no installed Blender is new enough.
    """
    scene = Path(os.path.normpath(scene.absolute()))  # links stay: sessions look beside the scene by that path
    if not scene.is_file():
        raise BadInputError("there is no such file", where=str(scene))
    installation = installation or choose(saved_by(scene), where=str(scene))
    kept = _Cache(cache, scene, installation) if cache is not None else None
    if kept is not None and (report := kept.load()) is not None:
        return report
    report = SceneReport.from_dict(_scan(scene, installation))
    if kept is not None:
        kept.save(report)
    return report


def _scan(scene: Path, installation: Installation) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="rendermill-scan-") as folder:
        output = Path(folder) / "report.json"
        environment = {**os.environ, "HOME": folder, "TMPDIR": folder}
        child = subprocess.Popen(
            installation.command("scan", str(scene), str(output)),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            _, said = child.communicate(timeout=SCAN_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise DamagedSceneError(
                f"Blender did not load it within {SCAN_SECONDS} seconds", where=str(scene)
            ) from error
        finally:
            if child.poll() is None:  # also on Ctrl-C: nothing of it stays
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        if not output.exists():
            last = said.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
            raise DamagedSceneError(f"Blender {installation.name} broke while loading it: {last[0]}", where=str(scene))
        found: dict[str, Any] = json.loads(output.read_text())
    if "error" in found:
        raise DamagedSceneError(
            f"Blender {installation.name} cannot load it: {found['error']}",
            where=str(scene),
            remedy="The file is damaged or was not written to its end; save or copy it again.",
        )
    return found


class _Cache:
    """Reports by what they were made of; a folder whose loss costs time and nothing else."""

    def __init__(self, folder: Path, scene: Path, installation: Installation) -> None:
        name = blake3(f"{VERSION}\0{installation.name}\0{scene}".encode()).hexdigest()[:32]
        self._path = folder / f"{name}.json"
        self._scene = scene

    def load(self) -> SceneReport | None:
        """The report, if nothing that it depends on has changed."""
        try:
            kept = json.loads(self._path.read_text())
            if kept["marks"] == {path: _mark(path) for path in kept["marks"]}:
                return SceneReport.from_dict(kept["report"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None

    def save(self, report: SceneReport) -> None:
        """Keep a report. A failure to is no failure."""
        paths = {str(self._scene)}
        for use in report.files:
            # Folders tell of tiles and frames that came or went; a missing file may come back.
            paths |= {use.resolved, *(str(Path(file).parent) for file in (use.resolved, *use.files))}
            paths |= {file for file in use.files if file.endswith(".blend")}
        kept = {"marks": {path: _mark(path) for path in sorted(paths)}, "report": report.to_dict()}
        kept["report"].pop("version")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(f".{os.getpid()}")
            temporary.write_text(json.dumps(kept))
            temporary.replace(self._path)
        except OSError:
            return


def _mark(path: str) -> list[int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ino]
