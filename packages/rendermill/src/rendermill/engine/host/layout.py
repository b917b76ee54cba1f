"""Laying a session's files out: inputs from the blob store, under a mirror of the submitter's paths.

Every file ``/a/b/c`` of the submitter lies at ``<session>/files/a/b/c``, so relative references between files hold
whatever they are. Output folders are part of the same mirror; files in them are copies, because a task may write
there, while other inputs are read-only hard links.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from openjd.model import ParameterValueType
from openjd.sessions import PathFormat, PathMappingRule

from rendermill.assets.blobs import BlobStore
from rendermill.farm.blueprint import Blueprint
from rendermill.farm.model.records import Output
from rendermill.farm.model.submission import Asset


@dataclass(frozen=True, slots=True)
class OutputPlace:
    """A PATH parameter that a job writes to: its path on the submitter's machine, and whether it is one file."""

    name: str
    source: str
    is_file: bool
    written: str = ""
    """As the job writes it, where that is not the normal form."""

    @property
    def folder(self) -> str:
        """The folder written to, on the submitter's machine."""
        return posixpath.dirname(self.source) if self.is_file else self.source


def output_places(blueprint: Blueprint) -> list[OutputPlace]:
    """Where a job writes."""
    places = []
    for name in blueprint.output_parameters:
        value = blueprint.parameters[name]
        if value.type is ParameterValueType.PATH and posixpath.isabs(str(value.value)):
            path = posixpath.normpath(str(value.value))
            places.append(OutputPlace(name, path, name in blueprint.output_files, str(value.value)))
    return places


def roots(paths: list[str]) -> list[str]:
    """The fewest folders that hold all of ``paths`` and no folder above another: ``/a/x /a/y/z /b/c`` → ``/a /b``."""
    found: list[str] = []
    for folder in sorted({posixpath.dirname(path) for path in paths}):
        if not any(is_below(folder, root) for root in found):
            found.append(folder)
    return found


def is_below(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


class Layout:
    """The files of one session below ``folder``."""

    def __init__(
        self, folder: Path, places: list[OutputPlace], inputs: tuple[Asset, ...], named: tuple[str, ...] = ()
    ) -> None:
        self.mirror = folder / "files"
        self.places = places
        self.copies: dict[Path, str] = {}
        """Files that a task may write to → the blob that each is a copy of."""
        self._inputs, self._named = inputs, named

    def local(self, source: str) -> Path:
        """Where a path of the submitter lies in this session."""
        return self.mirror / source.lstrip("/")

    def rules(self) -> list[PathMappingRule]:
        """OpenJD's path mapping for this session."""
        paths = [asset.path for asset in self._inputs]
        above = [path for path in self._named if any(is_below(each, path) for each in paths)]
        sources = [place.folder for place in self.places] + above + roots(paths)
        mapping = {source: self.local(source) for source in sources}
        mapping |= {place.written: self.local(place.source) for place in self.places if place.written}
        return [
            PathMappingRule(
                source_path_format=PathFormat.POSIX,
                source_path=PurePosixPath(source),
                destination_path=destination,
            )
            for source, destination in mapping.items()
        ]

    def lay_out(self, blobs: BlobStore, dependencies: tuple[Output, ...]) -> None:
        """Put inputs, and what earlier steps have published, in their places. Raises NotFoundError, OSError."""
        for place in self.places:
            self.local(place.folder).mkdir(parents=True, exist_ok=True)
        for asset in self._inputs:
            target = self.local(asset.path)
            if any(is_below(asset.path, place.folder) for place in self.places):
                blobs.copy(asset.hash, target)
                self.copies[target] = asset.hash
            else:
                blobs.link(asset.hash, target)
        for output in dependencies:
            target = self.published(output.path)
            target.unlink(missing_ok=True)
            blobs.copy(output.hash, target)
            self.copies[target] = output.hash

    def published(self, path: str) -> Path:
        """Where a published path (see :mod:`rendermill.engine.host.outputs`) lies in this session."""
        place, rest = self.places[0], path
        if len(self.places) > 1:
            name, _, rest = path.partition("/")
            place = next(p for p in self.places if p.name == name)
        return self.local(place.folder) / rest
