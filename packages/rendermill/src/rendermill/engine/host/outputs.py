"""What a task wrote: found, taken out of the session's folders, verified, published.

A published path is relative to the output folder; where a job writes to several, it starts with the parameter's name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rendermill.assets.blobs import BlobStore
from rendermill.engine.host.layout import Layout, OutputPlace
from rendermill.engine.host.verify import BadPictureError, Expectations, judge
from rendermill.farm.model.records import Output

_Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Staged:
    """A file taken out of the session: its published path and where it lies now."""

    path: str
    file: Path


@dataclass(frozen=True, slots=True)
class Taken:
    """What one task wrote, in a folder of its own."""

    folder: Path
    files: list[Staged]

    def drop(self) -> None:
        """Remove what was not published: a session runs hundreds of tasks before its folder goes."""
        shutil.rmtree(self.folder, ignore_errors=True)


class OutputArea:
    """The output folders of a session. Files that were there before a task and are unchanged are not its outputs."""

    def __init__(self, layout: Layout, staging: Path, blobs: BlobStore) -> None:
        self._layout, self._blobs = layout, blobs
        self._staging = staging
        self._real = os.path.realpath(layout.mirror)
        self._known: dict[Path, _Mark] = {}
        self._taken = 0
        self._known = {file: mark for _, _, file, mark in self._walk()}

    def take(self) -> Taken:
        """Move what the task wrote out of reach of the next one. Raises OSError, NotFoundError."""
        self._taken += 1
        staging = self._staging / str(self._taken)
        found = []
        for place, path, file, mark in self._walk():
            if self._known.get(file) == mark:
                continue
            published = f"{place.name}/{path}" if len(self._layout.places) > 1 else path
            target = staging / published
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
            found.append(Staged(published, target))
        self._restore()
        return Taken(staging, found)

    def _restore(self) -> None:
        """Put back what the task changed of the files that were there for it: the next one finds them as they were."""
        for file, digest in self._layout.copies.items():
            if not file.is_file():
                self._blobs.copy(digest, file)
                self._known[file] = _mark(file.lstat())

    def _walk(self) -> list[tuple[OutputPlace, str, Path, _Mark]]:
        found = {}
        for place in sorted(
            self._layout.places, key=lambda p: (len(p.folder), p.is_file)
        ):  # the innermost folder owns a file
            root = self._layout.local(place.folder)
            if os.path.realpath(root) != os.path.join(self._real, place.folder.strip("/")):  # noqa: PTH118
                continue  # a task made a link of it: nothing is taken from where that points
            files = [self._layout.local(place.source)] if place.is_file else sorted(_files(root))
            for file in files:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # a task need not write it
                    status = file.lstat()
                    if stat.S_ISREG(status.st_mode):  # links out of the session are not followed
                        found[file] = (place, file.relative_to(root).as_posix(), file, _mark(status))
        return list(found.values())


def _mark(status: os.stat_result) -> _Mark:
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def _files(root: Path) -> list[Path]:
    return [Path(folder) / name for folder, _, names in os.walk(root) for name in names]


def publish(
    staged: list[Staged], expected: Iterable[dict[str, Any]], blobs: BlobStore
) -> tuple[list[Output], list[str]]:
    """Verify an attempt's files and put them into the blob store; returns outputs and warnings.

    ``expected`` are the messages in which it said what it would write; every file that one of them names must be there.
    Raises :class:`BadPictureError` if one is not what it must be, UnavailableError on a full disk. Either way the
    attempt's files are of no more use.
    """
    staged = [Staged(item.path.encode(errors="replace").decode(), item.file) for item in staged]
    names = [item.path for item in staged]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadPictureError(f"two files have names that are no text and read the same: {twice}")
    expectations = Expectations.of(expected)
    missing = expectations.named.keys() - {os.path.basename(item.path) for item in staged}  # noqa: PTH119
    if missing:
        raise BadPictureError(f"the renderer said it was done but wrote no {', '.join(sorted(missing))}")
    warnings = []
    for item in staged:
        found = judge(item.file, item.path, expectations.of_picture(item.path))
        warnings += [f"{item.path}: {warning}" for warning in found]
    return [Output(item.path, *blobs.put_file(item.file)) for item in staged], warnings
