"""What ``rendermill-transmitter`` is told to move: one path, a list of paths, or an upload.json."""

from __future__ import annotations

import re
from pathlib import Path

from rendermill.cli.transmitter_order import Order
from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.transfer import Item
from rendermill.sdk.upload_json import items_of_json, items_of_path

_PAIR = re.compile(r'local:"(?P<local>[^"]+)"\s+server:"(?P<server>[^"]+)"')


def items_to_send(order: Order) -> list[Item]:
    """The files of an upload. A line of a list is a path, which the file keeps, or ``local:"…" server:"…"``.

    Raises :class:`BadInputError` for a list or an upload.json that cannot be read.
    """
    if order.kind == "upload_json":
        return items_of_json(order.local)
    if order.kind == "upload_path":
        return items_of_path(order.local, order.remote)
    pairs = [(_PAIR.fullmatch(line), line) for line in _lines(order.local)]
    places = [(pair["local"], pair["server"]) if pair else (line, line) for pair, line in pairs]
    return [item for local, server in dict.fromkeys(places) for item in items_of_path(Path(local), server)]


def names_to_fetch(order: Order) -> list[str]:
    """The files and folders of a download. Raises :class:`BadInputError` for a list that cannot be read."""
    return _lines(Path(order.remote)) if order.kind == "download_list" else [order.remote]


def _lines(file: Path) -> list[str]:
    """The lines of a list that are not empty. A name may hold what only Python takes for the end of a line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInputError(f"the list cannot be read: {error.strerror}", where=str(file)) from error
    except ValueError as error:
        raise BadInputError("the list is not UTF-8", where=str(file)) from error
    return [line.strip() for line in text.split("\n") if line.strip()]
