"""What a Maya scene holds, as far as it matters to a farm; the same for .ma and .mb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

Attribute = tuple[str, str]
"""The short and the long name of an attribute; files hold either."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is, and what it is in frames if its attribute is a time: .mb counts times in ticks."""

    value: float
    frames: float

    @classmethod
    def plain(cls, value: float) -> Number:
        """A number that is the same either way."""
        return cls(value, value)


Value = Number | str | tuple[str, ...]


@dataclass(slots=True)
class Node:
    """A node: its type (empty for one that Maya makes itself), and those of its attributes that are read.

    ``startup`` tells that every scene has it (``createNode -shared``). ``edits`` are the changes that a reference node
    makes to what it refers to: node, attribute and text.
    """

    type: str
    name: str
    parent: str = ""
    startup: bool = False
    values: dict[str, Value] = field(default_factory=dict)
    edits: list[tuple[str, str, str]] = field(default_factory=list)

    def get(self, attribute: Attribute) -> Value | None:
        """The value of an attribute, None if it is at its default."""
        short, long = attribute
        return self.values.get(short, self.values.get(long))

    def text(self, attribute: Attribute) -> str:
        """The text of an attribute, empty if it has none."""
        value = self.get(attribute)
        return value if isinstance(value, str) else ""

    def number(self, attribute: Attribute, default: float) -> float:
        """The number of an attribute that is no time."""
        value = self.get(attribute)
        return value.value if isinstance(value, Number) else default

    def elements(self, name: str) -> Iterator[tuple[str, Value]]:
        """The elements of an array: what stands after ``name[`` in the attribute's name, and the value."""
        prefix = f"{name}["
        return ((key[len(prefix) :], value) for key, value in self.values.items() if key.startswith(prefix))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A plug-in that the scene requires; ``used`` tells that it says for which types of nodes or data."""

    name: str
    version: str
    used: bool


@dataclass(frozen=True, slots=True)
class Referenced:
    """A file that the scene refers to: by which reference node, how deep, and whether it is left unloaded."""

    path: str
    node: str
    depth: int = 1
    unloaded: bool = False


@dataclass
class Scene:
    """What was read of a scene.

    ``version`` is what it requires, ``saved_by`` what its header says; ``info`` is its fileInfo. ``complete`` is False
    if a text ends without the line that Maya ends its files with.
    """

    version: str = ""
    saved_by: str = ""
    time_unit: str = "film"
    complete: bool = True
    info: dict[str, str] = field(default_factory=dict)
    requirements: list[Requirement] = field(default_factory=list)
    referenced: list[Referenced] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    """The types of all nodes, of those too that are not kept."""
    nodes: list[Node] = field(default_factory=list)
    connections: list[tuple[str, str]] = field(default_factory=list)
    """From plug to plug."""
    _named: dict[str, Node] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        """Keep a node."""
        self.nodes.append(node)
        self._named[node.name] = node

    def named(self, name: str) -> Node | None:
        """The node of a name, the last of several."""
        return self._named.get(name)

    def of_type(self, *types: str) -> list[Node]:
        """The nodes of some types, in their order."""
        return [node for node in self.nodes if node.type in types]


def short(path: str) -> str:
    """The name of a node by its path: ``|group|camera1`` is ``camera1``, ``:persp`` is ``persp``."""
    return path.rpartition("|")[2].removeprefix(":")


def split_plug(plug: str) -> tuple[str, str]:
    """Node and attribute of a plug: ``:perspShape.rnd`` is ``perspShape`` and ``rnd``."""
    node, _, attribute = plug.partition(".")
    return short(node), attribute
