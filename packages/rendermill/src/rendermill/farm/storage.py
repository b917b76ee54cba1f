"""The users' storage: what clients put in before a job, and see the job's outputs in."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence

from rendermill.farm.model.errors import BadInputError, NotFoundError, OverQuotaError, TooLargeError
from rendermill.farm.model.records import Output
from rendermill.farm.model.storage import Area, Offer, StoredFile, server_path
from rendermill.farm.ports.clock import Clock
from rendermill.farm.ports.store import Queries, Store, Transaction

MAX_LISTED = 10_000
_MAX_FOLDERS = 50_000
"""In how many folders files may lie that are put together: the writer looks at each, and everybody waits for it."""


class UserStorage:
    """Everybody's files. Whose they are is said by the caller, who has checked that they may."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def put(self, owner: str, area: Area, offer: Offer, quota: int | None) -> StoredFile:
        """Give a blob that is in the blob store a name; a file of that name is replaced. As :meth:`put_all`."""
        return (await self.put_all(owner, area, [offer], {offer.hash}, quota))[0]

    async def put_all(
        self, owner: str, area: Area, offers: Sequence[Offer], here: Container[str], quota: int | None
    ) -> list[StoredFile]:
        """Give blobs names, as far as they are ``here`` in the blob store (hashes); files of these names are replaced.

        ``quota`` is what all files of the owner may have together, in bytes, those that are not here yet too. Raises
        :class:`OverQuotaError`, :class:`TooLargeError` for too many folders, or :class:`BadInputError` for a bad name,
        one that is a folder already, or the output area; nothing is named then.
        """
        stored, new = await asyncio.to_thread(self._compare, owner, area, offers)
        coming = [file for file in new if file.hash not in here]
        if coming and quota is not None:
            await asyncio.to_thread(self._store.read, lambda q: _check_quota(q, owner, area, new, quota))
        named = [file for file in new if file.hash in here]
        if named:
            folders = await asyncio.to_thread(_folders, [file.path for file in named])
            await asyncio.wrap_future(self._store.write(lambda tx: _put(tx, owner, area, named, folders, quota)))
        return [file for file in stored if file.hash in here]

    def _compare(self, owner: str, area: Area, offers: Sequence[Offer]) -> tuple[list[StoredFile], list[StoredFile]]:
        """What the storage is to hold, and what of that it does not hold yet."""
        wanted = _named(area, offers)
        there = self.find_all(owner, area, list(wanted))
        now = self._clock.now()
        stored = [_kept(there.get(name), offer) or _stored(name, offer, now) for name, offer in wanted.items()]
        return stored, [file for file in stored if there.get(file.path) is not file]

    async def remove(self, owner: str, area: Area, path: str) -> None:
        """Take a name away. Raises :class:`NotFoundError`, :class:`BadInputError`."""
        if area is Area.OUTPUT:
            raise BadInputError("what jobs have published is removed with the job", where="storage")
        name = server_path(path)
        if not await asyncio.wrap_future(self._store.write(lambda tx: tx.remove_file(owner, area, name))):
            raise _no_file(area, name)

    def find(self, owner: str, area: Area, path: str) -> StoredFile | None:
        """The file of that name, or None. Raises :class:`BadInputError` for a bad name."""
        name = server_path(path)
        if area is Area.OUTPUT:
            return self._store.read(lambda q: _published(q, owner, name))
        return self._store.read(lambda q: q.file(owner, area, name))

    def find_all(self, owner: str, area: Area, names: Sequence[str]) -> dict[str, StoredFile]:
        """Those of many files that are there, by their server paths; not for the output area."""
        return {file.path: file for file in self._store.read(lambda q: q.files_named(owner, area, names))}

    def file(self, owner: str, area: Area, path: str) -> StoredFile:
        """The file of that name. Raises :class:`NotFoundError`, :class:`BadInputError`."""
        found = self.find(owner, area, path)
        if found is None:
            raise _no_file(area, path)
        return found

    def below(
        self, owner: str, area: Area, folder: str, *, after: str = "", limit: int = MAX_LISTED
    ) -> list[StoredFile]:
        """The files below a folder (all of the area without one), by path; ``after`` pages. A file is below itself."""
        name = server_path(folder) if folder.strip("/\\") else ""
        if name and (alone := self.find(owner, area, name)) is not None:
            return [] if after >= name else [alone]
        if area is Area.OUTPUT:
            return self._store.read(lambda q: _all_published(q, owner, name, after, limit))
        return self._store.read(lambda q: q.files(owner, area, name, after=after, limit=limit))

    def used(self, owner: str) -> int:
        """The bytes that all files of an owner have together, outputs left out."""
        return self._store.read(lambda q: q.used(owner))


def _named(area: Area, offers: Sequence[Offer]) -> dict[str, Offer]:
    """Offers by their names in the storage; of several of one name the last counts."""
    if area is Area.OUTPUT:
        raise BadInputError("what jobs have published is not written by anybody else", where="storage")
    return {server_path(offer.path): offer for offer in offers}


def _stored(name: str, offer: Offer, now: float) -> StoredFile:
    return StoredFile(name, offer.hash, offer.size, now)


def _kept(there: StoredFile | None, offer: Offer) -> StoredFile | None:
    """What is there, if it is what is offered."""
    return there if there is not None and (there.hash, there.size) == (offer.hash, offer.size) else None


def _folders(names: Sequence[str]) -> dict[str, str]:
    """The folders that files lie in, each with one of the files. Raises :class:`TooLargeError`."""
    found: dict[str, str] = {}
    for name in names:
        at = name.rfind("/")
        while at > 0 and (folder := name[:at]) not in found:
            found[folder] = name
            at = name.rfind("/", 0, at)
        if len(found) > _MAX_FOLDERS:
            what = f"these files lie in more than {_MAX_FOLDERS} folders"
            raise TooLargeError(what, where=name[:200], remedy="Put them with several requests.")
    return found


def _put(
    tx: Transaction, owner: str, area: Area, new: Sequence[StoredFile], folders: dict[str, str], quota: int | None
) -> None:
    of_storage = [file.path for file in tx.files_named(owner, area, sorted(folders))]
    for parent in [*of_storage, *sorted({file.path for file in new} & folders.keys())]:
        raise BadInputError(f"{parent} is a file and cannot be a folder", where=folders[parent])
    if quota is not None:
        _check_quota(tx, owner, area, new, quota)
    for folder in tx.put_files(owner, area, new):
        raise BadInputError(f"{folder} is a folder and cannot be a file", where="path")


def _check_quota(queries: Queries, owner: str, area: Area, new: Sequence[StoredFile], quota: int) -> None:
    replaced = sum(file.size for file in queries.files_named(owner, area, [file.path for file in new]))
    used, more = queries.used(owner), sum(file.size for file in new)
    if used - replaced + more > quota:
        raise OverQuotaError(
            f"the storage may hold {quota} bytes and holds {used}; what comes has {more}",
            where=new[0].path if len(new) == 1 else f"{new[0].path} and {len(new) - 1} more",
            remedy="Remove files, or have the quota raised: rendermill user quota NAME BYTES.",
        )


def _no_file(area: Area, path: str) -> NotFoundError:
    return NotFoundError("there is no such file in the storage", where=f"{area}/{path}")


def _published(queries: Queries, owner: str, path: str) -> StoredFile | None:
    folder, _, rest = path.partition("/")
    for job in queries.jobs_of_folder(owner, folder):
        if rest and (output := queries.output(job.id, rest)) is not None:
            return _as_file(folder, output, job.finished or job.created)
    return None


def _all_published(queries: Queries, owner: str, path: str, after: str, limit: int) -> list[StoredFile]:
    folder, _, rest = path.partition("/")
    found: list[StoredFile] = []
    for job in queries.jobs_of_folder(owner, folder or None):
        assert job.folder is not None
        outputs = _within(queries.outputs(job.id), rest)
        found += [_as_file(job.folder, output, job.finished or job.created) for output in outputs]
    return sorted((file for file in found if file.path > after), key=lambda file: file.path)[:limit]


def _within(outputs: Sequence[Output], folder: str) -> list[Output]:
    return [output for output in outputs if not folder or output.path.startswith(f"{folder}/")]


def _as_file(folder: str, output: Output, modified: float) -> StoredFile:
    return StoredFile(f"{folder}/{output.path}", output.hash, output.size, modified)
