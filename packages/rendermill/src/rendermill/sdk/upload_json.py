"""upload.json: the files of a scene and their paths in the storage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.folders import files_below
from rendermill.sdk.transfer import Item

_REMEDY = 'Give it as {"asset": [{"local": "/a/b.png", "server": "/a/b.png"}]}.'


def items_of_json(file: Path) -> list[Item]:
    """The files that ``scene`` and ``asset`` of an upload.json name, and those of its folders, each once.

    Raises :class:`BadInputError`.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInputError(f"it cannot be read: {error.strerror}", where=str(file)) from error
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"it is no JSON: {error}", where=str(file), remedy=_REMEDY) from error
    if not isinstance(content, dict) or "asset" not in content:
        raise BadInputError("it has no asset", where=str(file), remedy=_REMEDY)
    entries = [_pair(file, kind, each) for kind in ("scene", "asset") for each in _entries(file, kind, content)]
    return [item for local, server in dict.fromkeys(entries) for item in items_of_path(local, server)]


def items_of_path(local: Path, remote: str) -> list[Item]:
    """A file, or all files below a folder.

    ``remote`` is the file's path in the storage, or with a slash at its end the folder for it; of a folder, the folder
    that its content goes into. A file that is not there is an item like any other: the transfer says that it failed.
    """
    local = local.absolute()
    if local.is_dir():
        return [Item(path, f"{remote}/{path.relative_to(local).as_posix()}") for path in files_below(local)]
    return [Item(local, remote + local.name if remote.endswith("/") else remote)]


def _entries(file: Path, kind: str, content: dict[str, Any]) -> list[Any]:
    entries = content.get(kind, [])
    if not isinstance(entries, list):
        raise BadInputError("it is no list", where=f"{file}: {kind}", remedy=_REMEDY)
    return entries


def _pair(file: Path, kind: str, entry: object) -> tuple[Path, str]:
    pair = (entry.get("local"), entry.get("server")) if isinstance(entry, dict) else ()
    match pair:
        case (str(local), str(server)) if local and server:
            return Path(local), server
    raise BadInputError(f"{str(entry)[:200]} names no local and server", where=f"{file}: {kind}", remedy=_REMEDY)
