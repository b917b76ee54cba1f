"""A scene report as people read it: facts, a tree of what renders, a table of files with the missing ones in red."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.table import Column, Table
from rich.text import Text
from rich.tree import Tree

from rendermill.cli.app import out, plain
from rendermill.scenes.report import Confidence, FileUse, FrameRange, Renderable, SceneReport, State

_STYLES = {
    State.MISSING: "bold red",
    State.UNRESOLVED: "yellow",
    State.RESOLVED: "green",
    State.PATTERN: "green",
    State.OUTPUT: "cyan",
}
_ORDER = (State.MISSING, State.UNRESOLVED, State.RESOLVED, State.PATTERN, State.PACKED, State.BUILT_IN, State.OUTPUT)


def show(scene: Path, report: SceneReport) -> None:
    """Print a report."""
    _facts(scene, report)
    if report.renderables:
        out.print(_tree(report))
    if report.files:
        out.print(_table(scene, report.files))
    for warning in report.warnings:
        out.print(warning, label="warning:", style="yellow")
    if report.damage:
        out.print(f"{report.damage}; above stands what could be read", label="error:", style="bold red")
    _verdict(report)


def _facts(scene: Path, report: SceneReport) -> None:
    software = report.software
    saved = f" ({report.format}" + (f", saved on {software.platform})" if software.platform else ")")
    out.print(f"{software.name or 'an unknown application'} {software.version}{saved}", label=f"{plain(scene.name)}:")
    facts = [
        ("frames", _frames(report.frames, with_fps=True) if report.frames else "not told"),
        ("resolution", _size(report.resolution)),
        ("renderer", report.renderer or "not told"),
        ("cameras", ", ".join(report.cameras) or "none"),
        ("plug-ins", ", ".join(f"{each.name} {each.version}".strip() for each in report.plugins) or "none"),
    ]
    for name, value in facts:
        out.print(f"  {name:<11}{value}")
    if report.confidence is Confidence.LOW:
        out.print("  this format is only partly known: check the list of files, or save the scene in its text format")


def _frames(frames: FrameRange, *, with_fps: bool = False) -> str:
    text = _number(frames.start) if frames.start == frames.end else f"{_number(frames.start)}-{_number(frames.end)}"
    text += f"x{_number(frames.step)}" if frames.step not in (0, 1) else ""
    return text + (f" at {frames.fps:g} fps" if with_fps and frames.fps else "")


def _number(value: float) -> str:
    return f"{value:.10g}"


def _size(resolution: tuple[int, int] | None) -> str:
    return f"{resolution[0]}x{resolution[1]}" if resolution else "not told"


def _tree(report: SceneReport) -> Tree:
    enabled = sum(each.enabled for each in report.renderables)
    tree = Tree(f"renders ({enabled} of {len(report.renderables)} enabled)")
    for each in report.renderables:
        title = _whole(each.name, "bold" if each.enabled else "dim").append(f"  {_what(each)}", "dim")
        branch = tree.add(title)
        for line in _lines(each):
            branch.add(_whole(line))
    return tree


def _whole(text: str, style: str = "") -> Text:
    """A text of which nothing is cut where lines are short."""
    return Text(plain(text), style, overflow="fold", no_wrap=False)


def _what(renderable: Renderable) -> str:
    return plain(renderable.kind + ("" if renderable.enabled else ", off"))


def _lines(renderable: Renderable) -> Iterator[str]:
    yield f"frames {_frames(renderable.frames)}, {_size(renderable.resolution)}, {renderable.renderer or 'no renderer'}"
    if renderable.cameras:
        yield f"camera {', '.join(renderable.cameras)}"
    if renderable.output:
        yield f"writes {renderable.output}"


def _table(scene: Path, files: tuple[FileUse, ...]) -> Table:
    folded = (Column(name, overflow="fold") for name in ("file", "used by"))  # a path is never cut
    table = Table("state", *folded, box=None, pad_edge=False)
    for use in sorted(files, key=lambda each: _ORDER.index(each.state)):
        style = _STYLES.get(use.state, "dim")
        table.add_row(Text(_state(use), style), Text(plain(_where(scene, use)), style), Text(plain(use.used_by), "dim"))
    return table


def _state(use: FileUse) -> str:
    guess = "?" if use.confidence is Confidence.LOW else ""
    return (f"{use.count} files" if use.state is State.PATTERN else str(use.state)) + guess


def _where(scene: Path, use: FileUse) -> str:
    if use.state is State.UNRESOLVED:
        return f"{use.path} ({use.reason})" if use.reason else use.path
    shown = use.resolved or use.path
    folder = f"{scene.absolute().parent}/"
    shown = shown.removeprefix(folder)
    return f"{shown}  (the scene says {use.path})" if use.remapped else shown


def _verdict(report: SceneReport) -> None:
    counts = Counter(use.state for use in report.files)
    named = [f"{counts[state]} {state}" for state in _ORDER if counts[state]]
    if named:
        out.print(f"files: {', '.join(named)}")
