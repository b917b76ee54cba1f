"""Reading a scene and the scenes that it uses, and finding their files: what happens inside the child process."""

from __future__ import annotations

import mmap
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rendermill.scenes.findings import DamageError, Findings, Reference, Role, Source
from rendermill.scenes.formats import FORMATS, HEAD, sniff
from rendermill.scenes.locate.disk import Disk
from rendermill.scenes.locate.locator import Locator, Maps, joined
from rendermill.scenes.report import FileUse, SceneReport, State

_MOST_SCENES = 2000
_MAIN_SHARE = 0.7
"""What part of the progress the scene itself is; the scenes that it uses are the rest."""
_TELL_STEP = 0.1


class TimeUpError(Exception):
    """Reading has taken as long as it may."""


def too_long(seconds: float) -> str:
    """The damage of a scene that could not be read in that time."""
    return f"reading it takes longer than {seconds:g} seconds"


@dataclass(frozen=True, slots=True)
class Listener:
    """Whom to tell how far reading is (0 to 1), the report as far as it is known, and what it depends on."""

    progress: Callable[[float], None] = lambda _: None
    report: Callable[[SceneReport], None] = lambda _: None
    looked: Callable[[list[str]], None] = lambda _: None


def examine(path: Path, maps: Maps, listener: Listener, within: str = "") -> SceneReport:
    """The report of a scene, those that it uses followed. Nothing that a file holds makes it raise.

    Where a folder ``within`` is given, files are found nowhere else.
    """
    return _Examination(path, maps, listener, within).run()


@dataclass(frozen=True, slots=True)
class _Errand:
    """A scene to read because another names it."""

    path: Path
    wanted: frozenset[str] | None
    by: str


class _Examination:
    def __init__(self, path: Path, maps: Maps, listener: Listener, within: str) -> None:
        self._path = path
        self._maps = tuple((source, target) for source, target in maps if not source.startswith("$"))
        self._variables = {source.strip("${}/"): target for source, target in maps if source.startswith("$")}
        self._listener = listener
        self._disk = Disk(within)
        self._seen: set[tuple[str, frozenset[str] | None]] = {(os.path.realpath(path), None)}
        self._queue: deque[_Errand] = deque()
        self._uses: list[FileUse] = []
        self._found = Findings()
        self._told = -1.0

    def run(self) -> SceneReport:
        self._read(self._path, None, self._found, self._tell)
        try:
            self._locate(self._found, self._path, "")
            self._listener.report(self._report())
            self._follow()
        except (MemoryError, TimeUpError) as error:
            self._found.damaged(_limit(error))
        except RecursionError:
            self._found.damaged("it is nested too deeply")
        self._listener.looked(sorted(self._disk.looked))
        self._listener.progress(1.0)
        return self._report()

    def _tell(self, done: float) -> None:
        """Progress of the scene itself; what is known of it is told too, for the case that its reader is killed."""
        self._listener.progress(done * _MAIN_SHARE)
        if done >= self._told + _TELL_STEP:
            self._told = done
            self._listener.report(self._report())

    def _follow(self) -> None:
        """Read what is in the queue, which may grow meanwhile."""
        done = 0
        while self._queue:
            errand = self._queue.popleft()
            done += 1
            if done > _MOST_SCENES:
                self._found.warn(f"it uses more than {_MOST_SCENES} other scenes; the rest was not read")
                return
            below = Findings()
            self._read(errand.path, errand.wanted, below, lambda _: None)
            if below.damage:
                self._found.warn(f"{errand.path} (used by {errand.by}) cannot be read to its end: {below.damage}")
            below.roots += [self._path.parent.as_posix(), *self._found.roots]
            self._locate(below, errand.path, f"{errand.path.name}: ")
            self._listener.progress(_MAIN_SHARE + (1 - _MAIN_SHARE) * done / (done + len(self._queue)))

    def _read(
        self, path: Path, wanted: frozenset[str] | None, found: Findings, progress: Callable[[float], None]
    ) -> None:
        try:
            with opened(path) as data:
                format_ = sniff(bytes(data[:HEAD]))
                if format_ is None:
                    found.damaged(f"it is not a scene of a format that is known ({', '.join(f.name for f in FORMATS)})")
                    return
                found.format = format_.name
                progress(0.0)
                format_.read(Source(path, data, self._path.parent, wanted, self._variables, progress), found)
        except DamageError as error:
            found.damaged(error.what, error.at)
        except (MemoryError, TimeUpError) as error:
            found.damaged(_limit(error))
        except OSError as error:
            found.damaged(f"it cannot be read: {error.strerror or error}")
        except RecursionError:
            found.damaged("it is nested too deeply")
        except Exception as error:  # noqa: BLE001 - a reader's mistake must not cost what it has found
            found.damaged(f"the reader broke: {error!r}")

    def _locate(self, found: Findings, path: Path, prefix: str) -> None:
        self._disk.looked.update(found.looked)
        locator = Locator(self._disk, self._maps, str(path.parent), found)
        for reference in found.references:
            use = locator.use(replace(reference, user=f"{prefix}{reference.user}") if prefix else reference)
            if use is None:
                continue
            self._uses.append(use)
            if reference.follow and reference.role is Role.INPUT:
                self._later(use, reference)

    def _later(self, use: FileUse, reference: Reference) -> None:
        for file in use.files:
            key = (os.path.realpath(file), reference.wanted)
            if key not in self._seen:
                self._seen.add(key)
                self._queue.append(_Errand(Path(file), reference.wanted, reference.user))

    def _report(self) -> SceneReport:
        found = self._found
        uses = joined(self._uses)
        return SceneReport(
            format=found.format,
            software=found.software,
            frames=found.frames,
            resolution=found.resolution,
            renderer=found.renderer,
            cameras=tuple(found.cameras),
            renderables=tuple(found.renderables),
            files=tuple(uses),
            plugins=tuple(found.plugins),
            warnings=(*found.warnings, *_warnings(uses)),
            damage=found.damage,
            confidence=found.confidence,
        )


def _warnings(uses: list[FileUse]) -> Iterator[str]:
    for use in uses:
        if use.gaps and use.state is State.PATTERN:
            yield f"{use.resolved} lacks frames {use.gaps} (used by {use.used_by})"


def _limit(error: MemoryError | TimeUpError) -> str:
    return "reading it takes more memory than is allowed" if isinstance(error, MemoryError) else str(error)


@contextmanager
def opened(path: Path) -> Iterator[mmap.mmap | bytes]:
    """A file's bytes, without reading them all. Raises OSError."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data
