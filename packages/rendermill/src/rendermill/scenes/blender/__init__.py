"""Blender scenes: ``.blend`` of 2.4 to 5, plain, gzip or zstd, by the description of structs that each brings along.

A renderable (``view_layer``) is a view layer of a scene, before 2.8 a render layer; it has no details. What data-blocks
of libraries use counts as far as the scene links them. Sources: the structs of ``source/blender/makesdna`` and the
reading of ``blenloader``, by name only; every layout is the file's own.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from rendermill.scenes.blender import files, nodes, simulations, stage, strips
from rendermill.scenes.blender.blocks import header_of, survey
from rendermill.scenes.blender.datablocks import Datablock, datablocks
from rendermill.scenes.blender.libraries import Libraries
from rendermill.scenes.blender.paths import absolute, numbered
from rendermill.scenes.blender.uses import Uses
from rendermill.scenes.findings import DamageError, Findings, Reference, Role, Source
from rendermill.scenes.report import Software
from rendermill.software.blender.installations import version_text

_KEPT = stage.KEPT | files.KEPT | simulations.KEPT | strips.KEPT | nodes.KEPT
_WINDOWS = re.compile(r"[A-Za-z]:|\\\\")
_MACOS = re.compile(r"/(Users|Volumes)/")


def read(source: Source, found: Findings) -> None:
    """Read a .blend."""
    try:
        _Reading(source, found).run()
    except struct.error as error:  # a layout that its data do not fill
        raise DamageError(f"its data do not fit its description of structs (DNA1): {error}") from error


class _Reading:
    def __init__(self, source: Source, found: Findings) -> None:
        self._source = source
        self._found = found
        self._stage = stage.Stage()
        self._libraries = Libraries(source.folder)
        self._uses = Uses(found, source.wanted)

    def run(self) -> None:
        """Go through the file twice: for its structs, and for its data."""
        source = self._source
        header = header_of(source.data)
        if header is None:
            self._found.format = "unknown"
            raise DamageError("it is not a Blender scene")
        self._found.software = Software("blender", version_text(header.version))
        known = survey(source.data, header, lambda done: source.progress(done / 2))
        linked = source.wanted is not None
        blocks = datablocks(
            source.data, known, _KEPT, linked=linked, progress=lambda done: source.progress((1 + done) / 2)
        )
        try:
            for block in blocks:
                self._take(block)
        finally:
            self._end()

    def _take(self, block: Datablock) -> None:
        if block.code == "GLOB":
            self._saved_at(block.root.text("filename"))
        self._stage.add(block)
        self._libraries.add(block)
        self._uses.add(block, list(self._references(block)))

    def _references(self, block: Datablock) -> Iterator[Reference]:
        folder = self._libraries.folder(block)
        yield from files.references(block, folder)
        yield from nodes.references(block, folder)
        if block.code in ("OB", "SC"):
            yield from simulations.references(block, folder, self._source.path.stem)
        if block.code == "SC":
            yield from strips.references(block, folder)
            if output := block.root.text("r.pic"):
                path = absolute(output, folder, numbered)
                yield Reference(output, f"output of scene {block.name}", (path,), role=Role.OUTPUT)

    def _end(self) -> None:
        found = self._found
        found.references += self._libraries.references(self._uses.reached())
        if not found.home and any("\\" in each.raw for each in found.references):
            found.software = replace(found.software, platform="windows")  # no other writes such slashes
        self._stage.tell(found, self._libraries.names())

    def _saved_at(self, path: str) -> None:
        """Where it lay when it was saved; Blender does not tell since 4.0."""
        folder = re.match(r"(.*)[/\\]", path, re.DOTALL)
        if folder is None:
            return
        self._found.home = folder[1]
        windows, macos = _WINDOWS.match(path), _MACOS.match(path)
        platform = "windows" if windows else "macos" if macos else "linux" if path.startswith("/home/") else ""
        self._found.software = replace(self._found.software, platform=platform)
