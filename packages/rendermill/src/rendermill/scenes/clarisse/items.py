"""The items of a Clarisse project: contexts, objects in them, and objects that lie embedded in others."""

from __future__ import annotations

from rendermill.scenes.numbers import number

ROOT = "project:/"


class Item:
    """A context or an object. ``attributes`` holds those that matter, ``children`` what a context holds, by name."""

    __slots__ = ("attributes", "children", "class_name", "embedded", "members", "name", "parent")

    def __init__(self, class_name: str, name: str, parent: Item | None, *, embedded: bool = False) -> None:
        self.class_name = class_name
        self.name = name
        self.parent = parent
        self.embedded = embedded
        self.attributes: dict[str, list[str]] = {}
        self.children: dict[str, Item] = {}
        self.members: list[Item] = []
        """The objects that lie embedded in this one."""

    @property
    def path(self) -> str:
        """``project://scene/image``; what is embedded in that is ``project://scene/image.background``."""
        parts: list[str] = []
        item: Item | None = self
        while item is not None and item.parent is not None:
            parts.append(("." if item.embedded else "/") + item.name)
            item = item.parent
        return ROOT + "".join(reversed(parts))

    def first(self, attribute: str) -> str:
        """The first value of an attribute, nothing where it has none."""
        return next(iter(self.attributes.get(attribute, ())), "")

    def number(self, attribute: str, default: float) -> float:
        """An attribute as a number, whole where it is; the default where it is none."""
        return number(self.first(attribute), default)

    def flag(self, attribute: str) -> bool | None:
        """A ``yes`` or ``no``, None where it is not written."""
        return {"yes": True, "no": False}.get(self.first(attribute))

    def find(self, reference: str) -> Item | None:
        """The object that an attribute of this one names: absolute, or from the context that this one lies in."""
        if not reference:
            return None
        item: Item | None = self
        if reference.startswith("project://"):
            while item is not None and item.parent is not None:
                item = item.parent
        else:
            while item is not None and item.embedded:
                item = item.parent
            item = item.parent if item is not None else None
        return item._below(reference.removeprefix("project://")) if item is not None else None

    def _below(self, path: str) -> Item | None:
        item: Item | None = self
        for step in path.split("/"):
            if item is None:
                return None
            if step == "..":
                item = item.parent
            elif step not in ("", "."):
                item = item.children.get(step)
        return item
