"""The users' storage: what clients put in before a job, and see the job's outputs in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rendermill.farm.model.errors import BadInputError, NotFoundError, OverQuotaError
from rendermill.farm.model.records import Output
from rendermill.farm.model.storage import Area, StoredFile, server_path
from rendermill.farm.ports.clock import Clock
from rendermill.farm.ports.store import Queries, Store, Transaction

MAX_LISTED = 10_000


class UserStorage:
    """Everybody's files. Whose they are is said by the caller, who has checked that they may."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def put(self, owner: str, area: Area, path: str, digest: str, size: int, quota: int | None) -> StoredFile:
        """Give a blob that is in the blob store a name; a file of that name is replaced.

        ``quota`` is what all files of the owner may have together, in bytes. Raises :class:`OverQuotaError`, or
        :class:`BadInputError` for a bad name, one that is a folder already, or the output area.
        """
        if area is Area.OUTPUT:
            raise BadInputError("what jobs have published is not written by anybody else", where="storage")
        file = StoredFile(server_path(path), digest, size, self._clock.now())
        await asyncio.wrap_future(self._store.write(lambda tx: _put(tx, owner, area, file, quota)))
        return file

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
        """The files below a folder (all of the area without one), by path; ``after`` pages."""
        name = server_path(folder) if folder.strip("/\\") else ""
        if area is Area.OUTPUT:
            return self._store.read(lambda q: _all_published(q, owner, name, after, limit))
        return self._store.read(lambda q: q.files(owner, area, name, after=after, limit=limit))

    def used(self, owner: str) -> int:
        """The bytes that all files of an owner have together, outputs left out."""
        return self._store.read(lambda q: q.used(owner))


def _put(tx: Transaction, owner: str, area: Area, file: StoredFile, quota: int | None) -> None:
    parents = [file.path[:i] for i, letter in enumerate(file.path) if letter == "/"]
    for parent in parents:
        if tx.file(owner, area, parent) is not None:
            raise BadInputError(f"{parent} is a file and cannot be a folder", where="path")
    if tx.files(owner, area, file.path, after="", limit=1):
        raise BadInputError(f"{file.path} is a folder and cannot be a file", where="path")
    if quota is not None:
        _check_quota(tx, owner, area, file, quota)
    tx.put_file(owner, area, file)


def _check_quota(tx: Transaction, owner: str, area: Area, file: StoredFile, quota: int) -> None:
    before = tx.file(owner, area, file.path)
    used = tx.used(owner) - (before.size if before is not None else 0)
    if used + file.size > quota:
        raise OverQuotaError(
            f"the storage may hold {quota} bytes and holds {used}; this file has {file.size}",
            where=file.path,
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
