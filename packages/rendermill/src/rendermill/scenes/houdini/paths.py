"""From the text of a parameter to a mention of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rendermill.scenes.findings import Reference, Role, Source
from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.houdini import operators
from rendermill.scenes.houdini.evaluate import Evaluator, ShippedError
from rendermill.scenes.houdini.grammar import Component
from rendermill.scenes.houdini.scene import Scene
from rendermill.scenes.houdini.values import UnknownValueError
from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.template import Part, Template

_SCHEME = re.compile(r"[A-Za-z]\w+:")
_USD = re.compile(r"\.usd[acz]?$", re.IGNORECASE)
_TILES = re.compile(r"%\((udim|uvtile)\)d", re.IGNORECASE)
_HOUDINI = re.compile(
    r"[^/\\]\.(?:(?:b?geo|ass|rib|ifd|vrscene)\.(?:gz|sc|bz2)|b?hclassic|hgeo|pc|pmap|sim|bclip|clip|b?chan|bvh"
    r"|ifd|las|laz|e57|ptc|pts|csv|json|txt|ttf|otf|svg|mtlx|rstexbin|orbx|hda|otl|3dl|blut)$",
    re.IGNORECASE,
)
_ROOTED = re.compile(r"(?:\$HIP\b|\$JOB\b|\$\{(?:HIP|JOB)\}|/|\\\\|[A-Za-z]:[/\\]|\.\.?/).*\.\w{1,6}$", re.DOTALL)
_NODE = re.compile(r"/(?:obj|out|mat|shop|vex|img|ch|stage|tasks|part)/")
_FILE_NAME = re.compile(r"file|path|tex|map|image|picture", re.IGNORECASE)
_NO_PATH = re.compile(r"[\"';=|*?\n\t]")
_LONGEST = 1024


def special(value: str) -> bool:
    """Whether a value on a file's parameter is no file: another operator (``op:``), a window (``ip``), an address."""
    return value in ("", "ip", "md") or _SCHEME.match(value) is not None


def guessed(name: str, value: str) -> bool:
    """Whether the value of a parameter of which nothing else is known looks like the path of a file."""
    if len(value) > _LONGEST or special(value) or _NO_PATH.search(value):
        return False
    if " " in value and "/" not in value and "\\" not in value:
        return False
    if looks_like_file(value) or _HOUDINI.search(value):
        return True
    return bool(_FILE_NAME.search(name) and _ROOTED.match(value) and not _NODE.match(value))


@dataclass(frozen=True, slots=True)
class Mention:
    """A parameter that names a file: its node, its name, its value, and the take whose value it is if not all."""

    node: str
    name: str
    value: Component
    take: str = ""

    @property
    def user(self) -> str:
        """Who names the file."""
        return f"{self.node} {self.name}" + (f" (take {self.take})" if self.take else "")


class Paths:
    """Makes references of mentions, in a take: its name, empty for that which the scene was saved in."""

    def __init__(self, scene: Scene, source: Source, take: str = "") -> None:
        self._folder = source.folder
        self.evaluator = Evaluator(scene, source, take)
        self._before = Evaluator(scene, source, take, saved=True)

    def reference(self, mention: Mention, like: Reference) -> Reference | None:
        """The reference of a mention, of the kind of another one; None if it is no file after all."""
        raw, user = mention.value.value, mention.user
        try:
            text = self.evaluator.text(mention.node, mention.value)
        except ShippedError:
            return Reference(raw, user, role=Role.BUILT_IN)
        except UnknownValueError as error:
            if like.role is Role.OUTPUT:
                return replace(like, raw=raw, user=user)
            return None if like.optional else Reference(raw, user, role=Role.UNRESOLVED, reason=error.reason)
        flat = "".join(part if isinstance(part, str) else part.text for part in text.parts)
        if special(flat):
            return None
        if operators.SHIPPED_FILES.fullmatch(flat) or operators.SHIPPED_FOLDER.search(flat.replace("\\", "/")):
            return Reference(text.raw, user, role=Role.BUILT_IN)
        paths = tuple(dict.fromkeys(self._templates(mention, text.raw, text.parts)))
        if like.folder and self._leads_up(paths[0]):
            return None
        follow = like.role is Role.INPUT and _USD.search(flat) is not None
        return replace(like, raw=text.raw, user=user, paths=paths, follow=follow)

    def _templates(self, mention: Mention, raw: str, parts: tuple[Part, ...]) -> Iterator[Template]:
        yield self._template(parts)
        if "$HIPNAME" in raw or "HIPNAME}" in raw or "HIPFILE" in raw:
            yield self._template(self._before.text(mention.node, mention.value).parts)
        if "#" in raw:  # in Houdini itself it stands for nothing; renderers take it for a frame
            yield Template.of(parts).under(self._folder)

    def _template(self, parts: tuple[Part, ...]) -> Template:
        split: list[Part] = []
        for part in parts:
            split += tokens.split(_TILES.sub(r"<\1>", part)) if isinstance(part, str) else [part]
        return Template.of(split).under(self._folder)

    def _leads_up(self, path: Template) -> bool:
        """Whether a folder is that of the scene, or above it: all below it would be too much."""
        here = Template.literal(self._folder)
        return path.anchor == here.anchor and here.components[: len(path.components)] == path.components
