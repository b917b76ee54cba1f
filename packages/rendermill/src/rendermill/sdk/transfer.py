"""Sending files to a user's storage, and fetching them from there or from a job.

Contents go by their BLAKE3: what the server has is not sent, what broke off goes on where it was, what is fetched is
checked before it gets its name.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from rendermill.assets.client.depot import Item, Source, Wanted
from rendermill.assets.client.download import Downloader, confined
from rendermill.assets.client.patience import Patience
from rendermill.assets.client.records import Mark, NoRecords, Records
from rendermill.assets.client.telling import Failure, Listener, Options, Summary, Teller
from rendermill.assets.client.upload import Uploader
from rendermill.farm.model.errors import BadInputError
from rendermill.farm.model.storage import server_path
from rendermill.sdk.client import Client
from rendermill.sdk.depots import StorageDepot, job_source, storage_source

__all__ = [
    "Download",
    "Failure",
    "Item",
    "Listener",
    "Mark",
    "NoRecords",
    "Options",
    "Records",
    "Summary",
    "Wanted",
    "confined",
    "download",
    "job_download",
    "record_key",
    "upload",
]
_ROUNDS = 3


def upload(
    client: Client,
    storage: str,
    items: Iterable[Item],
    options: Options | None = None,
    stop: threading.Event | None = None,
) -> Summary:
    """Put files into a storage (``input``, ``config`` or a number); files of their names are replaced.

    Files that cannot be read, have a name that no storage takes, or change whenever they are read are in ``failed``;
    the others are there. ``stop`` ends it from another thread. Raises UnreachableError after about a minute without
    an answer, OverQuotaError, NotAllowedError, NotFoundError for a storage that is none, StoppedError.
    """
    options = options or Options()
    uploader = Uploader(StorageDepot(client, storage), options, prefix=record_key(storage, ""), unfit=_unfit, stop=stop)
    return uploader.send(list(items))


def record_key(storage: str, name: str) -> str:
    """The key under which records have a file of a storage."""
    return f"{storage}:{name}"


def download(
    client: Client,
    storage: str,
    names: Sequence[str],
    folder: Path,
    options: Options | None = None,
    *,
    keep: bool = True,
    stop: threading.Event | None = None,
) -> Summary:
    """Fetch files, or what lies below folders, from a storage; what is there already is not fetched again.

    With ``keep`` they lie below ``folder`` as in the storage, without it as below the name that was asked for. Names
    below which nothing is give no files. Files that cannot be written are in ``failed``, the others are there. Raises
    UnavailableError on a full disk, UnreachableError after about a minute without an answer, NotFoundError for a
    storage that is none, StoppedError.
    """
    source = storage_source(client, storage)
    return Download(source, folder, options or Options(), keep=keep, stop=stop).fetch(names)


def job_download(client: Client, job_id: int, folder: Path, options: Options | None = None) -> Download:
    """The files that a job publishes, to be fetched with ``fetch([""])`` as often as there are new ones."""
    return Download(job_source(client, job_id), folder, options or Options())


class Download:
    """Files that are fetched again and again while they come: what was fetched once is not looked at any more.

    ``taken`` is shared by downloads to folders that may be the same: none puts a file in the place of another's.
    """

    def __init__(
        self,
        source: Source,
        folder: Path,
        options: Options,
        *,
        keep: bool = True,
        stop: threading.Event | None = None,
        taken: dict[str, Wanted] | None = None,
    ) -> None:
        self._source, self._folder, self._options = source, folder, options
        self._keep, self._stop = keep, stop
        self._taken: dict[str, Wanted] = {} if taken is None else taken
        self._done: dict[str, str] = {}

    def fetch(self, names: Sequence[str]) -> Summary:
        """Fetch what is there now of files and folders, and not here yet. As :func:`download`."""
        teller, patience = Teller(self._options.listener), Patience(self._stop)
        downloader = Downloader(self._source, self._folder, self._options, patience, self._done)
        listed = [each for name in names for each in self._below(name, patience)]
        left = [each for each in self._placed(listed, teller) if self._done.get(each.place) != each.hash]
        teller.total(len(left), _size(left))
        for _ in range(_ROUNDS):
            gone = downloader.fetch(left, teller)
            left = [new for each in gone for new in self._renewed(each, patience)]
            teller.total(len(left) - len(gone), _size(left) - _size(gone))
            if not left:
                break
        for each in left:
            teller.failed(confined(self._folder, each.place), each.name, "it is another each time it is fetched")
        return teller.summary()

    def _placed(self, listed: Sequence[Wanted], teller: Teller) -> list[Wanted]:
        """One file for each place."""
        placed: dict[str, Wanted] = {}
        for each in listed:
            path = f"{self._folder}/{each.place}"
            other = self._taken.get(path, each)
            if other.name != each.name and other.hash != each.hash:
                teller.total(1, each.size)
                teller.failed(confined(self._folder, each.place), each.name, f"{other.name} goes to the same place")
            else:
                placed[each.place] = self._taken[path] = each
        return list(placed.values())

    def _below(self, name: str, patience: Patience) -> list[Wanted]:
        """What is there of a name."""
        base = server_path(name) if name.strip("/\\") else ""
        files = patience.call(lambda: list(self._source.below(base)))
        return [Wanted(file["path"], file["hash"], file["size"], self._place(base, file["path"])) for file in files]

    def _renewed(self, gone: Wanted, patience: Patience) -> list[Wanted]:
        """A file that has been replaced, as it is now and for the same place; nothing if it was removed."""
        same = [each for each in self._below(gone.name, patience) if each.name == gone.name]
        return [Wanted(each.name, each.hash, each.size, gone.place) for each in same]

    def _place(self, base: str, path: str) -> str:
        if self._keep or not base:
            return path
        return path[len(base) + 1 :] if path != base else path.rpartition("/")[2]


def _size(files: Sequence[Wanted]) -> int:
    return sum(file.size for file in files)


def _unfit(name: str) -> str:
    try:
        server_path(name)
    except BadInputError as error:
        return error.what
    return ""
