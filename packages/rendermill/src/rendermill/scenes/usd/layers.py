"""The layers that a scene is made of: each is opened once, looked through and let go."""

from __future__ import annotations

import posixpath
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Any

from rendermill.scenes.findings import DamageError, Findings, Role, Source
from rendermill.scenes.usd import materialx
from rendermill.scenes.usd.address import MATERIALX, Address, Meaning, meaning
from rendermill.scenes.usd.contents import Contents, Mention, contents
from rendermill.scenes.usd.opening import Opener, told
from rendermill.scenes.usd.references import follows, reference

_MOST_LAYERS = 10_000


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that was looked through; ``named`` are the layers that its texts mean, of those that could be found."""

    contents: Contents
    named: dict[str, Address]


@dataclass(frozen=True, slots=True)
class _Errand:
    address: Address
    user: str


class Layers:
    """Looks through the scene's layer ``main`` and all that it names, and notes the files of all of them."""

    def __init__(self, source: Source, found: Findings, opener: Opener, main: Address) -> None:
        self._source = source
        self._found = found
        self._opener = opener
        self._main = main
        self._variables: dict[str, Any] = {}
        self._queue: deque[_Errand] = deque()
        self._queued = {main}
        self.read: dict[Address, Layer] = {}

    def walk(self, layer: Any) -> None:
        """Look through the scene's own layer, which is open, and through all others."""
        self._variables = told(lambda it: dict(it.expressionVariables), layer, {}, self._found)
        self._note(self._main, contents(layer), self._variables)
        while self._queue:
            if len(self.read) >= _MOST_LAYERS:
                self._found.warn(f"it has more than {_MOST_LAYERS} layers; the rest was not read")
                return
            errand = self._queue.popleft()
            try:
                self._visit(errand.address)
            except DamageError as error:
                self._found.warn(f"{errand.address.text} (used by {errand.user}) cannot be read: {error.what}")
            self._source.progress(len(self.read) / (len(self.read) + len(self._queue) + 1))

    @property
    def renderers(self) -> Counter[str]:
        """How many prims of all layers are of a renderer's own types."""
        return sum((layer.contents.renderers for layer in self.read.values()), Counter())

    def _visit(self, address: Address) -> None:
        if address.ending == MATERIALX:
            self._note(address, materialx.contents(self._opener.data(address)), {})
            return
        layer = self._opener.layer(address)
        self._note(address, contents(layer), {**layer.expressionVariables, **self._variables})

    def _note(self, address: Address, held: Contents, variables: dict[str, Any]) -> None:
        """Note the files that a layer names, and that the layers among them are to be read."""
        if held.unreadable:
            what = f"{held.unreadable} prims or attributes cannot be read"
            if address == self._main:
                self._found.damaged(what)
            else:
                self._found.warn(f"{address.text}: {what}")
        prefix = "" if address == self._main else f"{_label(address)}: "
        package = Address(address.file, address.inside[:-1]) if address.inside else None
        named: dict[str, Address] = {}
        for each in dict.fromkeys(held.mentions):
            if not each.text:
                continue
            mention = replace(each, user=f"{prefix}{each.user}")
            means = meaning(self._source.substituted(mention.text), address, str(self._source.main), variables)
            made = reference(mention, means, package, self._opener)
            if follows(mention, means) and made.role is not Role.UNRESOLVED:
                below = self._layer_at(means, mention.user)
                layer = not any(place.ending == MATERIALX for place in means.places)
                made = replace(made, follow=layer and below is None and made.role is Role.INPUT)
                if below is not None:
                    named[mention.text] = below
            self._warn(mention, means, package)
            self._found.references.append(made)
        self.read[address] = Layer(held, named)

    def _layer_at(self, means: Meaning, user: str) -> Address | None:
        """The layer that is meant, which is read too; None if it is not where it is said to be."""
        found = next((each for each in map(self._opener.find, means.places) if each is not None), None)
        if found is not None and found not in self._queued:
            self._queued.add(found)
            self._queue.append(_Errand(found, user))
        return found

    def _warn(self, mention: Mention, means: Meaning, package: Address | None) -> None:
        if mention.text.startswith((".\\", "..\\")):
            self._found.warn("it writes paths with back-slashes, which USD itself finds on Windows only")
        for place in means.places:
            other = Address(place.file, place.inside[:-1])
            if place.inside and other != package and self._opener.lacks(other, place.inside[-1]):
                self._found.warn(f"{other.text} has no {place.inside[-1]} in it (used by {mention.user})")


def _label(address: Address) -> str:
    return Address(posixpath.basename(address.file), address.inside).text
