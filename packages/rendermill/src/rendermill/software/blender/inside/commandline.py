"""The `blender` command line on top of the bpy module: `BPY_PYTHON commandline.py ARGS...`.

As in Blender, all up to `--` is carried out strictly from left to right (`-o` after `-f` comes too late), but
first the options marked `early`. A word that is no option is a file to open. Exit codes: 1 at once for an
unusable command line, a file that does not open, an unknown engine; 1 at the end if a render failed or left a
picture missing or empty, for the operator's own success is not trusted; a script's exception counts only if
`--python-exit-code` says so. A setting with a wrong value is reported and skipped, as in Blender, but frames
of `-f` that cannot be read count as failed. bpy has no window, no user preferences, no frames below 0, and
keeps the ends of the frame range in order. Only the standard library and bpy may be imported here.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import importlib
import re
import shutil
import signal
import sys
import traceback
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

LAST_FRAME = 1_048_574
FORMATS = {"TGA": "TARGA", "RAWTGA": "TARGA_RAW", "JP2": "JPEG2000", "MULTILAYER": "OPEN_EXR_MULTILAYER"}
MEDIA_TYPES = {"FFMPEG": "VIDEO", "OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE"}  # to be set first in Blender 5


@dataclass(frozen=True)
class Option:
    """One row of the option table: names and values are separated by spaces."""

    names: str
    values: str
    handler: Callable[[Blender, str], None]
    help: str
    early: bool = False


def complain(message: object) -> None:
    """Writes one line to stderr."""
    lines = dict.fromkeys(line.removeprefix("Error: ") for line in str(message).strip().splitlines())
    print(f"Error: {' | '.join(lines)}", file=sys.stderr, flush=True)


def stop(reason: object, code: int = 1) -> NoReturn:
    """Ends the run."""
    complain(reason)
    raise SystemExit(code)


def parse(arguments: Sequence[str]) -> list[tuple[Option, str]]:
    """The options up to `--`, each with its value (or, if it takes none, its name)."""
    table = {name: option for option in OPTIONS for name in option.names.split()}
    actions, words = [], list(arguments)
    while words and words[0] != "--":
        word = words.pop(0)
        option = table.get(word) or (IGNORED if word.startswith(FLAGS_BEGIN) else FILE)
        if option is FILE and word.startswith("-") and not Path(word).is_file():
            stop(f"unknown option {word} (see --help)")  # Blender tries to open it as a file
        count = len(option.values.split())
        if count > len(words):
            stop(f"{word} needs {option.values}")
        actions.append((option, " ".join(words[:count]) if count else word))
        del words[:count]
    return actions


def parse_number(text: str, highest: int) -> int:
    """A whole number from 0 on; raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > highest:
        raise ValueError(f"'{text}' is not a number from 0 to {highest}")
    return int(text)


def parse_frame(text: str, plus: int, minus: int) -> int:
    """A frame: N, `+N` counted on from plus, `-N` counted back from minus; raises ValueError."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    number = parse_number(text.removeprefix(sign), LAST_FRAME)
    frame = {"+": plus + number, "-": minus - number}.get(sign, number)
    if not 0 <= frame <= LAST_FRAME:
        raise ValueError(f"frame {frame} is not from 0 to {LAST_FRAME}")
    return frame


def parse_frames(text: str, start: int, end: int) -> list[range]:
    """The frames of `-f`, as `1,3,5..9`; `+N` counts from the start, `-1` is the end; raises ValueError."""
    ranges = []
    for part in text.split(","):
        first, dots, last = part.partition("..")
        lower = parse_frame(first, start, end + 1)
        ranges.append(range(lower, (parse_frame(last, start, end + 1) if dots else lower) + 1))
    return ranges


@dataclass
class Blender:
    """What the command line has set so far, and a method for each option."""

    autoexec: bool = False
    threads: int | None = None
    python_exit_code: int = 0
    failed: bool = False

    @functools.cached_property
    def bpy(self) -> Any:
        """The bpy module, imported when first needed: `--help` does without."""
        arguments, sys.argv = sys.argv, sys.argv[:1]
        import bpy

        # bpy 4.5 hangs in its static destructors if a script left a handler or another reference to bpy: they
        # wait for a thread that nobody stops. These two precede them, the last first, after Python's own end.
        with contextlib.suppress(AttributeError, OSError, TypeError):  # not glibc
            libc = ctypes.CDLL(None)
            libc.on_exit(libc._exit, None)
            libc.__cxa_atexit(libc.fflush, None, None)
        if Path(bpy.app.tempdir).name.startswith("blender_"):  # it may be all of /tmp
            atexit.register(shutil.rmtree, bpy.app.tempdir, ignore_errors=True)
        sys.argv = arguments
        importlib.import_module("cycles.engine")._parse_command_line()  # ends the process for a wrong device
        return bpy

    @property
    def scene(self) -> Any:
        """The active scene."""
        return self.bpy.context.scene

    def run(self, actions: Sequence[tuple[Option, str]]) -> int:
        """Carries the actions out, the early ones first, and returns the exit code."""
        for early in (True, False):
            for option, value in [action for action in actions if action[0].early is early]:
                try:
                    option.handler(self, value)
                except ValueError as error:
                    complain(f"{option.names.split()[0]}: {error}")
            if early:
                print(self._banner(), flush=True)
                self.bpy.context.preferences.filepaths.use_scripts_auto_execute = self.autoexec
                self._apply_threads()
        print("\nBlender quit", flush=True)
        return int(self.failed)

    def _banner(self) -> str:
        app = self.bpy.app
        return f"Blender {app.version_string} (hash {app.build_hash.decode()}, {app.build_date.decode()})"

    def _show(self, *lines: str) -> NoReturn:
        print(*lines, sep="\n\t", flush=True)
        raise SystemExit(0)

    def _show_help(self, _word: str) -> None:
        options = [f"{' '.join((*o.names.split(), o.values))}\n\t\t{o.help}" for o in OPTIONS]
        self._show("Usage: blender [options] [file] [options] [-- words for scripts or Cycles]", *options)

    def _set_autoexec(self, word: str) -> None:
        self.autoexec = word in ("-y", "--enable-autoexec")

    def _set_threads(self, value: str) -> None:
        self.threads = parse_number(value, 1024)

    def _apply_threads(self) -> None:
        for scene in self.bpy.data.scenes if self.threads is not None else ():
            scene.render.threads_mode = "FIXED" if self.threads else "AUTO"
            scene.render.threads = self.threads or 1

    def _load(self, value: str) -> None:
        path = str(Path(value).absolute())
        try:
            self.bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=self.autoexec)
        except RuntimeError as error:
            stop(error)
        self._apply_threads()

    def _set_scene(self, value: str) -> None:
        if value not in self.bpy.data.scenes:
            raise ValueError(f"there is no scene '{value}'")
        self.bpy.context.window.scene = self.bpy.data.scenes[value]

    def _set_frame(self, name: str, value: str) -> None:
        before = getattr(self.scene, name)
        setattr(self.scene, name, parse_frame(value, before, before))

    def _set_step(self, value: str) -> None:
        self.scene.frame_step = max(parse_number(value, LAST_FRAME), 1)

    def _set_format(self, value: str) -> None:
        settings, name = self.scene.render.image_settings, FORMATS.get(value, value)
        if name not in settings.bl_rna.properties["file_format"].enum_items:
            raise ValueError(f"format '{value}' is not known to this Blender")
        if hasattr(settings, "media_type"):
            settings.media_type = MEDIA_TYPES.get(name, "IMAGE")
        settings.file_format = name

    def _set_extension(self, value: str) -> None:
        self.scene.render.use_file_extension = bool(parse_number(value, 1))

    def _set_engine(self, value: str) -> None:
        engines: list[str] = []
        try:
            self.scene.render.engine = "?"
        except TypeError as error:  # its text is the one list that has the engines of add-ons too
            engines = re.findall(r"'([^']+)'", str(error).partition("not found in")[2])
        if value == "help":
            self._show("Blender Engine Listing:", *engines)
        names = (value, f"{value}_NEXT", value.removesuffix("_NEXT"))  # EEVEE was renamed in 4.2 and in 5.0
        name = next((name for name in names if name in engines), None)
        if name is None:
            stop(f"engine not found '{value}'; there are {', '.join(engines)}")
        self.scene.render.engine = name

    def _fail(self, reason: object) -> None:
        complain(reason)
        self.failed = True  # the options after it are still carried out, as in Blender

    def _render_frames(self, value: str) -> None:
        try:
            ranges = parse_frames(value, self.scene.frame_start, self.scene.frame_end)
        except ValueError as error:
            return self._fail(f"-f: {error}")
        for frames in ranges:
            if not frames:
                complain(f"negative range ignored in '-f {value}'")
            for frame in frames:
                self._render(frame, frame)

    def _render_all(self, _word: str) -> None:
        self._render(self.scene.frame_start, self.scene.frame_end)

    def _render(self, start: int, end: int) -> None:
        scene = self.scene
        kept = scene.frame_start, scene.frame_end
        scene.frame_start, scene.frame_end = start, end
        try:  # the operator for animations does what Blender's own -f and -a do
            self.bpy.ops.render.render(animation=True)
            for frame in range(start, end + 1, scene.frame_step):
                self._check(scene.render, frame)
        except RuntimeError as error:
            self._fail(error)
        finally:
            scene.frame_start, scene.frame_end = kept

    def _check(self, render: Any, frame: int) -> None:
        paths = [render.frame_path(frame=frame)]
        if render.use_multiview and render.image_settings.views_format == "INDIVIDUAL":
            paths = [render.frame_path(frame=frame, view=view.name) for view in render.views if view.use]
        for path in map(Path, paths):
            if not path.is_file() or not path.stat().st_size:
                self._fail(f"frame {frame} was rendered, but '{path}' is missing or empty")

    def _run_file(self, value: str) -> None:
        try:
            source = Path(value).read_bytes()
        except OSError as error:
            return self._script_failed(f"Python file '{value}' could not be opened: {error.strerror}")
        self._run_script(source, str(Path(value).absolute()))

    def _run_text(self, value: str) -> None:
        if value not in self.bpy.data.texts:
            return self._script_failed(f"text block not found '{value}'")
        self._run_script(self.bpy.data.texts[value].as_string(), str(Path(self.bpy.data.filepath, value)))

    def _run_script(self, source: str | bytes, filename: str) -> None:
        module, outer = types.ModuleType("__main__"), sys.modules["__main__"]
        module.__file__ = filename
        sys.modules["__main__"] = module
        try:
            exec(compile(source, filename, "exec"), vars(module))  # noqa: S102 - what `-P` is for
        except Exception as error:  # noqa: BLE001 - whatever a script raises, Blender prints it
            trace = error.__traceback__
            while trace and trace.tb_frame.f_code.co_filename == __file__:
                trace = trace.tb_next
            traceback.print_exception(error.with_traceback(trace))
            self._script_failed(f"script failed: {filename}")
        finally:
            sys.modules["__main__"] = outer

    def _script_failed(self, reason: str) -> None:
        if self.python_exit_code:
            stop(reason, self.python_exit_code)
        complain(reason)

    def _set_python_exit_code(self, value: str) -> None:
        self.python_exit_code = parse_number(value, 255)

    def _enable_addons(self, value: str) -> None:
        utils = importlib.import_module("addon_utils")
        for name in value.split(","):
            if not utils.check(name)[1] and utils.enable(name, persistent=True) is None:
                complain(f"add-on '{name}' could not be enabled")


FLAGS_BEGIN = ("--debug-", "--disable-", "--log-show-", "--no-", "--python-use-")  # no effect, like FLAGS
FLAGS = "-b --background -noaudio --factory-startup -d --debug -q --quiet --offline-mode --online-mode"
WITH_VALUE = "-setaudio --log --log-level --log-file --verbose --debug-value --gpu-backend --app-template"
FILE = Option("", "", Blender._load, "")
IGNORED = Option(FLAGS, "", lambda *_: None, "No effect here: there is never a window.", early=True)
OPTIONS = (
    Option("-S --scene", "<name>", Blender._set_scene, "Make this scene the active one."),
    Option("-s --frame-start", "<frame>", lambda b, v: b._set_frame("frame_start", v), "First frame."),
    Option("-e --frame-end", "<frame>", lambda b, v: b._set_frame("frame_end", v), "Last frame."),
    Option("-j --frame-jump", "<frames>", Blender._set_step, "Step from frame to frame."),
    Option("-o --render-output", "<path>", lambda b, v: setattr(b.scene.render, "filepath", v), "Path."),
    Option("-E --engine", "<engine>", Blender._set_engine, "Render engine; 'help' lists them."),
    Option("-F --render-format", "<format>", Blender._set_format, "File format, such as PNG."),
    Option("-x --use-extension", "<bool>", Blender._set_extension, "Add the file extension: 1 or 0."),
    Option("-f --render-frame", "<frame>", Blender._render_frames, "Render 7, or 1,3,5..9, or +N, -N."),
    Option("-a --render-anim", "", Blender._render_all, "Render the frames from start to end."),
    Option("-P --python", "<file>", Blender._run_file, "Run a Python file."),
    Option("--python-text", "<name>", Blender._run_text, "Run a text block of the file as Python."),
    Option("--python-expr", "<code>", lambda b, code: b._run_script(code, "<string>"), "Run Python code."),
    Option("--python-exit-code", "<code>", Blender._set_python_exit_code, "Code if a script raises."),
    Option("--addons", "<names>", Blender._enable_addons, "Enable add-ons, separated by commas."),
    Option("-t --threads", "<threads>", Blender._set_threads, "Number of threads; 0 for all.", early=True),
    Option("-y --enable-autoexec", "", Blender._set_autoexec, "Let files run their scripts.", early=True),
    Option("-Y --disable-autoexec", "", Blender._set_autoexec, "Do not (the default).", early=True),
    Option("-v --version", "", lambda b, _: b._show(b._banner()), "Print the version and exit.", early=True),
    Option("-h --help /?", "", Blender._show_help, "Print this help and exit.", early=True),
    Option(WITH_VALUE, "<value>", lambda *_: None, "No effect here.", early=True),
    IGNORED,
)


def main(arguments: Sequence[str]) -> int:
    """Runs a Blender command line (without the program's name) and returns the exit code."""
    sys.argv = ["blender", *arguments]  # scripts read it, and so does Cycles for --cycles-device
    try:
        return Blender().run(parse(arguments))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - the promise is one line, not a traceback
        complain(f"{type(error).__name__}: {error}")
        return 1


if __name__ == "__main__":
    if sys.path and Path(sys.path[0]) == Path(__file__).parent:
        del sys.path[0]  # Blender's scripts do not see this folder
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's would wait for the end of the frame
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    raise SystemExit(main(sys.argv[1:]))
