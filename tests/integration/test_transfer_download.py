"""Fetching files: whole or not at all, and what happens when something goes wrong on the way."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rendermill.assets.client.download import confined
from rendermill.assets.client.telling import Options, Summary
from rendermill.farm.model.errors import BadInputError, StoppedError, UnavailableError, UnreachableError
from rendermill.sdk.transfer import Download
from support.depots import CHUNK, Storage, Trouble, small_pieces
from support.disks import small_disk
from support.heard import Heard

BIG = 8 * CHUNK + 11
PIECE = 16 * 1024


class Fetching:
    """A storage, and a folder that its files go to."""

    def __init__(self, root: Path) -> None:
        self.storage, self.folder = Storage(root / "blobs"), root / "local"
        self.heard = Heard()
        self.stop = threading.Event()

    def begin(self, *, keep: bool = True, streams: int = 4) -> Download:
        self.heard = Heard()
        options = Options(streams=streams, listener=self.heard)
        return Download(self.storage, self.folder, options, keep=keep, stop=self.stop)

    def fetch(self, *names: str, keep: bool = True, streams: int = 4) -> Summary:
        return self.begin(keep=keep, streams=streams).fetch(names or [""])

    def tree(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def fetching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetching]:
    small_pieces(monkeypatch)
    made = Fetching(tmp_path)
    yield made
    made.storage.close()


# --- what arrives ------------------------------------------------------------------------------------------------


def test_files_of_all_sizes_and_names_arrive(fetching: Fetching) -> None:
    for size in (0, 1, PIECE, PIECE + 1, BIG):
        fetching.storage.put(f"shot/of {size}", os.urandom(size))
    for name in (
        "A.png",
        "a.png",
        "项目/第 1 镜.png",
        "n" * 255,
        "字" * 85,
        "/".join(["folder"] * 50) + "/file",
        "-rf",
    ):
        fetching.storage.put(name, name.encode())
    summary = fetching.fetch()
    assert fetching.tree() == fetching.storage.holds()
    size = sum(map(len, fetching.storage.holds().values()))
    assert summary == Summary(12, size, 12, size, ())
    assert (fetching.heard.files, fetching.heard.size, fetching.heard.bytes) == (12, size, size)
    assert fetching.heard.ended == Counter(list(fetching.storage.holds()))


def test_what_is_here_is_not_fetched(fetching: Fetching) -> None:
    fetching.storage.put("a", b"same")
    fetching.storage.put("b", b"new")
    fetching.folder.mkdir()
    (fetching.folder / "a").write_bytes(b"same")
    (fetching.folder / "b").write_bytes(b"old")
    assert fetching.fetch() == Summary(2, 7, 1, 3, ())
    assert fetching.tree() == {"a": b"same", "b": b"new"}
    assert fetching.fetch().moved_files == 0
    assert fetching.storage.handed == 3


def test_what_was_fetched_is_not_looked_at_again(fetching: Fetching) -> None:
    fetching.storage.put("a", b"a")
    download = fetching.begin()
    assert download.fetch([""]).files == 1
    (fetching.folder / "a").write_bytes(b"the user's own")
    fetching.storage.put("b", b"b")
    assert download.fetch([""]) == Summary(1, 1, 1, 1, ())
    assert fetching.tree() == {"a": b"the user's own", "b": b"b"}
    fetching.storage.put("a", b"newer")
    assert download.fetch([""]).moved_files == 1
    assert fetching.tree()["a"] == b"newer"


def test_a_name_with_nothing_there_gives_no_files(fetching: Fetching) -> None:
    fetching.storage.put("shot/a", b"a")
    for name in ("sho", "shot/a/b", "other"):
        assert fetching.fetch(name) == Summary(0, 0, 0, 0, ())
    assert not fetching.folder.exists()


@pytest.mark.parametrize(
    ("names", "keep", "places"),
    [
        (["shot/a/b"], True, {"shot/a/b/1", "shot/a/b/c/2"}),
        (["/shot/a/b/"], True, {"shot/a/b/1", "shot/a/b/c/2"}),
        (["shot\\a\\b"], False, {"1", "c/2"}),
        (["shot/a/b/1"], True, {"shot/a/b/1"}),
        (["shot/a/b/1"], False, {"1"}),
        ([""], False, {"shot/a/b/1", "shot/a/b/c/2", "shot/3"}),
        (["/"], True, {"shot/a/b/1", "shot/a/b/c/2", "shot/3"}),
        (["shot/a/b/c", "shot/3", "shot/3"], False, {"2", "3"}),
    ],
)
def test_files_lie_as_in_the_storage_or_as_below_the_name(
    fetching: Fetching, names: list[str], keep: bool, places: set[str]
) -> None:
    for name in ("shot/a/b/1", "shot/a/b/c/2", "shot/3"):
        fetching.storage.put(name, name.encode())
    assert fetching.fetch(*names, keep=keep).files == len(places)
    assert set(fetching.tree()) == places


def test_of_two_files_for_one_place_the_second_is_named(fetching: Fetching) -> None:
    for name in ("a/1", "b/1", "c/1"):
        fetching.storage.put(name, b"same" if name != "b/1" else b"other")
    summary = fetching.fetch("a", "b", "c", keep=False)
    assert [(each.name, each.why) for each in summary.failed] == [("b/1", "a/1 goes to the same place")]
    assert (summary.files, summary.moved_files) == (2, 1)
    assert fetching.tree() == {"1": b"same"}


# --- what lies where it should go --------------------------------------------------------------------------------


def test_what_cannot_be_written_is_named_and_the_others_come(fetching: Fetching) -> None:
    for name in ("a", "b/1", "good"):
        fetching.storage.put(name, name.encode())
    (fetching.folder / "a/within").mkdir(parents=True)
    (fetching.folder / "b").write_bytes(b"a file")
    summary = fetching.fetch()
    assert {each.name: each.why for each in summary.failed} == {"a": "Is a directory", "b/1": "File exists"}
    assert fetching.tree() == {"b": b"a file", "good": b"good"}
    assert fetching.storage.calls.count("read") == 1, "what has no place is not fetched"


def test_a_link_is_replaced_and_what_it_leads_to_stays(fetching: Fetching, tmp_path: Path) -> None:
    fetching.storage.put("a", b"new")
    fetching.folder.mkdir()
    (tmp_path / "elsewhere").write_bytes(b"old")
    (fetching.folder / "a").symlink_to(tmp_path / "elsewhere")
    fetching.fetch()
    assert (tmp_path / "elsewhere").read_bytes() == b"old"
    assert not (fetching.folder / "a").is_symlink()
    assert fetching.tree() == {"a": b"new"}


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "..", "", ".", "a\0b"])
def test_no_name_leads_out_of_the_folder(fetching: Fetching, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    fetching.storage.put("good", b"good")
    listed = list(fetching.storage.below(""))
    fetching.storage.files[path] = fetching.storage.files["good"]

    def below(_: str) -> Iterator[dict[str, Any]]:
        return iter([*listed, {**listed[0], "path": path}])

    monkeypatch.setattr(fetching.storage, "below", below)
    with pytest.raises(BadInputError, match="unsafe"):
        fetching.fetch()
    assert not fetching.folder.exists()


def test_a_safe_place_is_below_the_folder(tmp_path: Path) -> None:
    assert confined(tmp_path, "a/..b/c...") == tmp_path / "a/..b/c..."


# --- troubles on the way -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [Trouble.AWAY, Trouble.MIDWAY])
@pytest.mark.parametrize("call", ["below", "read"])
def test_everything_arrives_though_connections_break(fetching: Fetching, call: str, trouble: Trouble) -> None:
    for number in range(5):
        fetching.storage.put(f"{number}", os.urandom(3 * PIECE * number))
    fetching.storage.trouble[call].extend([trouble] * 4)
    assert fetching.fetch().failed == ()
    assert fetching.tree() == fetching.storage.holds()


def test_a_broken_connection_costs_nothing_that_was_here(fetching: Fetching) -> None:
    fetching.storage.put("a", os.urandom(BIG))
    fetching.storage.trouble["read"].extend([Trouble.MIDWAY] * 4)
    fetching.fetch()
    assert fetching.tree() == fetching.storage.holds()
    assert fetching.storage.handed == BIG


def test_a_transfer_that_gets_on_may_break_however_often(fetching: Fetching) -> None:
    """Each time half of the rest comes; a minute of tries would be over after twelve."""
    fetching.storage.put("a", os.urandom(BIG))
    fetching.storage.trouble["read"].extend([Trouble.MIDWAY, Trouble.AWAY, Trouble.AWAY] * 6)
    fetching.fetch()
    assert fetching.tree() == fetching.storage.holds()
    assert fetching.storage.calls.count("read") > 15


@pytest.mark.parametrize("call", ["below", "read"])
def test_a_server_that_stays_away_ends_it_and_one_that_is_back_goes_on(fetching: Fetching, call: str) -> None:
    fetching.storage.put("a", os.urandom(BIG))
    fetching.storage.trouble[call].extend([Trouble.AWAY] * 12)
    download = fetching.begin()
    with pytest.raises(UnreachableError):
        download.fetch([""])
    assert "a" not in fetching.tree()
    assert download.fetch([""]).moved_files == 1
    assert fetching.tree() == fetching.storage.holds()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("size", [5, BIG])
def test_what_was_damaged_on_its_way_is_fetched_again(fetching: Fetching, times: int, size: int) -> None:
    fetching.storage.put("a", os.urandom(size))
    fetching.storage.trouble["read"].extend([Trouble.DAMAGED] * times)
    assert fetching.fetch() == Summary(1, size, 1, size, ())
    assert fetching.tree() == fetching.storage.holds()


def test_what_is_always_damaged_is_named_and_leaves_nothing_under_its_name(fetching: Fetching) -> None:
    fetching.storage.put("a", b"content")
    fetching.storage.trouble["read"].extend([Trouble.DAMAGED] * 100)
    summary = fetching.fetch()
    assert [each.name for each in summary.failed] == ["a"]
    assert (fetching.heard.files, fetching.heard.ended) == (1, Counter({"a": 1}))
    assert fetching.tree() == {}


@pytest.mark.parametrize("keep", [True, False])
def test_a_file_that_is_replaced_meanwhile_comes_as_it_is_now(fetching: Fetching, keep: bool) -> None:
    fetching.storage.put("shot/a/1", b"old")
    fetching.storage.put("shot/2", b"two")
    left = [b"newer", b"newest one"]

    def replace(call: str) -> None:
        if call == "read" and left:
            fetching.storage.put("shot/a/1", left.pop(0))

    fetching.storage.meanwhile = replace
    summary = fetching.fetch("shot", keep=keep)
    base = "shot/" if keep else ""
    assert fetching.tree() == {f"{base}a/1": b"newest one", f"{base}2": b"two"}
    assert summary == Summary(2, 13, 2, 13, ())
    assert (fetching.heard.files, fetching.heard.size) == (2, 13)


def test_a_file_that_is_removed_meanwhile_is_nobodys_failure(fetching: Fetching) -> None:
    fetching.storage.put("a", b"a")
    fetching.storage.put("b", b"b")

    def remove(call: str) -> None:
        if call == "read":
            fetching.storage.files.pop("b", None)

    fetching.storage.meanwhile = remove
    assert fetching.fetch() == Summary(1, 1, 1, 1, ())
    assert fetching.tree() == {"a": b"a"}


# --- stopping and going on ---------------------------------------------------------------------------------------


def stop_after(fetching: Fetching, pieces: int) -> None:
    """Fetch until some pieces have come, and be stopped."""

    class Stopping(Heard):
        def moved(self, size: int) -> None:
            super().moved(size)
            if self.bytes >= pieces * PIECE:
                fetching.stop.set()

    with pytest.raises(StoppedError):
        Download(fetching.storage, fetching.folder, Options(listener=Stopping()), stop=fetching.stop).fetch([""])
    fetching.stop.clear()


@pytest.mark.parametrize("pieces", [1, 7, 30])
def test_what_was_broken_off_goes_on_where_it_was(fetching: Fetching, pieces: int) -> None:
    fetching.storage.put("a", os.urandom(BIG))
    stop_after(fetching, pieces)
    assert "a" not in fetching.tree()
    fetching.fetch()
    assert fetching.tree() == fetching.storage.holds()
    assert fetching.storage.handed <= BIG + 2 * PIECE


def test_a_server_that_cannot_go_on_sends_it_all_again(fetching: Fetching) -> None:
    fetching.storage.put("a", os.urandom(BIG))
    stop_after(fetching, 7)
    fetching.storage.skips = False
    fetching.fetch()
    assert fetching.tree() == fetching.storage.holds()


@pytest.mark.parametrize("left", [b"garbage", b"x" * BIG, b"x" * (BIG + 1), b""])
def test_a_damaged_part_of_an_earlier_try_does_no_harm(fetching: Fetching, left: bytes) -> None:
    fetching.storage.put("a", os.urandom(BIG))
    stop_after(fetching, 1)
    [part] = fetching.folder.iterdir()
    part.write_bytes(left)
    assert fetching.fetch().failed == ()
    assert fetching.tree() == fetching.storage.holds()


def test_a_part_of_another_content_is_not_gone_on_with(fetching: Fetching) -> None:
    fetching.storage.put("a", os.urandom(BIG))
    stop_after(fetching, 7)
    fetching.storage.put("a", os.urandom(BIG))
    fetching.fetch()
    assert fetching.tree()["a"] == fetching.storage.holds()["a"]


def test_a_part_that_is_all_there_is_not_fetched(fetching: Fetching) -> None:
    fetching.storage.put("a", os.urandom(BIG))
    stop_after(fetching, 1)
    [part] = fetching.folder.iterdir()
    part.write_bytes(fetching.storage.holds()["a"])
    handed = fetching.storage.handed
    fetching.fetch()
    assert fetching.tree() == fetching.storage.holds()
    assert fetching.storage.handed == handed


def test_two_downloads_into_one_folder_do_not_disturb_each_other(fetching: Fetching) -> None:
    for number in range(6):
        fetching.storage.put(f"{number}", os.urandom(BIG))
    together = threading.Barrier(3)
    failed: list[object] = []

    def run() -> None:
        together.wait()
        failed.extend(Download(fetching.storage, fetching.folder, Options()).fetch([""]).failed)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert fetching.tree() == fetching.storage.holds()


# --- the disk ----------------------------------------------------------------------------------------------------


def test_a_full_disk_ends_it_and_leaves_no_part(fetching: Fetching, tmp_path: Path) -> None:
    fetching.storage.put("small", b"small")
    fetching.storage.put("z/large", os.urandom(2 * 1024 * 1024))
    with small_disk(tmp_path / "disk") as fetching.folder:
        with pytest.raises(UnavailableError, match=r"disk is full.*z/large has 2048 KiB"):
            fetching.fetch(streams=1)
        assert fetching.tree() == {"small": b"small"}


def test_a_disk_that_fills_up_meanwhile_ends_it_too(fetching: Fetching, tmp_path: Path) -> None:
    fetching.storage.put("large", os.urandom(900 * 1024))
    with small_disk(tmp_path / "disk") as fetching.folder:

        def fill(call: str) -> None:
            if call == "read":
                (fetching.folder / "filler").write_bytes(b"x" * (500 * 1024))

        fetching.storage.meanwhile = fill
        with pytest.raises(UnavailableError, match="disk is full"):
            fetching.fetch()
        assert set(fetching.tree()) == {"filler"}


def test_a_part_needs_no_room_for_what_is_here(fetching: Fetching, tmp_path: Path) -> None:
    fetching.storage.put("large", os.urandom(700 * 1024))
    with small_disk(tmp_path / "disk") as fetching.folder:
        stop_after(fetching, 35)
        assert fetching.fetch().failed == ()
        assert fetching.tree() == fetching.storage.holds()
