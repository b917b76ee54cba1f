"""A Blender that loads a scene once and renders the frames it is sent: ``daemon SETTINGS.json``.

It reads lines from standard input: ``load`` first, once the settings are in place, then ``frame N``, or ``quit``. N may
be a range of frames (:mod:`rendermill.software.blender.inside.chunks`). What is said while it loads or renders goes
into the named pipe ``out``, which is closed when that is over; then ``RC 0`` or ``RC 1`` goes into ``rc`` (both lie
beside the settings). A frame that fails says ``rendermill_fail: reason`` and ends its range, and the next line can
follow; a scene that cannot be loaded gives ``RC 1``.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import bpy

from rendermill.software.blender.inside.chunks import frame_ranges
from rendermill.software.blender.inside.filenodes import redirect
from rendermill.software.blender.inside.files import external_files
from rendermill.software.blender.inside.overrides import SettingError, apply, remap

_GIB = 1024**3


class _Renderer:
    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._baseline = 0
        self._scene: Any = None

    def load(self) -> None:
        """Load the scene and apply the job's wishes. Raises SettingError."""
        settings = self._settings
        try:
            bpy.ops.wm.open_mainfile(
                filepath=settings["path"], load_ui=False, use_scripts=bool(settings.get("auto_run"))
            )
        except RuntimeError as error:
            raise SettingError(f"the scene cannot be loaded: {_one_line(error)}") from error
        remap(*([(pair[0], pair[1]) for pair in settings.get(name, ())] for name in ("rules", "found")))
        for use in external_files():
            if not use.found:
                print(f"not here: {use.path} (used by {use.owner})", flush=True)
        self._scene = apply(settings)
        redirect(self._scene, _literally(settings["output"]))
        render = self._scene.render
        render.filepath = _literally(os.path.join(settings["output"], settings["pattern"]))
        render.use_file_extension = True
        render.use_overwrite, render.use_placeholder = True, False

    def frame(self, number: int) -> None:
        """Render and write one frame. Raises SettingError, RuntimeError."""
        scene = self._scene
        scene.frame_start = scene.frame_end = number
        scene.frame_step = 1
        if scene.frame_start != number:
            raise SettingError(f"Blender has no such frame, the nearest is {scene.frame_start}")
        self._say_expected(number)
        bpy.ops.render.render(animation=True, scene=scene.name)
        self._look_at_memory()

    def _say_expected(self, number: int) -> None:
        render = self._scene.render
        width = render.resolution_x * render.resolution_percentage // 100
        height = render.resolution_y * render.resolution_percentage // 100
        expected: dict[str, Any] = {"width": width, "height": height}
        if render.use_border and render.use_crop_to_border:
            expected = {}
        if not render.use_multiview:
            expected["files"] = [os.path.basename(render.frame_path(frame=number))]
        print(f"rendermill_expect: {json.dumps(expected)}", flush=True)

    def _look_at_memory(self) -> None:
        """Ask to be replaced once memory has grown far beyond what the first frame needed."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        resident = pages * os.sysconf("SC_PAGE_SIZE")
        self._baseline = self._baseline or resident
        limit = float(self._settings.get("memory_growth", 2 * self._baseline + _GIB))
        if resident > limit:
            print(f"rendermill_recycle: Blender grew to {resident // 1024**2} MiB", flush=True)


def _literally(path: str) -> str:
    """A path that Blender takes as it is: since 4.5 it looks up what stands in braces, and doubled ones are plain."""
    known = bpy.types.RenderSettings.bl_rna.properties["filepath"]
    if not getattr(known, "is_path_supports_templates", False):
        return path
    return path.replace("{", "{{").replace("}", "}}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).removeprefix("Error: ").split())


class _Channel:
    """The way back: ``out`` for what is said, ``rc`` for how it ended."""

    def __init__(self, folder: Path) -> None:
        self._out = folder / "out"
        self._rc = os.open(folder / "rc", os.O_RDWR)
        self._nowhere = os.open(os.devnull, os.O_WRONLY)
        self._libc = ctypes.CDLL(None)

    def open(self) -> None:
        """Send standard output and error to whoever listens now (waits for one)."""
        self._redirect(os.open(self._out, os.O_WRONLY), close=True)

    def answer(self, code: int) -> None:
        """End what is said, and say how it ended."""
        sys.stdout.flush()
        self._libc.fflush(None)  # Blender writes through C
        self._redirect(self._nowhere, close=False)
        os.write(self._rc, f"RC {code}\n".encode())

    def _redirect(self, target: int, *, close: bool) -> None:
        os.dup2(target, 1)
        os.dup2(target, 2)
        if close:
            os.close(target)


def _render(renderer: _Renderer, expression: str, under_way: Path) -> None:
    """Render the frames of a task, up to the first that fails."""
    frame = expression
    try:
        ranges = frame_ranges(expression)
        total = sum(map(len, ranges))
        for part, number in enumerate(chain.from_iterable(ranges), 1):
            frame = str(number)
            with _part(part, total, frame, under_way) if total > 1 else contextlib.nullcontext():
                renderer.frame(number)
    except (RuntimeError, SettingError, ValueError) as error:
        print(f"rendermill_fail: frame {frame}: {_one_line(error)}", flush=True)


@contextlib.contextmanager
def _part(part: int, total: int, frame: str, under_way: Path) -> Iterator[None]:
    """Say that a frame of several begins; should Blender die in it, the file ``under_way`` names it."""
    print(f"rendermill_part: {part}/{total}", flush=True)
    try:
        with contextlib.suppress(OSError):
            under_way.write_text(f"{frame}\n")
        yield
    finally:
        under_way.unlink(missing_ok=True)


def main() -> int:
    """Load, then serve until told to quit."""
    settings = Path(sys.argv[1])
    channel = _Channel(settings.parent)
    if sys.stdin.readline().strip() != "load":
        return 0
    channel.open()
    renderer = _Renderer(json.loads(settings.read_text()))
    try:
        renderer.load()
    except Exception as error:  # noqa: BLE001 - whatever it is, the session must hear the reason
        print(f"openjd_fail: {_one_line(error) or repr(error)}", flush=True)
        channel.answer(1)
        return 1
    channel.answer(0)
    for line in iter(sys.stdin.readline, ""):
        command, _, argument = line.strip().partition(" ")
        if command == "quit":
            break
        channel.open()
        _render(renderer, argument, settings.parent / "frame")
        channel.answer(0)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a normal exit may wait for ever for a thread of Blender's sound system
