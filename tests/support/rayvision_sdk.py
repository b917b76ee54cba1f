"""Scene reports, and analyses of scenes that have them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from rayvision_blender.analyze_blender import AnalyzeBlender
from rayvision_c4d.analyze_c4d import AnalyzeC4d
from rayvision_clarisse.analyse_clarisse import AnalyzeClarisse
from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_katana.analyse_katana import AnalyzeKatana
from rayvision_max.analyse_max import AnalyseMax
from rayvision_maya.analyze_maya import AnalyzeMaya
from rendermill.scenes.report import FileUse, FrameRange, Renderable, SceneReport, Software, State
from rendermill_rayvision.analysis import Analysis

CLASSES: tuple[type[Analysis], ...] = (
    AnalyzeHoudini,
    AnalyzeMaya,
    AnalyzeClarisse,
    AnalyzeBlender,
    AnalyseMax,
    AnalyzeC4d,
    AnalyzeKatana,
)
FRAMES = FrameRange(1, 10, 1, 24)
Kind = TypeVar("Kind", bound=Analysis)


def report(name: str = "houdini", version: str = "17.5.460", **known: Any) -> SceneReport:
    """The report of a scene of an application."""
    plain = SceneReport(name, Software(name, version, "linux"), FRAMES, (1280, 720), "", (), (), ())
    return replace(plain, **known)


def thing(name: str = "/out/mantra1", kind: str = "ifd", **known: Any) -> Renderable:
    """Something that renders frames 1 to 10."""
    plain = Renderable(name, kind, FRAMES, (), (1280, 720), "", "", enabled=True)
    return replace(plain, **known)


def rop(name: str = "/out/mantra1", role: str = "render", **known: Any) -> Renderable:
    """A node of Houdini."""
    return thing(name, details={"role": role, **known.pop("details", {})}, **known)


def used(path: Path | str, by: str = "/obj/geo1/file1 file", state: State = State.RESOLVED, **known: Any) -> FileUse:
    """A file, or with ``files`` a family of them, that is there unless ``state`` says otherwise."""
    there = (str(path),) if state is State.RESOLVED else ()
    files = tuple(map(str, known.pop("files", there)))
    plain = FileUse(known.pop("raw", "$HIP/x"), by, state, str(path), len(files), files)
    return replace(plain, **known)


def scene_file(folder: Path, name: str = "shot.scene", content: bytes = b"a scene") -> Path:
    """A file to analyse; what is in it only its MD5 tells."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def made(cls: type[Kind], scene: Path, workspace: Path, version: str | None = None, **given: Any) -> Kind:
    """An analysis of a scene, not run yet."""
    workspace.mkdir(parents=True, exist_ok=True)
    own: dict[str, Any] = {"project_name": None, "plugin_config": None, "workspace": str(workspace), **given}
    maker: Any = cls
    analysis: Kind = maker(str(scene), version, **own)
    return analysis


def run(analysis: Analysis, **arguments: Any) -> Any:
    """Analyse."""
    runner: Any = analysis
    return runner.analyse(**arguments)


def reads(monkeypatch: pytest.MonkeyPatch, found: SceneReport) -> None:
    """Let every scene have this report."""
    monkeypatch.setattr("rendermill_rayvision.analysis.analyze", lambda *_: found)
    monkeypatch.setattr("rayvision_houdini.analyze_houdini.read_scene", lambda *_, **__: found)


def on_disk(path: str) -> Any:
    """What a JSON file says."""
    return json.loads(Path(path).read_text(encoding="utf-8"))
