"""Messages between an engine and its session hosts: one line each, the class's name and its JSON.

Both ends are the same version of this program, so the format needs no negotiation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from rendermill.farm.model.records import AttemptKey
from rendermill.farm.ports.engine import (
    SessionAlive,
    SessionClosed,
    SessionOpened,
    SessionOrder,
    TaskEnded,
    TaskOrder,
    TaskProgress,
    TaskRan,
    TaskStarted,
)

MAX_LINE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Prepare:
    """Run a command in ``folder`` ahead of a session that may come; it may leave processes for that session."""

    folder: Path
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Open a session in ``folder`` and run ``first`` in it.

    Blobs come from ``blobs``, logs go below ``logs``; the session keeps to these CPUs (none: any).
    """

    order: SessionOrder
    first: TaskOrder
    folder: Path
    blobs: Path
    logs: Path
    path: tuple[str, ...]
    """Folders to put first on the session's PATH."""
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RunTask:
    """Run a task when the ones before it are done."""

    order: TaskOrder


@dataclass(frozen=True, slots=True)
class CancelTask:
    """Stop a task and its process tree; the session ends with it."""

    key: AttemptKey


@dataclass(frozen=True, slots=True)
class CloseSession:
    """Finish what runs, leave the environments, end."""


Message = (
    Prepare
    | OpenSession
    | RunTask
    | CancelTask
    | CloseSession
    | SessionOpened
    | SessionClosed
    | SessionAlive
    | TaskStarted
    | TaskProgress
    | TaskRan
    | TaskEnded
)

_ADAPTERS: dict[str, TypeAdapter[Any]] = {cls.__name__: TypeAdapter(cls) for cls in Message.__args__}


def encode(message: Message) -> bytes:
    """A message as a line."""
    name = type(message).__name__
    try:
        body = _ADAPTERS[name].dump_json(message)
    except PydanticSerializationError:  # text that is no Unicode: an odd file name, a renderer's rubbish
        body = _ADAPTERS[name].dump_json(_ADAPTERS[name].validate_python(_readable(asdict(message))))
    return name.encode() + b" " + body + b"\n"


def _readable(data: Any) -> Any:
    """The same with a question mark for each character that cannot be encoded."""
    if isinstance(data, str):
        return data.encode(errors="replace").decode()
    if isinstance(data, dict):
        return {name: _readable(value) for name, value in data.items()}
    return [_readable(each) for each in data] if isinstance(data, list | tuple) else data


def decode(line: bytes) -> Message:
    """The message of a line that :func:`encode` made. Raises ValueError for anything else."""
    name, _, body = line.partition(b" ")
    adapter = _ADAPTERS.get(name.decode(errors="replace"))
    if adapter is None:
        raise ValueError(f"unknown message {name[:40]!r}")
    message: Message = adapter.validate_json(body)
    return message
