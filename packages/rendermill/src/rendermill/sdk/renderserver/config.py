"""The settings: ``renderserver.config.xml`` and ``taskQuery.xml``, as RenderServers have always had them.

Beside what is known there, a task may have a ``<timeout>`` in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from rendermill.farm.model.errors import BadInputError, NotFoundError
from rendermill.safe_xml import parse_xml

CONFIG = "renderserver.config.xml"
STATE_PLACE = "__lcsId__"
"""Where the query has this, the id of the state of new tasks is put, in 20 digits."""
_MAX_FILE = 1024 * 1024
_MAX_THREADS = 1024
_LEAST_SLEEP = 1000
_LIFECYCLE = "_RenderTaskLC"


@dataclass(frozen=True, slots=True)
class Program:
    """What is started for tasks of a name; ``timeout`` is in seconds, None for none."""

    name: str
    command: tuple[str, ...]
    doubles_slashes: bool
    """The server's address is given with each / twice, for programs that take one away."""
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository to work for. ``registered`` has the names of tasks to take, empty for all that are configured."""

    name: str
    url: str
    username: str
    password: str
    lifecycle: str
    registered: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name} at {self.url}"

    def __repr__(self) -> str:
        return f"Repository({self})"


@dataclass(frozen=True, slots=True)
class Config:
    """All of it."""

    threads: int
    sleep: float
    """Seconds between two looks for tasks."""
    query: str
    repositories: tuple[Repository, ...]
    programs: Mapping[str, Program]
    unknown: tuple[str, ...]
    """Elements that mean nothing."""

    def programs_for(self, repository: Repository) -> dict[str, Program]:
        """The programs for the tasks of a repository, by the tasks' names."""
        wanted = repository.registered or self.programs.keys()
        return {name: program for name, program in self.programs.items() if name in wanted}

    def query_for(self, state_id: int) -> str:
        """The query that finds the tasks in a state."""
        return self.query.replace(STATE_PLACE, f"{state_id:020d}")


def read_config(folder: Path) -> Config:
    """The settings in a folder. Raises :class:`BadInputError` and :class:`NotFoundError` naming file and element."""
    path = folder / CONFIG
    root = _Element(path, _read_xml(path), "config")
    if root.element.tag != "config":
        raise BadInputError(f"its root is <{root.element.tag}>, not <config>", where=str(path))
    threads = root.whole("threadCount", 1, _MAX_THREADS)
    sleep = root.whole("sleepDuration", _LEAST_SLEEP, 24 * 3600 * 1000) / 1000
    query_path = folder / root.text("taskQueryFile")
    query = _Element(query_path, _read_xml(query_path), "query")
    repositories = tuple(_repository(each) for each in root.children("repositories", "repository"))
    programs = [_program(each) for each in root.children("tasks", "task")]
    root.unique([each.name for each in programs], "tasks/task/name")
    root.unique([f"{each.name} {each.url}" for each in repositories], "repositories/repository/name")
    return Config(
        threads,
        sleep,
        etree.tostring(query.element, encoding="unicode"),
        repositories,
        {each.name: each for each in programs},
        tuple(root.unknown()),
    )


class _Element:
    """An element of a file; errors say which."""

    def __init__(self, path: Path, element: etree._Element, name: str) -> None:
        self.path, self.element, self.name = path, element, name

    def text(self, child: str, default: str | None = None) -> str:
        """What a child has as its text. Raises :class:`BadInputError` if there is none, and no default."""
        found = (self.element.findtext(child) or "").strip()
        if not found and default is None:
            raise self.error(child, "it is missing or empty")
        return found or default or ""

    def whole(self, child: str, least: int, most: int) -> int:
        """A whole number."""
        text = self.text(child)
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise self.error(child, f"{text[:40]!r} is no whole number from {least} to {most}")
        return int(text)

    def flag(self, child: str) -> bool:
        """``true``, or ``false``, which it is if it is missing."""
        text = self.text(child, "false").lower()
        if text not in ("true", "false"):
            raise self.error(child, f"{text[:40]!r} is neither true nor false")
        return text == "true"

    def children(self, group: str, child: str) -> list[_Element]:
        """The elements in a group, of which there must be one."""
        found = self.element.findall(f"{group}/{child}")
        if not found:
            raise self.error(f"{group}/{child}", "there must be one")
        names = [f"{self.name}/{group}/{child}[{number}]" for number in range(1, len(found) + 1)]
        return [_Element(self.path, each, name) for each, name in zip(found, names, strict=True)]

    def unique(self, names: list[str], child: str) -> None:
        """Pass if no name is there twice."""
        for name in names:
            if names.count(name) > 1:
                raise self.error(child, f"{name!r} is there twice")

    def unknown(self) -> list[str]:
        """The elements that mean nothing."""
        found = (self.element.getroottree().getpath(each) for each in self.element.iter("*"))
        paths = (path.lstrip("/") for path in found)
        return [path for path in paths if "/".join(part.partition("[")[0] for part in path.split("/")) not in _KNOWN]

    def error(self, child: str, what: str) -> BadInputError:
        """What is wrong with a child."""
        return BadInputError(what, where=f"{self.path} <{self.name}/{child}>")


_OF_REPOSITORY = ("name", "url", "username", "password", "lifeCycleName", "registeredTasks", "registeredTasks/taskName")
_OF_TASK = ("name", "exec", "escapeUrlForCinnamonClient", "timeout")
_KNOWN = {
    *("config", "config/taskQueryFile", "config/threadCount", "config/sleepDuration"),
    *("config/repositories", "config/repositories/repository", "config/tasks", "config/tasks/task"),
    *(f"config/repositories/repository/{name}" for name in _OF_REPOSITORY),
    *(f"config/tasks/task/{name}" for name in _OF_TASK),
}


def _repository(given: _Element) -> Repository:
    url = given.text("url")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise given.error("url", f"{url[:200]!r} is no address: give it as http://HOST:PORT/cinnamon/cinnamon")
    registered = ((each.text or "").strip() for each in given.element.iterfind("registeredTasks/taskName"))
    return Repository(
        given.text("name"),
        url,
        given.text("username"),
        given.text("password"),
        given.text("lifeCycleName", _LIFECYCLE),
        frozenset(name for name in registered if name),
    )


def _program(given: _Element) -> Program:
    text = given.text("timeout", "0")
    try:
        timeout = float(text)
    except ValueError:
        timeout = -1.0
    if not (math.isfinite(timeout) and timeout >= 0):
        raise given.error("timeout", f"{text[:40]!r} is no number of seconds")
    doubles = given.flag("escapeUrlForCinnamonClient")
    return Program(given.text("name"), tuple(given.text("exec").split()), doubles, timeout or None)


def _read_xml(path: Path) -> etree._Element:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE + 1)
    except FileNotFoundError as error:
        raise NotFoundError("there is no such file", where=str(path)) from error
    except OSError as error:
        raise BadInputError(f"it cannot be read: {error.strerror or error}", where=str(path)) from error
    if len(content) > _MAX_FILE:
        raise BadInputError(f"it is longer than {_MAX_FILE} bytes", where=str(path))
    try:
        return parse_xml(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInputError("it is not UTF-8", where=str(path)) from error
    except BadInputError as error:
        raise BadInputError(error.what, where=str(path), remedy=error.remedy) from error
