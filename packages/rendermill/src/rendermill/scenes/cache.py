"""Reports by what they were made of; a folder whose loss costs time and nothing else."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

from blake3 import blake3

from rendermill import __version__
from rendermill.scenes.locate.locator import Maps
from rendermill.scenes.report import VERSION, SceneReport

_MOST_MARKS = 200_000


class ReportCache:
    """The report of one scene, kept while the scene and every file and folder that it depends on is as it was."""

    def __init__(self, folder: Path, scene: Path, maps: Maps) -> None:
        key = json.dumps([VERSION, __version__, str(scene), maps])
        self._path = folder / f"{blake3(key.encode()).hexdigest()[:32]}.json"
        self._scene = scene
        self._began = _mark(str(scene))
        self._at = time.time_ns()

    def load(self) -> SceneReport | None:
        """The report, if nothing that it depends on has changed."""
        try:
            kept = json.loads(self._path.read_text())
            if kept["marks"] == {path: _mark(path) for path in kept["marks"]}:
                return SceneReport.from_dict(kept["report"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None

    def save(self, report: SceneReport, looked: Iterable[str]) -> None:
        """Keep a report, unless what it was made of was changed meanwhile. A failure to is no failure.

        ``looked`` are the folders in which files were looked for: they tell of files that came or went. What a file
        holds matters only of scenes, but which ones those are is not told, so each counts.
        """
        paths = {str(self._scene), *looked, *(file for use in report.files for file in use.files)}
        marks = {path: _mark(path) for path in paths}
        is_late = any(mark is not None and mark[1] >= self._at for mark in marks.values())
        if is_late or marks[str(self._scene)] != self._began or len(marks) > _MOST_MARKS:
            return
        kept = {"marks": marks, "report": report.to_dict()}
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
    except (OSError, ValueError):
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ino]
