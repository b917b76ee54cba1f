"""From a Katana scene's XML to its nodes with those parameters that matter.

``<node name="…" type="…">`` holds nodes and ``<group_parameter>``, and these ``<string_parameter name="…" value="…"
expression="…">`` and ``<number_parameter>``. A parameter with an expression has no value that counts. Entities and
document types, which no scene has, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from rendermill.scenes.findings import DamageError
from rendermill.scenes.guess import looks_like_file

_DEEPEST = 1000
_LONGEST = 4096
_FILES = frozenset({"fileIn", "filename", "fileName", "abcAsset", "lookfile", "asset", "saveTo", "outputFile"})
_WIDGETS = ("assetIdInput", "fileInput", "assetIdOutput", "fileOutput")
_SETTINGS = frozenset({"RootNode", "RenderSettings", "Render", "CameraCreate", "RenderOutputDefine", "ImageWrite"})
_PARAMETERS = frozenset({"string_parameter", "number_parameter"})


@dataclass(slots=True)
class Parameter:
    """A value, or the expression that drives it. ``names_file``: it is known to be one of a file, ``guessed``: its
    value looks like one."""

    value: str
    expression: str = ""
    names_file: bool = False
    guessed: bool = False


@dataclass(slots=True)
class Node:
    """A node; its parameters by their path below it (``args.renderSettings.cameraName.value``)."""

    name: str
    type: str
    bypassed: bool
    parameters: dict[str, Parameter] = field(default_factory=dict)

    def text(self, path: str) -> str:
        """The value of a parameter, nothing where an expression drives it or it is not there."""
        parameter = self.parameters.get(path)
        return parameter.value if parameter is not None and not parameter.expression else ""


def nodes(pieces: Iterator[bytes]) -> Iterator[Node]:
    """The nodes of a document, each once it is read.

    Raises :class:`DamageError` where the document is broken; what was read by then has been given.
    """
    reader = _NodeReader()
    try:
        for piece in pieces:
            reader.parser.Parse(piece, False)
            yield from reader.taken()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from reader.left()
        raise DamageError(f"its XML is broken in line {error.lineno}: {expat.ErrorString(error.code)}") from error
    except DamageError:
        yield from reader.left()
        raise


class _NodeReader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = _refused
        self.parser.EntityDeclHandler = _refused
        self._done: list[Node] = []
        self._nodes: list[Node] = []
        self._groups: list[list[str]] = [[]]
        self._depth = 0

    def taken(self) -> list[Node]:
        """The nodes that were read to their end since this was asked last."""
        done, self._done = self._done, []
        return done

    def left(self) -> list[Node]:
        """Those too, and the nodes that have not ended."""
        return self.taken() + self._nodes[::-1]

    def _start(self, tag: str, given: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DamageError("it is nested too deeply", self.parser.CurrentByteIndex)
        name = given.get("name", "")
        if tag == "node":
            self._nodes.append(Node(name, given.get("type", ""), given.get("bypassed") == "true"))
            self._groups.append([])
        elif tag == "group_parameter":
            self._groups[-1].append(name)
        elif tag in _PARAMETERS and self._nodes:
            self._parameter(name, given)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "node" and self._nodes:
            self._done.append(self._nodes.pop())
            self._groups.pop()
        elif tag == "group_parameter" and self._groups[-1]:
            self._groups[-1].pop()

    def _parameter(self, name: str, given: dict[str, str]) -> None:
        node = self._nodes[-1]
        value, expression = given.get("value", "")[:_LONGEST], given.get("expression", "")[:_LONGEST]
        hints = given.get("hints", "")
        names_file = name in _FILES or any(widget in hints for widget in _WIDGETS)
        guessed = not names_file and looks_like_file(value)
        if names_file or guessed or node.type in _SETTINGS:
            path = ".".join([*self._groups[-1][1:], name])  # the outermost group is the node's own
            node.parameters[path] = Parameter(value, expression, names_file, guessed)


def _refused(*_: object) -> None:
    raise DamageError("its XML declares a document type or entities, which no scene does")
