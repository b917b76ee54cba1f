"""From the statements of a project to its items, the files they mention, and the preferences of its animation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from rendermill.scenes.clarisse.items import Item
from rendermill.scenes.clarisse.text import Mark, Text
from rendermill.scenes.findings import DamageError, Findings, Source
from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.numbers import number

_DEEPEST = 256
_LONGEST_NAME = 1024
_LONGEST_PATH = 4096
_TELL_EVERY = 1 << 14
_OUTPUTS = frozenset({"save_as", "save_deep_data_as", "filename_save"})
_INPUT_TYPES = frozenset({"filename_open", "filename"})
_NO_FILES = frozenset({"name", "comment", "doc", "class", "title", "description"})
_WANTED = (r"\#Isotropix", r"name\b", r"value\b", r"expression\b", r"\w*filename")
_RATES = ("frames_per_second", "start_frame", "end_frame")
_ANIMATION = ("#preferences", "categories", "animation")
_KEPT = frozenset(
    {
        *("first_frame", "last_frame", "frame_step", "render_to_disk", "save_as", "format", "LUT"),
        *("layers", "active_camera", "renderer", "enable_deep_output", "save_deep_data_as"),
        *("resolution", "resolution_preset", "resolution_multiplier"),
    }
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A file that an item's attribute names. ``sure``: the attribute is one for files."""

    item: Item
    attribute: str
    text: str
    output: bool
    sure: bool
    expression: bool


@dataclass
class Project:
    """What the text of a project holds."""

    root: Item = field(default_factory=lambda: Item("", "", None))
    version: str = ""
    animation: dict[str, str] = field(default_factory=dict)
    images: list[Item] = field(default_factory=list)
    cameras: list[Item] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)


class _Kind(Enum):
    ITEM = "item"
    EMBEDDED = "embedded"
    CUSTOM = "custom"
    ATTRIBUTE = "attribute"
    PREFERENCES = "preferences"
    IGNORED = "ignored"


_SECTIONS = {
    "embedded_objects": _Kind.EMBEDDED,
    "custom_attributes": _Kind.CUSTOM,
    "attribute_group": _Kind.CUSTOM,
}


@dataclass(slots=True)
class _Block:
    """An open block. An attribute's has its name, its declared type, and what was read of it."""

    kind: _Kind
    item: Item
    name: str = ""
    type: str = ""
    values: list[str] = field(default_factory=list)
    expression: bool = False
    depth: int = 0


def parsed(source: Source, found: Findings) -> Project:
    """The project, as far as it can be read; what is broken is noted in ``found``."""
    project = Project()
    _Parser(source, found, project).run()
    return project


class _Parser:
    def __init__(self, source: Source, found: Findings, project: Project) -> None:
        self._size = len(source.data)
        self._progress: Callable[[float], None] = source.progress
        self._found = found
        self._project = project
        self._text = Text(source.data, (*_WANTED, *_RATES, *sorted(_KEPT)))
        self._stack = [_Block(_Kind.ITEM, project.root)]

    def run(self) -> None:
        try:
            self._read()
            if len(self._stack) > 1:
                raise DamageError(f"it ends inside {self._stack[-1].name or 'a block'}", self._size)
        except DamageError as error:
            self._found.damaged(error.what, error.at)
        while len(self._stack) > 1:
            self._close()

    def _read(self) -> None:
        for count, (mark, start, end) in enumerate(self._text.statements()):
            if count % _TELL_EVERY == 0:
                self._progress(start / self._size)
            if mark is Mark.LINE:
                self._line(start, end)
            elif mark is Mark.OPEN:
                if len(self._stack) > _DEEPEST:
                    raise DamageError("it is nested too deeply", start)
                self._stack.append(self._opened(start, end))
            elif len(self._stack) > 1:
                self._close()
            else:
                self._found.damaged("a block ends that has not begun", start)

    def _opened(self, start: int, end: int) -> _Block:
        above = self._stack[-1]
        if above.kind is _Kind.IGNORED:
            return _Block(_Kind.IGNORED, above.item)
        if above.kind is _Kind.PREFERENCES:
            return self._preferences(above, self._text.first(start, end))
        if above.kind is _Kind.ATTRIBUTE:  # an animation curve or an unknown part: what it says is said of the whole
            return _Block(_Kind.ATTRIBUTE, above.item, above.name, above.type)
        *before, head = self._text.entries(start, end) or [[]]
        for words in before:
            self._entry(above, words)
        name, label, *_ = [*head, "", ""]
        if name.startswith("#"):
            return self._preferences(above, name)
        if name in _SECTIONS:
            return _Block(_SECTIONS[name], above.item, name)
        if name[:1].isupper() and above.kind is not _Kind.CUSTOM:
            item = Item(name, label[:_LONGEST_NAME], above.item, embedded=above.kind is _Kind.EMBEDDED)
            return _Block(_Kind.ITEM, item, name)
        if above.kind is _Kind.CUSTOM:  # of a declared type: filename_open "OSL_filename" { ... }
            return _Block(_Kind.ATTRIBUTE, above.item, label, name)
        return _Block(_Kind.ATTRIBUTE, above.item, name)

    def _preferences(self, above: _Block, name: str) -> _Block:
        """Of the preferences, which are mostly windows, only those of the animation are read."""
        if above.depth < len(_ANIMATION) and _ANIMATION[above.depth] == name:
            return _Block(_Kind.PREFERENCES, above.item, name, depth=above.depth + 1)
        return _Block(_Kind.IGNORED, above.item, name)

    def _line(self, start: int, end: int) -> None:
        for words in self._text.entries(start, end):
            self._entry(self._stack[-1], words)

    def _entry(self, above: _Block, words: list[str]) -> None:
        name, *values = words
        if above.kind is _Kind.ITEM:
            self._said(above.item, name, values)
        elif above.kind is _Kind.ATTRIBUTE:
            self._part(above, name, values)
        elif above.kind is _Kind.PREFERENCES and above.depth == len(_ANIMATION):
            self._project.animation[name] = "".join(values[:1])

    def _said(self, item: Item, name: str, values: list[str]) -> None:
        """A line of an item, or of the file itself."""
        if name.startswith("#"):
            if name == "#Isotropix_Clarisse_Version" and item is self._project.root:
                self._project.version = "".join(values[:1])
            elif any(looks_like_file(value) for value in values):  # a directive that refers to another project
                self._attribute(_Block(_Kind.ATTRIBUTE, item, name, values=values))
        elif name == "name" and item is not self._project.root:
            item.name = "".join(values[:1])[:_LONGEST_NAME]
        else:
            self._attribute(_Block(_Kind.ATTRIBUTE, item, name, values=values))

    def _part(self, block: _Block, name: str, values: list[str]) -> None:
        """A line in an attribute's block: its value, an expression that drives it, or something else."""
        if name.startswith("value"):
            block.values += values if block.name in _KEPT else [value for value in values if _is_text(value)]
        elif name.startswith("expression"):
            block.expression = True
        else:
            self._attribute(_Block(_Kind.ATTRIBUTE, block.item, f"{block.name}.{name}", values=values))

    def _close(self) -> None:
        block = self._stack.pop()
        if block.kind is _Kind.ATTRIBUTE:
            above = self._stack[-1]
            if above.kind is _Kind.ATTRIBUTE:
                above.values += block.values
                above.expression = above.expression or block.expression
            else:
                self._attribute(block)
        elif block.kind is _Kind.ITEM:
            self._item(block.item)

    def _item(self, item: Item) -> None:
        if item.parent is None:
            return
        if item.embedded:
            item.parent.members.append(item)
            return
        item.parent.children[item.name] = item
        if item.class_name.startswith("Camera"):
            self._project.cameras.append(item)
        if item.class_name == "Image" or item.attributes.keys() & {"save_as", "render_to_disk"}:
            self._project.images.append(item)

    def _attribute(self, block: _Block) -> None:
        item, name = block.item, block.name
        if name in _KEPT:
            item.attributes[name] = [value for value in block.values if value != "<empty>"]
        own = name.rpartition(".")[2]
        output = own in _OUTPUTS or block.type in _OUTPUTS
        sure = output or "filename" in own or (block.type in _INPUT_TYPES and own == name)
        for value in block.values:
            if not _is_text(value) or len(value) > _LONGEST_PATH:
                continue
            if sure or (own not in _NO_FILES and looks_like_file(value)):
                self._project.mentions.append(Mention(item, name, value, output, sure, block.expression))


def _is_text(value: str) -> bool:
    """Whether a word is more than a number, a yes or a no."""
    return value not in ("", "<empty>", "yes", "no") and math.isnan(number(value, math.nan))
