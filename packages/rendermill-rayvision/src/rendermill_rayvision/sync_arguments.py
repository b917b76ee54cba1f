"""Arguments of uploads and downloads, in all the shapes that scripts give them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rendermill.farm.model.errors import RendermillError
from rendermill_rayvision.errors import Code, RayvisionError, UnsupportedEngineType

ENGINES = ("aspera", "raysyncproxy")
_KILOBYTE = 1024


@contextmanager
def told_as(code: Code) -> Iterator[None]:
    """Tell Rendermill's errors of a block as RayvisionError with that code."""
    try:
        yield
    except RendermillError as error:
        raise RayvisionError(code, str(error)) from error


def bad_argument(name: str, value: object, remedy: str) -> RayvisionError:
    """The error that names an argument."""
    return RayvisionError(Code.ARGUMENT, f"{name} is {str(value)[:200]!r}: {remedy}")


def bytes_a_second(max_speed: str | int | None) -> int | None:
    """Bytes a second for ``max_speed``, which is in KB (1024 bytes) a second; None for any. Raises RayvisionError."""
    if max_speed is None or max_speed == "":
        return None
    text = str(max_speed).strip()
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise bad_argument("max_speed", max_speed, "give KB a second as a whole number above 0")
    return int(text) * _KILOBYTE


def flag(name: str, value: str | bool) -> bool:
    """``"true"`` and ``"false"``, also as truth values. Raises RayvisionError."""
    text = str(value).lower()
    if text not in ("true", "false"):
        raise bad_argument(name, value, 'give "true" or "false"')
    return text == "true"


def task_ids(value: Any) -> list[int]:
    """The numbers of tasks, each once: a list, or a single one, as numbers or text. Raises RayvisionError."""
    if value is None:
        return []
    several = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    return list(dict.fromkeys(task_id(each) for each in several))


def task_id(value: object) -> int:
    """A task's number. Raises RayvisionError."""
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()):
        raise RayvisionError(Code.TASK, f"{str(value)[:200]!r} is no task's number")
    return int(text)


def seconds(name: str, value: Any) -> float:
    """A time to wait, a tenth of a second at least. Raises RayvisionError."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = -1.0
    if not 0 <= found < float("inf"):
        raise bad_argument(name, value, "give seconds")
    return max(found, 0.1)


def check_engine(engine_type: str) -> None:
    """Pass for the engines that scripts name. Files go another way here. Raises UnsupportedEngineType."""
    if str(engine_type).lower() not in ENGINES:
        raise UnsupportedEngineType(f"{engine_type!r} is no engine: give {' or '.join(ENGINES)}")


def some(items: list[str], most: int = 10) -> str:
    """Lines for a list, which may be long."""
    more = [f"… and {len(items) - most} more"] if len(items) > most else []
    return "\n".join(f"  {each}" for each in [*items[:most], *more])


def folder_name(file: Path) -> str:
    """The name of the folder that a file lies in."""
    return file.absolute().parent.name or "root"
