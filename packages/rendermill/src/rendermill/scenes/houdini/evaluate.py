"""What parameters come to: variables, look-ups of other parameters, frame numbers; nothing else is computed.

A text comes to parts of a path template, in which the number of the frame is a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rendermill.scenes.findings import Source
from rendermill.scenes.houdini import expressions, values, variables
from rendermill.scenes.houdini.expressions import Call, Number, String, Sum, Tree, Variable
from rendermill.scenes.houdini.grammar import Component, Parm
from rendermill.scenes.houdini.scene import Scene, component, relative
from rendermill.scenes.houdini.takes import overrides
from rendermill.scenes.houdini.values import UnknownValueError, Value
from rendermill.scenes.locate.template import Part

_PIECE = re.compile(r"`([^`]*)`|\$\{(\w+)((?::[rhte])*)\}|\$(\w+)((?::[rhte](?!\w))*)")
_DEEPEST = 60
_MOST_STEPS = 300
_LONGEST = 4096


class ShippedError(UnknownValueError):
    """A path lies in the application's own folder, wherever that is."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a text came to, and the text itself: that of another parameter, if it does nothing but look that up."""

    raw: str
    parts: tuple[Part, ...]


class Evaluator:
    """Evaluates parameters of a scene, in a take: its name (empty for that which the scene was saved in).

    ``saved`` tells to take the scene's name from when it was saved, instead of the one it has now.
    """

    def __init__(self, scene: Scene, source: Source, take: str = "", *, saved: bool = False) -> None:
        self._scene = scene
        self._overrides = overrides(scene.takes, take)
        own = {"ACTIVETAKE": take} if take else {}
        self._names = {**variables.names(scene, source, saved=saved), **own, **source.variables}
        self._depth = 0
        self._steps = 0

    def parms(self, node: str) -> Mapping[str, Parm]:
        """The parameters of a node in this take."""
        changed = self._overrides.get(node)
        return {**self._scene.parms(node), **changed} if changed else self._scene.parms(node)

    def component(self, node: str, name: str) -> Component | None:
        """A value of a node by its name, as it stands in the file."""
        return component(self.parms(node), name)

    def saved(self, node: str, name: str) -> str:
        """What a value was when the scene was saved; empty if there is none."""
        found = self.component(node, name)
        return found.value if found else ""

    def text(self, node: str, given: Component) -> Text:
        """What a text value comes to. Raises UnknownValueError, or ShippedError for a path of the application."""
        self._steps = 0
        with self._deeper(node):
            return self._text(node, given)

    def word(self, node: str, name: str) -> str:
        """A value as one word, such as that of a menu; what was saved if it cannot be known."""
        found = self.component(node, name)
        if found is None:
            return ""
        try:
            parts = self.text(node, found).parts
        except UnknownValueError:
            return found.value
        return "".join(part if isinstance(part, str) else part.text for part in parts)

    def number(self, node: str, name: str) -> float | None:
        """A value as a number; None if there is none. Raises UnknownValueError."""
        self._steps = 0
        found = self.component(node, name)
        return None if found is None else values.number(self._value(node, found))

    def _text(self, node: str, given: Component) -> Text:
        """The text behind a value: look-ups that are all of it are followed."""
        expression = self._expression(node, given)
        if expression is None:
            whole = _PIECE.fullmatch(given.value)
            if whole is None or whole[1] is None:
                return Text(given.value, self._expanded(given.value, node))
            expression, shown = whole[1], given.value
        else:
            shown = given.value
        tree = self._parsed(expression)
        if isinstance(tree, Call) and tree.name in ("chs", "ch") and len(tree.arguments) == 1:
            other, target = self._target(node, tree, expression)
            with self._deeper(other):
                return self._text(other, target)
        if isinstance(tree, String):
            return Text(tree.text, self._expanded(tree.text, node))
        return Text(shown, values.parts(self._computed(tree, node, expression)))

    def _value(self, node: str, given: Component) -> Value:
        with self._deeper(node):
            expression = self._expression(node, given)
            if expression is None:
                return self._expanded(given.value, node)
            return self._computed(self._parsed(expression), node, expression)

    def _expression(self, node: str, given: Component) -> str | None:
        """The expression that drives a value; None if what was saved is the value."""
        channel = self._scene.channels(node).get(given.channel) if given.channel else None
        if channel is None:
            return None
        if channel.moving:
            raise UnknownValueError(f"animation of {given.channel}")
        return channel.expression or None

    def _expanded(self, text: str, node: str) -> tuple[Part, ...]:
        parts: list[Part] = []
        end = 0
        for piece in _PIECE.finditer(text):
            parts += [text[end : piece.start()], *self._piece(piece, node)]
            end = piece.end()
        parts = [part for part in (*parts, text[end:]) if part]
        if sum(len(part) if isinstance(part, str) else 1 for part in parts) > _LONGEST:
            raise UnknownValueError("a text that is too long")
        return tuple(parts)

    def _piece(self, piece: re.Match[str], node: str) -> tuple[Part, ...]:
        if piece[1] is not None:
            return values.parts(self._computed(self._parsed(piece[1]), node, piece[1]))
        value = values.parts(self._variable(piece[2] or piece[4], node))
        return variables.modified(value, piece[3] or piece[5] or "")

    def _variable(self, name: str, node: str) -> Value:
        if name in self._names:
            return (self._names[name],)
        if name in variables.SHIPPED:
            raise ShippedError(f"variable ${name}")
        if (token := variables.frame(name)) is not None:
            return token
        if name == "OS":
            return (node.rpartition("/")[2],)
        if name not in self._scene.variables:
            raise UnknownValueError(f"variable ${name}")
        with self._deeper(node):
            return self._expanded(self._scene.variables[name], node)

    def _parsed(self, expression: str) -> Tree:
        try:
            return expressions.parse(expression)
        except expressions.SyntaxUnknownError:
            raise values.unknown(expression) from None

    def _computed(self, tree: Tree, node: str, expression: str) -> Value:
        with self._deeper(node):
            match tree:
                case Number(value):
                    return value
                case String(text):
                    return self._expanded(text, node)
                case Variable(name):
                    return self._variable(name, node)
                case Sum(mark, left, right):
                    return values.joined(
                        mark,
                        self._computed(left, node, expression),
                        self._computed(right, node, expression),
                        expression,
                    )
                case Call():
                    return self._called(tree, node, expression)

    def _called(self, call: Call, node: str, expression: str) -> Value:
        if call.name in ("ch", "chf", "chi", "chs", "chsop") and len(call.arguments) == 1:
            other, target = self._target(node, call, expression)
            value = self._value(other, target)
            return (relative(other, values.flat(value, expression)),) if call.name == "chsop" and value else value
        given = [self._computed(argument, node, expression) for argument in call.arguments]
        function = values.FUNCTIONS.get((call.name, len(given)))
        if function is None:
            raise values.unknown(expression)
        return function(node, expression, *given)

    def _target(self, node: str, call: Call, expression: str) -> tuple[str, Component]:
        """The value that a look-up means, and its node."""
        path = values.flat(self._computed(call.arguments[0], node, expression), expression)
        folder, slash, name = path.rpartition("/")
        other = relative(node, folder or slash) if slash else node
        target = self.component(other, name)
        if target is None:
            raise values.unknown(expression)
        return other, target

    @contextmanager
    def _deeper(self, node: str) -> Iterator[None]:
        """One step into something nested, of which there may be so many."""
        self._depth += 1
        self._steps += 1
        try:
            if self._depth > _DEEPEST or self._steps > _MOST_STEPS:
                raise UnknownValueError(f"expressions nested too deeply at {node}")
            yield
        finally:
            self._depth -= 1
