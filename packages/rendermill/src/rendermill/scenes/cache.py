"""Reports by what they were made of; a folder whose loss costs time and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

from blake3 import blake3

from rendermill import __version__
from rendermill.scenes.locate.locator import Maps
from rendermill.scenes.report import VERSION, SceneReport


class ReportCache:
    """The report of one scene, kept while the scene and every file and folder that it depends on is as it was."""

    def __init__(self, folder: Path, scene: Path, maps: Maps) -> None:
        key = json.dumps([VERSION, __version__, str(scene), maps])
        self._path = folder / f"{blake3(key.encode()).hexdigest()[:32]}.json"
        self._scene = scene
        self._began = _mark(str(scene))

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
        """Keep a report, unless the scene was changed while it was read. A failure to is no failure."""
        if _mark(str(self._scene)) != self._began:
            return
        paths = {str(self._scene), str(self._scene.parent)}
        for use in report.files:
            # Folders tell of tiles and frames that came or went; a missing file may come back. What a file holds
            # matters only of scenes, but which ones those are is not told, so each counts.
            paths |= {*use.files, *(str(Path(file).parent) for file in (use.resolved, *use.files) if file)}
            if use.resolved:
                paths.add(use.resolved)
        kept = {"marks": {path: _mark(path) for path in sorted(paths)}, "report": report.to_dict()}
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
