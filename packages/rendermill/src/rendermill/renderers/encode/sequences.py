"""Finds the frames of a movie among the files of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from fileseq.constants import PAD_STYLE_HASH1
from fileseq.filesequence import FileSequence

from rendermill.renderers.encode.errors import EncodeError

SUFFIXES = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".bmp", ".tga"),
        *(".webp", ".hdr", ".dpx", ".jp2", ".j2c", ".cin", ".rgb"),
    }
)
"""Files that count as frames, in lower case: whatever Blender can write."""

_REPLACED = SUFFIXES | {".sgi", ".rgba", ".tx", ".dds", ".psd", ".pdd", ".psb"}
"""Suffixes in place of which Blender puts the right one; it appends it to all else."""
_WRITTEN = re.compile(r"(.*?)(#+)([^#]*)", re.DOTALL)
_PLACE = re.compile(r"#+|@+|%0?\d?d|\$F\d?|\*|\?")


@dataclass(frozen=True)
class Sequence:
    """Numbered pictures that belong together, in the order of their numbers."""

    base: str
    """What stands before the number."""
    extension: str
    """What stands behind it, with the dot."""
    width: int
    """Digits the number is filled up to with zeros."""
    frames: tuple[tuple[int, Path], ...]
    """Number and file of each frame, ascending; never empty."""

    @property
    def pattern(self) -> str:
        """The name with a ``#`` for each digit, as Blender writes it: ``mill_####.png``."""
        return f"{self.base}{'#' * self.width}{self.extension}"

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """First and last number of each run of frames missing between the first frame and the last."""
        numbers = [number for number, _ in self.frames]
        return [(before + 1, after - 1) for before, after in pairwise(numbers) if after - before > 1]


def find_sequence(source: Path, pattern: str | None = None) -> Sequence:
    """Finds the one sequence that is meant.

    ``source`` is a folder, or a folder with a file name pattern behind it. In a pattern the frame number is
    ``####`` (filled up to four digits), ``#`` (any number of digits), ``%04d`` or ``$F4``; ``*`` and ``?``
    stand for any characters.

    Raises EncodeError when there is no such folder, nothing fits, or more than one sequence does.
    """
    folder, pattern = _folder_and_pattern(source, pattern)
    names = [name for name in _picture_names(folder) if not name.startswith(".")]
    if pattern is not None:
        fits = _name_pattern(pattern)
        names = [name for name in names if fits.fullmatch(name)]
    found = _group(folder, names)
    if not found:
        wanted = f"{pattern} fits no numbered picture" if pattern else "there is no numbered picture"
        raise EncodeError(f"{wanted} in {folder} (kinds: {' '.join(sorted(SUFFIXES))})")
    if len(found) > 1:
        listed = ", ".join(f"{each.pattern} ({len(each.frames)} frames)" for each in found)
        raise EncodeError(f"several sequences lie in {folder}, choose one with --sequence: {listed}")
    return found[0]


def find_literally(pattern: Path) -> Sequence:
    """Finds the frames that Blender wrote by a pattern: the last ``#`` are the number, all else is as it is written.

    Raises EncodeError when there is no such folder, no ``#``, no such frame, or frames of several kinds.
    """
    folder, written = pattern.parent, _WRITTEN.fullmatch(pattern.name)
    if written is None:
        raise EncodeError(f"the pattern {pattern.name} has no # for the frame number")
    before, hashes, behind = written.groups()
    kinds: dict[str, dict[int, Path]] = {}
    fits = re.compile(
        rf"{re.escape(before)}({_place(hashes)}){re.escape(_without_suffix(behind))}(\.[^.]+)", re.DOTALL | re.ASCII
    )
    for name in _picture_names(folder):
        if match := fits.fullmatch(name):
            kinds.setdefault(match[2], {})[int(match[1])] = folder / name
    if len(kinds) > 1:
        kinds.pop(".jpg", None)  # a preview, which Blender can put beside each EXR
    if len(kinds) != 1:
        listed = f"are frames of several kinds ({' '.join(sorted(kinds))})" if kinds else "is no frame"
        raise EncodeError(f"there {listed} {pattern.name} in {folder}")
    ((suffix, frames),) = kinds.items()
    return Sequence(before, _without_suffix(behind) + suffix, len(hashes), tuple(sorted(frames.items())))


def _without_suffix(text: str) -> str:
    start, dot, end = text.rpartition(".")
    return start if dot and f".{end.lower()}" in _REPLACED else text


def _folder_and_pattern(source: Path, pattern: str | None) -> tuple[Path, str | None]:
    if source.is_dir():
        if pattern is not None and Path(pattern).name != pattern:
            raise EncodeError(f"the sequence {pattern} must be a file name pattern without a folder")
        return source, pattern
    if not source.parent.is_dir() or not _PLACE.search(source.name):
        raise EncodeError(f"there is no folder {source.parent if _PLACE.search(source.name) else source}")
    if pattern is not None:
        raise EncodeError(f"{source} is not a folder, and a sequence can be chosen only in a folder")
    return source.parent, source.name


def _picture_names(folder: Path) -> list[str]:
    try:
        files = [each.name for each in folder.iterdir() if each.suffix.lower() in SUFFIXES and each.is_file()]
    except OSError as error:
        raise EncodeError(f"the folder {folder} cannot be read: {error.strerror}") from error
    return sorted(files)


def _group(folder: Path, names: Iterable[str]) -> list[Sequence]:
    """The sequences among the names, ordered by pattern."""
    together: dict[tuple[str, str, int], dict[int, Path]] = {}
    for each in FileSequence.findSequencesInList(list(names), pad_style=PAD_STYLE_HASH1):
        numbers = each.frameSet()
        if numbers is None:
            continue  # a picture without a number
        base, width, sign = each.basename(), each.zfill(), 1
        if all(number < 0 for number in numbers):
            # fileseq counts the minus as a digit, which parts frame -1 from frame 0 ...
            width -= 1
            if base[-1:].isalnum():  # ... and takes the dash of shot-0001.png for a minus
                base, sign = f"{base}-", -1
        frames = together.setdefault((base, each.extension(), max(width, 1)), {})
        frames.update({sign * int(number): folder / each.frame(number) for number in numbers})
    return [Sequence(*key, tuple(sorted(frames.items()))) for key, frames in sorted(together.items())]


def _name_pattern(pattern: str) -> re.Pattern[str]:
    """The file names that a pattern means."""
    written = [re.escape(text) for text in _PLACE.split(pattern)]
    places = [_place(each) for each in _PLACE.findall(pattern)]
    if not places:
        raise EncodeError(f"the pattern {pattern} has no place for the frame number: write it like mill_####.png")
    return re.compile(written[0] + "".join(a + b for a, b in zip(places, written[1:], strict=True)), re.DOTALL)


def _place(text: str) -> str:
    if text in ("*", "?"):
        return "." + text.replace("?", "")
    digits = len(text) if text[0] in "#@" else int(re.sub(r"\D", "", text) or 1)
    if digits <= 1:
        return r"-?\d+"
    return rf"(?:-?\d{{{digits}}}|-?[1-9]\d{{{digits},}}|-\d{{{digits - 1}}})"
