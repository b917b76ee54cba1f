"""BLAKE3 of files, with a cache by size and modification time so that an unchanged file is read once."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from pathlib import Path

from blake3 import blake3

_CACHE_VERSION = 1
_SETTLED_SECONDS = 2.0
_BIG = 4 * 1024 * 1024
HASH = re.compile(r"[0-9a-f]{64}")


def hash_file(path: Path) -> str:
    """The BLAKE3 of a file's content, in hex. Raises OSError."""
    hasher = blake3()
    if path.stat().st_size >= _BIG:
        hasher.update_mmap(path)
    else:
        hasher.update(path.read_bytes())
    return hasher.hexdigest()


class HashCache:
    """Hashes of files seen before, kept in a small JSON file. Losing it costs time and nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, list[object]] = {}
        self._changed = False
        try:
            loaded = json.loads(path.read_text())
        except (OSError, ValueError):
            return
        if (
            isinstance(loaded, dict)
            and loaded.get("version") == _CACHE_VERSION
            and isinstance(loaded.get("files"), dict)
        ):
            self._entries = loaded["files"]

    def hash(self, path: Path) -> str:
        """The BLAKE3 of a file, from the cache if its size, inode and time are as they were."""
        status = path.stat()
        mark = [status.st_size, status.st_mtime_ns, status.st_ino]
        known = self._entries.get(str(path))
        if known is not None and known[:3] == mark:
            return str(known[3])
        digest = hash_file(path)
        if time.time() - status.st_mtime > _SETTLED_SECONDS:  # a file just written may change within its tick
            self._entries[str(path)] = [*mark, digest]
            self._changed = True
        return digest

    def save(self) -> None:
        """Write the cache if it changed; a failure to is no failure."""
        if not self._changed:
            return
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps({"version": _CACHE_VERSION, "files": self._entries}))
            temporary.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
