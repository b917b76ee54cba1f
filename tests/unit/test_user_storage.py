"""A user's storage: names, quotas, what jobs have published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.farm.model.errors import BadInputError, NotFoundError, OverQuotaError
from rendermill.farm.model.storage import Area, Offer, parse_storage_number, server_path, storage_number
from rendermill.farm.storage import UserStorage
from rendermill.store.database import SqlStore
from support.campaign import fixed, full
from support.clock import FakeClock
from support.stores import fresh_store

A, B = "ab" * 32, "cd" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = fresh_store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def storage(store: SqlStore) -> UserStorage:
    return UserStorage(store, FakeClock(1000.0))


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "path"),
    [
        (r"D:\a\b.hip", "D/a/b.hip"),
        (r"\\srv\share\a", "srv/share/a"),
        ("/home/u/a", "home/u/a"),
        ("home/u/a", "home/u/a"),
        ("//home///u/a/", "home/u/a"),
        ("d:/a:b", "d/ab"),
        ("/D:/a", "D/a"),
        ("/a:b/x", "a:b/x"),
        ("/show/a:b.png", "show/a:b.png"),
        ("/项目/第 1 镜.blend", "项目/第 1 镜.blend"),
        ("/a/..b/c...", "a/..b/c..."),
    ],
)
def test_a_clients_path_becomes_a_server_path(local: str, path: str) -> None:
    assert server_path(local) == path
    assert server_path(path) == path


@pytest.mark.parametrize(
    "local",
    ["", "/", r"\\", "..", "a/../b", r"a\..\b", "./a", "a/.", "a\nb", "a\0b", "\x7f", "a/" + "x" * 256, "é" * 128],
)
def test_what_names_no_file_below_the_storage_is_refused(local: str) -> None:
    with pytest.raises(BadInputError):
        server_path(local)


def _any_path_stays_below(text: str) -> None:
    try:
        path = server_path(text)
    except BadInputError:
        return
    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert path.isprintable() or not any(ord(letter) < 32 for letter in path)
    path.encode()


paths = st.text(st.sampled_from("aé./\\:D\0\n\ud800~") | st.characters(), max_size=40)


@given(paths)
@fixed(300)
def test_any_path_stays_below_the_storage(text: str) -> None:
    _any_path_stays_below(text)


@pytest.mark.soak
@given(paths)
@full(300)
def test_any_path_stays_below_the_storage_at_full_length(text: str) -> None:
    _any_path_stays_below(text)


@given(st.integers(0, 99_999_999), st.sampled_from(Area))
@fixed(50)
def test_a_storages_number_tells_user_and_area(user: int, area: Area) -> None:
    assert parse_storage_number(storage_number(user, area)) == (user, area)


@pytest.mark.parametrize("text", ["", "0", "9", "-1", "1e3", "12x", "\uff141", "1" * 13])
def test_other_numbers_are_no_storages(text: str) -> None:
    assert parse_storage_number(text) is None


# --- files -------------------------------------------------------------------------------------------------------


async def test_a_file_is_found_by_any_writing_of_its_name(storage: UserStorage) -> None:
    made = await storage.put("ann", Area.INPUT, Offer(r"D:\show\a.blend", A, 5), None)
    assert (made.path, made.modified) == ("D/show/a.blend", 1000.0)
    assert storage.find("ann", Area.INPUT, "/D/show/a.blend") == made
    assert storage.find("ann", Area.CONFIG, "D/show/a.blend") is None
    assert storage.find("bob", Area.INPUT, "D/show/a.blend") is None
    with pytest.raises(NotFoundError):
        storage.file("bob", Area.INPUT, "D/show/a.blend")


async def test_a_file_put_again_is_replaced_and_counted_once(storage: UserStorage) -> None:
    await storage.put("ann", Area.INPUT, Offer("a", A, 60), 100)
    await storage.put("ann", Area.INPUT, Offer("a", B, 90), 100)
    assert storage.used("ann") == 90
    assert storage.file("ann", Area.INPUT, "a").hash == B


async def test_a_quota_holds_for_all_areas_and_leaves_what_was_there(storage: UserStorage) -> None:
    await storage.put("ann", Area.CONFIG, Offer("a", A, 60), 100)
    with pytest.raises(OverQuotaError, match="may hold 100 bytes and holds 60; what comes has 41"):
        await storage.put("ann", Area.INPUT, Offer("b", B, 41), 100)
    assert storage.find("ann", Area.INPUT, "b") is None
    await storage.put("ann", Area.INPUT, Offer("b", B, 40), 100)
    await storage.remove("ann", Area.CONFIG, "a")
    await storage.put("ann", Area.INPUT, Offer("c", B, 60), 100)


async def test_nothing_is_a_file_and_a_folder(storage: UserStorage) -> None:
    await storage.put("ann", Area.INPUT, Offer("a/b", A, 1), None)
    with pytest.raises(BadInputError, match="is a folder"):
        await storage.put("ann", Area.INPUT, Offer("a", A, 1), None)
    with pytest.raises(BadInputError, match="is a file"):
        await storage.put("ann", Area.INPUT, Offer("a/b/c", A, 1), None)


async def test_a_folder_lists_what_is_below_it_and_no_neighbour(storage: UserStorage) -> None:
    for path in ("a/1", "a/b/2", "a.c", "a0", "ab/3", "b"):
        await storage.put("ann", Area.INPUT, Offer(path, A, 1), None)
    assert [file.path for file in storage.below("ann", Area.INPUT, "/a/")] == ["a/1", "a/b/2"]
    assert [file.path for file in storage.below("ann", Area.INPUT, "", after="a0")] == ["ab/3", "b"]
    assert [file.path for file in storage.below("ann", Area.INPUT, "/", limit=2)] == ["a.c", "a/1"]


async def test_nobody_writes_where_jobs_publish(storage: UserStorage) -> None:
    with pytest.raises(BadInputError):
        await storage.put("ann", Area.OUTPUT, Offer("a", A, 1), None)
    with pytest.raises(BadInputError):
        await storage.remove("ann", Area.OUTPUT, "a")


async def test_removing_what_is_not_there_is_refused(storage: UserStorage) -> None:
    with pytest.raises(NotFoundError):
        await storage.remove("ann", Area.INPUT, "a")
