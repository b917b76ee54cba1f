"""The files that the parameters of a scene's nodes name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from rendermill.scenes.findings import Findings, Reference, Role, Source
from rendermill.scenes.houdini import operators
from rendermill.scenes.houdini.definitions import Condition, Declarations, Declared
from rendermill.scenes.houdini.evaluate import Evaluator
from rendermill.scenes.houdini.grammar import Component, Parm
from rendermill.scenes.houdini.numbers import finite
from rendermill.scenes.houdini.paths import Mention, Paths, guessed, special
from rendermill.scenes.houdini.scene import Scene, base
from rendermill.scenes.report import Confidence

_PROMISING = re.compile(rb"[/\\`$]|\.[A-Za-z]")
_PATH = re.compile(r"[/\\`$]|\.\w*[A-Za-z]")
_FILE_TYPES = frozenset(("file", "image", "geometry", "directory"))
_DIGITS = re.compile(r"\d+")
_LAST_DIGITS = re.compile(r"\d+(?=\D*$)")
_USUAL = re.compile(r"file|filename|filepath|texture", re.IGNORECASE)
_LONGEST_NAME = 256
_STEP = 256
"""Nodes between two tellings of the progress."""

_INPUT = Reference("", "")
_OUTPUT = Reference("", "", role=Role.OUTPUT)


def read_files(scene: Scene, source: Source, found: Findings, known: frozenset[str]) -> None:
    """Find the files; ``known`` are nodes of which is known what they read and write."""
    _Files(scene, source, found, known).read()


class _Files:
    def __init__(self, scene: Scene, source: Source, found: Findings, known: frozenset[str]) -> None:
        self._scene = scene
        self._source = source
        self._found = found
        self._known = known

    def read(self) -> None:
        paths = Paths(self._scene, self._source)
        for count, node in enumerate(self._scene.types):
            if count % _STEP == 0:
                self._source.progress(0.25 + 0.75 * count / len(self._scene.types))
            if node not in self._known and _PROMISING.search(self._scene.payload(node)):
                self._node(node, self._scene.parms(node), paths, "")
        for take in self._scene.takes:
            if take != self._scene.take:
                self._take(take)

    def _take(self, take: str) -> None:
        """What a take has instead of what the scene was saved with."""
        paths = Paths(self._scene, self._source, take)
        for node, parms in self._scene.takes[take].changes.items():
            own = self._scene.parms(node)
            changed = {name: parm for name, parm in parms.items() if own.get(name) != parm}
            if node in self._scene.types and node not in self._known:
                self._node(node, changed, paths, take)

    def _node(self, node: str, parms: Mapping[str, Parm], paths: Paths, take: str) -> None:
        for name, parm in parms.items():
            if not parm or not _may_be_file(parm[0]):
                continue
            for like in self._kinds(node, name, parm[0], paths.evaluator):
                reference = paths.reference(Mention(node, name, parm[0], take), like)
                if reference is not None:
                    self._found.references.append(reference)

    def _kinds(self, node: str, name: str, value: Component, evaluator: Evaluator) -> Iterator[Reference]:
        """What a parameter wants with a file, if it names one: written, read, or both (then once for each)."""
        type_ = self._scene.types[node]
        short = base(type_)
        if name in operators.IGNORED or operators.IGNORED_NAME.match(name) or special(value.value):
            return
        declared, number = _declared(self._scene.definitions.types.get(type_, {}), name)
        if (short, name) in operators.CACHES or self._may_write(node, short, name, evaluator):
            yield from (_OUTPUT, replace(_INPUT, optional=True))
        elif (short, name) in operators.READ_ONLY:
            switch = evaluator.word(node, operators.READ_ONLY[short, name])
            yield _INPUT if switch in ("on", "1") else _OUTPUT
        elif declared is not None and declared.type in _FILE_TYPES:
            yield _of(declared, name, _unused(declared, number, node, evaluator))
        elif name in operators.OUTPUTS:
            yield _OUTPUT
        elif name in operators.INPUTS.get(short, ()):
            yield replace(_INPUT, optional=_off(operators.GATES.get(name, ""), node, evaluator))
        elif guessed(name, value.value):
            yield self._guess(node, name, evaluator)

    def _may_write(self, node: str, short: str, name: str, evaluator: Evaluator) -> bool:
        """Whether a File SOP writes what is wired to it; an automatic one does when the file is not there."""
        if (short, name) != ("file", "file"):
            return False
        mode = evaluator.word(node, "filemode")
        return mode == "write" or (mode == "auto" and self._scene.inputs(node) != [])

    def _guess(self, node: str, name: str, evaluator: Evaluator) -> Reference:
        declared, number = _declared(self._scene.spare(node), name)
        if declared is not None and declared.type in _FILE_TYPES:
            return _of(declared, name, _unused(declared, number, node, evaluator))
        sure = Confidence.HIGH if _USUAL.fullmatch(name.rstrip("0123456789_")) else Confidence.LOW
        like = _OUTPUT if operators.OUTPUT_NAME.search(name) else _INPUT
        return replace(like, confidence=sure, optional=_off(operators.GATES.get(name, ""), node, evaluator))


def _may_be_file(value: Component) -> bool:
    """Whether a value is worth looking at: most are numbers, switches and words of menus."""
    if value.channel:
        return finite(value.value) is None
    return _PATH.search(value.value) is not None


def _of(declared: Declared, name: str, unused: bool) -> Reference:
    write = declared.write or name in operators.OUTPUTS or operators.OUTPUT_NAME.search(name) is not None
    like = _OUTPUT if write else _INPUT
    return replace(like, folder=declared.type == "directory" and not write, optional=unused)


def _declared(declarations: Declarations, name: str) -> tuple[Declared | None, str]:
    """The declaration of a parameter, and its number in a multiparm."""
    if name in declarations:
        return declarations[name], ""
    last = _LAST_DIGITS.search(name) if declarations and len(name) <= _LONGEST_NAME else None
    if last is None:
        return None, ""
    for pattern in (f"{name[: last.start()]}#{name[last.end() :]}", _DIGITS.sub("#", name)):
        if pattern in declarations:
            return declarations[pattern], last[0]
    return None, ""


def _unused(declared: Declared, number: str, node: str, evaluator: Evaluator) -> bool:
    """Whether a parameter is out of use as other parameters stand; one of which that is not known is in use."""
    return any(all(_holds(each, number, node, evaluator) for each in group) for group in declared.unused)


def _holds(condition: Condition, number: str, node: str, evaluator: Evaluator) -> bool:
    name = condition.parm.replace("#", number)
    if evaluator.component(node, name) is None:
        return False
    value = {"on": "1", "off": "0"}.get(word := evaluator.word(node, name), word)
    wanted = {"on": "1", "off": "0"}.get(condition.value, condition.value)
    if (finite(value) is None) != (finite(wanted) is None) and wanted:
        return False  # one is the word of a menu and the other its number
    return (value == wanted) is condition.equal


def _off(gate: str, node: str, evaluator: Evaluator) -> bool:
    return gate != "" and evaluator.word(node, gate) in ("off", "0")
