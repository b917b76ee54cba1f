"""A user's storage: names, quotas, what jobs have published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.farm.model.errors import BadInputError, NotFoundError, OverQuotaError, TooLargeError
from rendermill.farm.model.storage import Area, Offer, StoredFile, parse_storage_number, server_path, storage_number
from rendermill.farm.ports.store import Transaction
from rendermill.farm.storage import UserStorage
from rendermill.store.database import SqlStore
from rendermill.store.queries import SqlQueries
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


# --- many at once ------------------------------------------------------------------------------------------------

BOTH = {A, B}


async def test_many_files_go_in_together_and_those_that_are_there_stay_as_they_are(
    store: SqlStore, storage: UserStorage
) -> None:
    first = await storage.put("ann", Area.INPUT, Offer("a", A, 1), None)
    later = UserStorage(store, FakeClock(2000.0))
    offers = [Offer("/a", A, 1), Offer("b", B, 2), Offer("c/d", A, 1)]
    made = await later.put_all("ann", Area.INPUT, offers, BOTH, None)
    assert made[0] == first
    assert [file.modified for file in made] == [1000.0, 2000.0, 2000.0]
    assert later.find_all("ann", Area.INPUT, ["a", "c/d", "e"]) == {"a": first, "c/d": made[2]}


async def test_of_several_files_of_one_name_the_last_counts(storage: UserStorage) -> None:
    await storage.put_all("ann", Area.INPUT, [Offer("a", A, 60), Offer("/a", B, 70)], BOTH, 70)
    assert (storage.file("ann", Area.INPUT, "a").hash, storage.used("ann")) == (B, 70)


async def test_many_are_put_all_or_none(storage: UserStorage) -> None:
    with pytest.raises(OverQuotaError, match="what comes has 120"):
        await storage.put_all("ann", Area.INPUT, [Offer("a", A, 60), Offer("b", B, 60)], BOTH, 100)
    for wrong in ("a/b", "../x"):
        with pytest.raises(BadInputError):
            await storage.put_all("ann", Area.INPUT, [Offer("a", A, 1), Offer(wrong, B, 1)], BOTH, None)
    assert storage.below("ann", Area.INPUT, "") == []


async def test_a_name_that_only_begins_like_another_is_no_folder_of_it(storage: UserStorage) -> None:
    names = ["a", "a.b", "a-b/c", "a0", "ab/c"]
    for content in BOTH:
        await storage.put_all("ann", Area.INPUT, [Offer(name, content, 1) for name in names], BOTH, None)
    assert {file.path for file in storage.below("ann", Area.INPUT, "")} == set(names)


async def test_a_file_whose_content_is_not_here_has_no_name_yet_and_needs_its_room(storage: UserStorage) -> None:
    offers = [Offer("a", A, 60), Offer("b", B, 40)]
    made = await storage.put_all("ann", Area.INPUT, offers, {A}, 100)
    assert [file.path for file in made] == ["a"]
    with pytest.raises(OverQuotaError):
        await storage.put_all("ann", Area.INPUT, [Offer("c", A, 1), Offer("b", B, 40)], {A}, 100)
    with pytest.raises(BadInputError):
        await storage.put_all("ann", Area.INPUT, [Offer("d", A, 1), Offer("../b", B, 40)], {A}, None)
    assert [file.path for file in storage.below("ann", Area.INPUT, "")] == ["a"]


async def test_files_in_more_folders_than_can_be_looked_at_are_refused(storage: UserStorage) -> None:
    deep = [Offer(f"{number}/" + "a/" * 500 + "x", A, 1) for number in range(200)]
    with pytest.raises(TooLargeError, match="50000 folders"):
        await storage.put_all("ann", Area.INPUT, deep, BOTH, None)
    assert await storage.put_all("ann", Area.INPUT, deep[:90], BOTH, None)
    shared = [Offer("0/" + "a/" * 500 + f"y{number}", A, 1) for number in range(200)]
    assert await storage.put_all("ann", Area.INPUT, shared, BOTH, None)
    with pytest.raises(BadInputError, match="0/a/a is a folder"):
        await storage.put_all("ann", Area.INPUT, [Offer("0/a/a", A, 1)], BOTH, None)


def test_a_page_of_a_folder_costs_no_more_for_the_files_before_it(store: SqlStore) -> None:
    def fill(tx: Transaction) -> list[str]:
        return tx.put_files("ann", Area.INPUT, [StoredFile(f"{name}/x", A, 1, 0.0) for name in range(10_000, 20_000)])

    store.write(fill).result()
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store.engine.connect() as connection:
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
        sqlite.set_progress_handler(count, 100)
        for folder, after in (("19999", ""), ("19999", "15000/x"), ("10000", ""), ("", "19998/x")):
            assert len(SqlQueries(connection).files("ann", Area.INPUT, folder, after=after, limit=10)) == 1
        sqlite.set_progress_handler(None, 0)
    assert steps < 20
