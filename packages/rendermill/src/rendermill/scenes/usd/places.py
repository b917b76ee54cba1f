"""Where cameras and render settings come to lie in the composed scene, so that nothing else need be composed."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pxr import Sdf

from rendermill.scenes.usd.address import Address
from rendermill.scenes.usd.contents import Arc
from rendermill.scenes.usd.layers import Layer

_MOST_WORK = 200_000
_MOST_NESTED = 100
_ROOT = Sdf.Path.absoluteRootPath


@dataclass(frozen=True, slots=True)
class _Target:
    """A prim of a layer stack, which is named by its first layer."""

    stack: Address
    prim: Sdf.Path


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """An arc from a prim of one stack to a prim of another, or of the same."""

    prim: Sdf.Path
    target: _Target


@dataclass
class _Stack:
    """A layer with its sublayers: what they hold is as one."""

    sought: list[Sdf.Path] = field(default_factory=list)
    steps: list[_Step] = field(default_factory=list)
    above: set[Sdf.Path] = field(default_factory=set)
    """Paths of prims that have something sought in or below them, with those above them."""
    sources: dict[Sdf.Path, list[_Step]] = field(default_factory=dict)
    """Prims that have an arc to something sought, and their arcs."""
    sorted_sources: list[Sdf.Path] = field(default_factory=list)

    def keep(self, step: _Step) -> None:
        """A step leads to something sought."""
        self.mark(step.prim)
        self.sources.setdefault(step.prim, []).append(step)

    def sort(self) -> None:
        """Sorted paths have all that is below one behind it."""
        self.sought = sorted(set(self.sought))
        self.sorted_sources = sorted(self.sources)

    def concerning(self, prim: Sdf.Path) -> Iterator[_Step]:
        """The steps that lead to something sought from a prim, from those below it and from those above it."""
        for source in (*prim.GetPrefixes()[:-1], *_below(self.sorted_sources, prim)):
            yield from self.sources.get(source, ())

    def leads(self, prim: Sdf.Path) -> bool:
        """Whether something sought is in a prim, below it, or in what a prim above it is composed of."""
        return prim in self.above or any(each in self.sources for each in prim.GetPrefixes())

    def mark(self, path: Sdf.Path) -> None:
        """Something sought is at a path."""
        self.above.add(_ROOT)
        for each in reversed(path.GetPrefixes()):
            if each in self.above:
                return
            self.above.add(each)


@dataclass(frozen=True, slots=True)
class _Place:
    """A path of the scene, what is to be found there, and the steps that led to it."""

    path: Sdf.Path
    target: _Target
    steps: tuple[_Step, ...] = ()

    def beyond(self, step: _Step) -> _Place | None:
        """Where a step leads from here: one of the prim itself, of one below it, or of one above it.

        None if it does not concern the prim, or would never end, because it is taken within itself.
        """
        if step in self.steps or len(self.steps) == _MOST_NESTED:
            return None
        prim, steps = self.target.prim, (*self.steps, step)
        if step.prim.HasPrefix(prim):
            return _Place(step.prim.ReplacePrefix(prim, self.path), step.target, steps)
        if prim.HasPrefix(step.prim):
            beyond = _Target(step.target.stack, prim.ReplacePrefix(step.prim, step.target.prim))
            return _Place(self.path, beyond, steps)
        return None


class Places:
    """The scene's paths of what is sought; ``complete`` is False if there was too much to look through."""

    def __init__(self, layers: dict[Address, Layer], main: Address) -> None:
        self._layers = layers
        self._main = main
        self.complete = True
        self._stacks: dict[Address, _Stack] = {}
        self._build()

    def paths(self) -> list[Sdf.Path]:
        """The paths of all that is sought, and perhaps some more."""
        self._find_what_leads()
        queue = deque([_Place(_ROOT, _Target(self._main, _ROOT))])
        found: dict[Sdf.Path, None] = {}
        seen: set[tuple[Sdf.Path, _Target]] = set()
        work = 0
        while queue:
            place = queue.popleft()
            stack, prim = self._stacks[place.target.stack], place.target.prim
            found.update((each.ReplacePrefix(prim, place.path), None) for each in _below(stack.sought, prim))
            for step in stack.concerning(prim):
                work += 1
                beyond = place.beyond(step)
                if beyond is not None and (beyond.path, beyond.target) not in seen:
                    seen.add((beyond.path, beyond.target))
                    queue.append(beyond)
            if work > _MOST_WORK or len(found) > _MOST_WORK:
                self.complete = False
                break
        return list(found)

    def _build(self) -> None:
        """The stacks of the scene and of all that arcs lead to."""
        todo = [self._main]
        while todo:
            root = todo.pop()
            if root in self._stacks:
                continue
            stack = self._stacks[root] = _Stack()
            for layer in self._in_stack(root):
                stack.sought += layer.contents.to_compose
                for arc in layer.contents.arcs:
                    target = self._target(arc, layer, root)
                    if target is not None:
                        stack.steps.append(_Step(arc.prim, target))
                        todo.append(target.stack)

    def _in_stack(self, root: Address) -> Iterator[Layer]:
        seen, todo = {root}, [root]
        while todo:
            layer = self._layers.get(todo.pop())
            if layer is None:
                continue
            yield layer
            for text in layer.contents.sublayers:
                below = layer.named.get(text)
                if below is not None and below not in seen:
                    seen.add(below)
                    todo.append(below)

    def _target(self, arc: Arc, layer: Layer, root: Address) -> _Target | None:
        if not arc.text:
            stack: Address | None = root
        else:
            stack = layer.named.get(arc.text)
        below = self._layers.get(stack) if stack is not None else None
        if stack is None or below is None:
            return None
        prim = arc.target if not arc.target.isEmpty else below.contents.default_prim
        return _Target(stack, prim) if prim.IsAbsolutePath() and prim.IsPrimPath() else None

    def _find_what_leads(self) -> None:
        """Find the arcs that lead to something sought: hardly any, in a scene of any size."""
        for stack in self._stacks.values():
            for path in stack.sought:
                stack.mark(path)
        left = [(stack, step) for stack in self._stacks.values() for step in stack.steps]
        grown = True
        while grown:
            grown, still = False, []
            for stack, step in left:
                if self._stacks[step.target.stack].leads(step.target.prim):
                    grown = True
                    stack.keep(step)
                else:
                    still.append((stack, step))
            left = still
        for stack in self._stacks.values():
            stack.sort()


def _below(paths: list[Sdf.Path], prim: Sdf.Path) -> Iterator[Sdf.Path]:
    """Those of sorted paths that are a prim's own or below it."""
    for position in range(bisect_left(paths, prim), len(paths)):
        if not paths[position].HasPrefix(prim):
            return
        yield paths[position]
