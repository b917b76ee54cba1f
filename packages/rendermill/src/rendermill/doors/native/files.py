"""Routes of the users' storage: ``/api/v1/files/{storage}/{path}``.

A storage is ``input``, ``config`` or ``output`` of whoever asks, or a storage's number (see
:mod:`rendermill.farm.model.storage`): by it a sub-account reaches what its main account shares with it, and a main
account what its sub-accounts have.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from rendermill.doors.native.blobs import receive
from rendermill.doors.native.content import content_response
from rendermill.doors.native.identity import User
from rendermill.doors.native.schemas import OffersIn
from rendermill.farm.model.errors import BadInputError, NotAllowedError, NotFoundError, OverQuotaError
from rendermill.farm.model.identity import Account, Identity
from rendermill.farm.model.storage import Area, Offer, parse_storage_number, server_path
from rendermill.farm.ports.accounts import Accounts
from rendermill.farm.ports.blobs import Blobs
from rendermill.farm.storage import MAX_LISTED, UserStorage

router = APIRouter(prefix="/api/v1/files", tags=["files"])


def _place(request: Request, user: Identity, storage: str) -> tuple[Account, Area]:
    """Whose storage that is, and which part of it. Raises NotFoundError, NotAllowedError."""
    accounts: Accounts = request.app.state.accounts
    me = accounts.user(user.name)
    if storage in set(Area):
        return me, Area(storage)
    if (numbered := parse_storage_number(storage)) is None:
        raise NotFoundError(f"there is no storage {storage[:40]!r}", remedy=f"One of {', '.join(Area)}.")
    owner, area = accounts.user_of_id(numbered[0]), numbered[1]
    if not user.acts_for(owner.name) and not (area is Area.INPUT and me.writes_for(owner.name)):
        raise NotAllowedError("it belongs to somebody else", where=f"storage {storage}")
    return owner, area


@router.post("/{storage}")
async def offer(request: Request, user: User, storage: str, offered: OffersIn) -> dict[str, Any]:
    """Put files into the storage by the hashes of their contents, those whose content the farm has.

    Answers ``missing``: the hashes of the others' contents; send those and ask again. All are refused if one has a bad
    name, or if they are more than the quota has room for.
    """
    owner, area = _place(request, user, storage)
    files: UserStorage = request.app.state.files
    blobs: Blobs = request.app.state.blobs
    offers = offered.offers()
    sizes = await run_in_threadpool(lambda: blobs.sizes({each.hash for each in offers}))
    for each in offers:
        if sizes.get(each.hash, each.size) != each.size:
            raise BadInputError(f"that content has {sizes[each.hash]} bytes, not {each.size}", where=each.path)
    await files.put_all(owner.name, area, offers, sizes, owner.quota)
    return {"missing": sorted({each.hash for each in offers} - sizes.keys())}


@router.put("/{storage}/{path:path}", status_code=201)
async def put(request: Request, user: User, storage: str, path: str) -> dict[str, Any]:
    """Put a file into the storage; one of that name is replaced."""
    owner, area = _place(request, user, storage)
    name = server_path(path)
    if area is Area.OUTPUT:
        raise BadInputError("what jobs have published is not written by anybody else", where="storage")
    declared = request.headers.get("content-length", "")
    if owner.quota is not None and declared.isdecimal() and int(declared) > owner.quota:
        raise OverQuotaError(f"the storage may hold {owner.quota} bytes", where=name)
    digest, size = await receive(request)
    files: UserStorage = request.app.state.files
    return asdict(await files.put(owner.name, area, Offer(name, digest, size), owner.quota))


@router.get("/{storage}")
def listing(
    request: Request,
    user: User,
    storage: str,
    folder: str = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 1000,
) -> dict[str, Any]:
    """Files below a folder by path; ``after`` (a path) pages. ``used`` and ``quota`` are bytes."""
    owner, area = _place(request, user, storage)
    files: UserStorage = request.app.state.files
    found = files.below(owner.name, area, folder, after=after, limit=limit)
    return {"files": [asdict(each) for each in found], "used": files.used(owner.name), "quota": owner.quota}


@router.get("/{storage}/{path:path}")
def get(request: Request, user: User, storage: str, path: str) -> Response:
    """The content of a file."""
    owner, area = _place(request, user, storage)
    files: UserStorage = request.app.state.files
    found = files.file(owner.name, area, path)
    return content_response(request, found.hash, found.size)


@router.delete("/{storage}/{path:path}")
async def remove(request: Request, user: User, storage: str, path: str) -> dict[str, Any]:
    """Take a file out of the storage."""
    owner, area = _place(request, user, storage)
    files: UserStorage = request.app.state.files
    await files.remove(owner.name, area, path)
    return {"removed": server_path(path)}
