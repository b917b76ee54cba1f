"""The command line of ``rendermill-transmitter``: options in any order, or the fixed one of older clients."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from rendermill import __version__
from rendermill.farm.model.errors import BadInputError

KINDS = ("upload_json", "upload_list", "upload_path", "download_list", "download_path")
_OLD_KINDS = {
    "upload_file_pairs": "upload_json",
    "upload_file_list": "upload_list",
    "upload_files": "upload_path",
    "download_file_list": "download_list",
    "download_files": "download_path",
}
_OLD_ORDER = (
    *("engine", "line", "host", "port", "storage", "uid", "type"),
    *("local", "remote", "retry", "keep", "speed-limit", "config"),
)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Order:
    """What to move: ``max_speed`` in bytes a second; ``config`` is the INI file of records, None for none."""

    host: str
    port: int
    storage: str
    kind: str
    local: Path
    remote: str
    retries: int
    keep: bool
    max_speed: int | None
    config: Path | None

    @property
    def action(self) -> str:
        """``upload`` or ``download``."""
        return self.kind.partition("_")[0]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInputError(message, remedy="rendermill-transmitter --help lists the options.")


def parse(words: Sequence[str]) -> Order:
    """Read a command line. Raises :class:`BadInputError`."""
    parser = _Parser(prog="rendermill-transmitter", description="Move files to and from a farm.", allow_abbrev=False)
    add = parser.add_argument
    add("-v", "--version", action="version", version=f"rendermill-transmitter {__version__}")
    add("-H", "--host", required=True, help="the farm's host")
    add("-P", "--port", required=True, type=_port, help="its port")
    add("-S", "--storage", required=True, type=_text, help="the storage's number")
    add("-T", "--type", required=True, type=_kind, choices=KINDS, dest="kind", help="what to do")
    add("-L", "--local", required=True, type=_path, help="file, folder or list to send; folder to fill")
    add("-R", "--remote", default="/", help="path in the storage; for download_list the file with the paths")
    add("-r", "--retry", default=2, type=_whole, dest="retries", help="how often a file that failed is sent again")
    add("-K", "--keep", default=False, type=_flag, help="true: make the storage's folders below the local one")
    add("-s", "--speed-limit", type=_speed, dest="max_speed", help="KB/s; 0 for none")
    add("-C", "--config", type=_config, help="INI file of the records of earlier uploads, or None")
    for ignored in (("-E", "--engine"), ("-U", "--uid"), ("-p", "--protocol"), ("--line",)):
        add(*ignored, dest="ignored", help="taken and not needed")
    given = vars(parser.parse_args(_named(words)))
    del given["ignored"]
    return Order(**given)


def _named(words: Sequence[str]) -> list[str]:
    """The words with their options' names, where they are values in the old order."""
    if not words or words[0].startswith("-"):
        return list(words)
    named = [f"--{name}={word}" for name, word in zip(_OLD_ORDER, words, strict=False)]
    return [*named, *words[len(_OLD_ORDER) :]]


def _kind(word: str) -> str:
    return _OLD_KINDS.get(word, word)


def _text(word: str) -> str:
    if not word:
        raise argparse.ArgumentTypeError("it is empty")
    return word


def _path(word: str) -> Path:
    return Path(_text(word))


def _whole(word: str) -> int:
    if not (word.isascii() and word.isdecimal()):
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number")
    return int(word)


def _port(word: str) -> int:
    if not 0 < (port := _whole(word)) < 65536:
        raise argparse.ArgumentTypeError(f"{word} is no port")
    return port


def _speed(word: str) -> int | None:
    return _whole(word) * 1024 or None


def _flag(word: str) -> bool:
    if word.lower() not in _FLAGS:
        raise argparse.ArgumentTypeError(f"{word!r} is neither true nor false")
    return _FLAGS[word.lower()]


def _config(word: str) -> Path | None:
    return None if word in ("", "None") else Path(word)
