"""Where files go and come from, over the native API: a user's storage, the inputs and outputs of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from urllib3.exceptions import HTTPError

from rendermill.assets.client.depot import Body, Offered
from rendermill.assets.framing import chunk_length
from rendermill.farm.model.errors import BadInputError, WrongContentError
from rendermill.sdk.client import Client

_BLOCK = 256 * 1024
_PAGE = 5000


class _BlobDepot:
    """Contents by hash (:class:`rendermill.assets.client.depot.Depot` says what the methods do)."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def put_batch(self, size: int, body: Body) -> set[str]:
        """Send small contents."""
        return set(self._put("POST", "batch", size, body)["refused"])

    def put_blob(self, digest: str, size: int, body: Body) -> None:
        """Send a content."""
        self._put("PUT", digest, size, body)

    def chunks(self, digest: str, size: int) -> set[int]:
        """The chunks that are there."""
        return set(self._client.json("GET", f"/blobs/{digest}/chunks", {"size": size})["present"])

    def put_chunk(self, digest: str, size: int, index: int, chunk_hash: str, body: Body) -> None:
        """Send a chunk."""
        length = chunk_length(size, index)
        self._put("PUT", f"{digest}/chunks/{index}?size={size}", length, body, {"X-Chunk-Hash": chunk_hash})

    def complete(self, digest: str, size: int) -> bool:
        """Have the whole looked at."""
        return self._client.request("POST", f"/api/v1/blobs/{digest}/complete?size={size}").status == 200

    def _put(
        self, method: str, path: str, length: int, body: Body, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {"Content-Length": str(length), "Content-Type": "application/octet-stream", **(headers or {})}
        response = self._client.request(method, f"/api/v1/blobs/{path}", headers=headers, body=body)
        answer: dict[str, Any] = response.json()
        return answer


class JobDepot(_BlobDepot):
    """The inputs of a job that is yet to be made; ``inputs`` has what was offered last under each name."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.inputs: dict[str, Offered] = {}

    def offer(self, files: Sequence[Offered]) -> set[str]:
        """The hashes of those whose content the farm lacks; the job will name them."""
        self.inputs |= {file.name: file for file in files}
        asked = sorted({file.hash for file in files})
        return set(self._client.json("POST", "/blobs/missing", json={"hashes": asked})["missing"])


class StorageDepot(_BlobDepot):
    """A user's storage, by ``input``, ``config`` or its number."""

    def __init__(self, client: Client, storage: str) -> None:
        super().__init__(client)
        self._storage = _one_word(storage)

    def offer(self, files: Sequence[Offered]) -> set[str]:
        """Put files into the storage; the hashes of those whose content it lacks."""
        offered = [{"path": file.name, "hash": file.hash, "size": file.size} for file in files]
        return set(self._client.json("POST", f"/files/{self._storage}", json={"files": offered})["missing"])


class HttpSource:
    """Files by name below an address (:class:`rendermill.assets.client.depot.Source`)."""

    def __init__(self, client: Client, address: str, listed: Callable[[str], Iterator[dict[str, Any]]]) -> None:
        self._client, self._address = client, address
        self.below = listed

    def read(self, name: str, digest: str, offset: int) -> tuple[int, Iterator[bytes]]:
        """The content of a file from a byte on."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        address = f"{self._address}/{quote(name)}"
        response = self._client.request("GET", address, headers=headers, preload_content=False)
        if response.headers.get("X-Hash", digest) != digest:
            response.close()
            raise WrongContentError("it has been replaced", where=name)

        def content() -> Iterator[bytes]:
            try:
                yield from response.stream(_BLOCK)
            except HTTPError as error:
                raise self._client.unreachable(error) from error
            finally:
                response.close()  # of a connection whose content was read to its end nothing is left to close

        return (offset if response.status == 206 else 0), content()


def storage_source(client: Client, storage: str) -> HttpSource:
    """The files of a storage; ``below(name)`` gives that file, or those below that folder."""
    storage = _one_word(storage)

    def below(name: str) -> Iterator[dict[str, Any]]:
        after = ""
        while True:
            query = {"folder": name, "after": after, "limit": _PAGE}
            page = client.json("GET", f"/files/{storage}", query)["files"]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]["path"]

    return HttpSource(client, f"/api/v1/files/{storage}", below)


def job_source(client: Client, job_id: int) -> HttpSource:
    """The published files of a job."""
    return HttpSource(client, f"/api/v1/jobs/{job_id}/outputs", lambda _: iter(client.outputs(job_id)))


def _one_word(storage: str) -> str:
    if not storage.isalnum():
        raise BadInputError(f"{storage!r} is no storage", where="storage", remedy="input, config, output or a number.")
    return storage
