"""Sending files: what arrives, what is sent, and what happens when something goes wrong on the way."""

from __future__ import annotations

import itertools
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rendermill.assets.client import upload as module
from rendermill.assets.client.depot import Body, Item
from rendermill.assets.client.telling import Options, Summary
from rendermill.assets.client.upload import Uploader
from rendermill.farm.model.errors import OverQuotaError, StoppedError, UnavailableError, UnreachableError
from support.depots import CHUNK, SMALL, Storage, Trouble, small_pieces
from support.heard import Heard

HEAD = 36
STREAMS = 4


class Sending:
    """A folder, and a storage that its files go to."""

    def __init__(self, root: Path) -> None:
        self.folder, self.storage = root / "local", Storage(root / "blobs")
        self.folder.mkdir()
        self.items: list[Item] = []
        self.heard = Heard()
        self.stop = threading.Event()

    def file(self, name: str, content: bytes) -> Path:
        """A file that is to be sent under its name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.items.append(Item(path, name))
        return path

    def upload(self, streams: int = STREAMS) -> Summary:
        self.heard = Heard()
        options = Options(streams=streams, listener=self.heard)
        summary = Uploader(self.storage, options, stop=self.stop).send(self.items)
        assert self.heard.ended == Counter(item.name for item in self.items), "each file ends once"
        assert (self.heard.files, self.heard.size) == (summary.files, summary.size)
        return summary

    def tree(self) -> dict[str, bytes]:
        return {item.name: item.local.read_bytes() for item in self.items}


@pytest.fixture
def sending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sending]:
    small_pieces(monkeypatch)
    made = Sending(tmp_path)
    yield made
    made.storage.close()


def one_of_each(sending: Sending) -> None:
    """Small files, one that goes alone, one of three chunks."""
    for number in range(10):
        sending.file(f"small/{number}", os.urandom(1000))
    sending.file("empty", b"")
    sending.file("middle", os.urandom(SMALL + 1))
    sending.file("large", os.urandom(2 * CHUNK + 1))


# --- what arrives ------------------------------------------------------------------------------------------------


def test_files_of_all_sizes_arrive(sending: Sending) -> None:
    for size in (0, 1, SMALL - 1, SMALL, SMALL + 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5):
        sending.file(f"of {size}", os.urandom(size))
    summary = sending.upload()
    assert sending.storage.holds() == sending.tree()
    size = sum(map(len, sending.tree().values()))
    assert summary == Summary(10, size, 10, size, ())
    assert sending.heard.read == size
    assert sending.heard.bytes == sending.storage.received == size + 4 * HEAD


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_it_does_not_matter_how_files_fall_into_pages(
    sending: Sending, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(module, "_PAGE_FILES", page)
    one_of_each(sending)
    sending.file("again", (sending.folder / "large").read_bytes())
    assert sending.upload().moved_files == len(sending.items) - 1
    assert sending.storage.holds() == sending.tree()


def test_what_is_there_is_not_sent(sending: Sending) -> None:
    one_of_each(sending)
    sending.upload()
    received = sending.storage.received
    again = sending.upload()
    assert (again.moved_files, again.moved_size, again.failed) == (0, 0, ())
    sending.file("new", b"new")
    assert sending.upload().moved_files == 1
    assert sending.storage.received == received + HEAD + 3


@pytest.mark.parametrize("size", [10, SMALL + 1, 2 * CHUNK])
@pytest.mark.parametrize("page", [1, 2, 100])
def test_one_content_under_many_names_is_sent_once(
    sending: Sending, monkeypatch: pytest.MonkeyPatch, size: int, page: int
) -> None:
    monkeypatch.setattr(module, "_PAGE_FILES", page)
    content = os.urandom(size)
    for name in ("a", "b/c", "d", "e"):
        sending.file(name, content)
    sending.items.append(Item(sending.folder / "a", "the same file elsewhere"))
    summary = sending.upload()
    assert (summary.files, summary.moved_files, summary.moved_size) == (5, 1, size)
    assert sending.storage.received == size + (HEAD if size <= SMALL else 0)
    assert set(sending.storage.holds().values()) == {content}
    assert len(sending.storage.holds()) == 5


def test_small_contents_go_together(sending: Sending) -> None:
    for number in range(50):
        sending.file(str(number), os.urandom(200))
    sending.upload()
    assert sending.storage.calls.count("put_batch") == 2
    assert sending.storage.calls.count("offer") == 2


def test_nothing_to_send_is_no_error(sending: Sending) -> None:
    assert sending.upload() == Summary(0, 0, 0, 0, ())
    assert sending.storage.calls == []


NAMES = [
    "with spaces/and more of them .hip",
    "项目/第 1 镜/木纹 ü.png",
    "A.png",
    "a.png",
    "n" * 255,
    "字" * 85,
    "/".join(["a folder of some letters"] * 12) + "/" + "f" * 60,
    "-rf",
    "~",
    "$(echo) `x` 'y' \"z\" %2e%2e#?&",
    "trailing dot.",
]


def test_names_of_all_kinds_arrive(sending: Sending) -> None:
    assert len(NAMES[6]) > 300
    for number, name in enumerate(NAMES):
        sending.file(name, f"content {number}".encode())
    assert sending.upload().failed == ()
    assert sending.storage.holds() == sending.tree()
    assert len(sending.storage.holds()) == len(NAMES)


def test_a_link_is_the_file_it_leads_to(sending: Sending) -> None:
    target = sending.file("target", b"content")
    for name, leads_to in (("link", target), ("second", sending.folder / "link")):
        (sending.folder / name).symlink_to(leads_to)
        sending.items.append(Item(sending.folder / name, name))
    assert sending.upload().moved_files == 1
    assert set(sending.storage.holds().values()) == {b"content"}
    assert len(sending.storage.holds()) == 3


# --- files that are none, or change ------------------------------------------------------------------------------


def test_what_cannot_be_read_is_named_and_the_others_arrive(sending: Sending) -> None:
    sending.file("good", b"good")
    (sending.folder / "folder").mkdir()
    os.mkfifo(sending.folder / "pipe")
    (sending.folder / "loop").symlink_to(sending.folder / "loop")
    for name in ("gone", "folder", "pipe", "loop", "nul\0"):
        sending.items.append(Item(sending.folder / name, name))
    summary = sending.upload()
    why = {each.name: each.why for each in summary.failed}
    assert "embedded null" in why.pop("nul\0")  # Python's words, which change with its versions
    assert why == {
        "gone": "No such file or directory",
        "folder": "it is a folder",
        "pipe": "it is not a file",
        "loop": "Too many levels of symbolic links",
    }
    assert (summary.files, summary.moved_files) == (6, 1)
    assert sending.storage.holds() == {"good": b"good"}


def change(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def once(call: str, work: Callable[[], object]) -> Callable[[str], None]:
    """Does something before the first call of that name."""
    left = [work]

    def meanwhile(name: str) -> None:
        if name == call and left:
            left.pop()()

    return meanwhile


@pytest.mark.parametrize("size", [100, SMALL + 1, 3 * CHUNK])
@pytest.mark.parametrize("new", [b"other", b"", os.urandom(4 * CHUNK)])
def test_a_file_that_changes_after_it_was_read_arrives_as_it_is_now(sending: Sending, size: int, new: bytes) -> None:
    path = sending.file("a", os.urandom(size))
    sending.file("b", b"another")
    sending.storage.meanwhile = once("offer", lambda: path.write_bytes(new))
    assert sending.upload().failed == ()
    assert sending.storage.holds() == {"a": new, "b": b"another"}


def test_a_large_file_that_changes_between_its_chunks_is_never_mixed(sending: Sending) -> None:
    path = sending.file("a", b"1" * (3 * CHUNK))
    sending.storage.meanwhile = once("put_chunk", lambda: path.write_bytes(b"2" * (3 * CHUNK)))
    assert sending.upload(streams=1).failed == ()
    assert sending.storage.holds() == {"a": b"2" * (3 * CHUNK)}


@pytest.mark.parametrize("size", [100, SMALL + 1, 3 * CHUNK])
def test_a_file_that_goes_away_is_named(sending: Sending, size: int) -> None:
    path = sending.file("a", os.urandom(size))
    sending.file("b", b"another")
    sending.storage.meanwhile = once("offer", path.unlink)
    summary = sending.upload()
    assert [(each.name, each.why) for each in summary.failed] == [("a", "No such file or directory")]
    assert sending.storage.holds() == {"b": b"another"}


@pytest.mark.parametrize("size", [100, SMALL + 1, 3 * CHUNK])
def test_a_file_that_never_stays_the_same_is_named_after_some_tries(sending: Sending, size: int) -> None:
    path = sending.file("a", os.urandom(size))
    sending.file("b", b"another")
    sending.storage.meanwhile = lambda call: change(path, os.urandom(size)) if call == "offer" else None
    summary = sending.upload()
    assert [(each.name, each.why) for each in summary.failed] == [("a", "it changes while it is sent")]
    assert sending.storage.holds() == {"b": b"another"}
    assert sending.storage.calls.count("offer") < 6


@pytest.mark.parametrize("seed", range(15))
def test_what_is_stored_is_always_one_state_of_the_file(sending: Sending, seed: int) -> None:
    chance = random.Random(seed)
    states: list[bytes] = []

    def state() -> bytes:
        size = chance.choice([100, SMALL + 1, 2 * CHUNK, 2 * CHUNK, 3 * CHUNK])
        states.append(bytes([len(states)]) * size)
        return states[-1]

    path = sending.file("a", state())
    sending.storage.meanwhile = lambda _: change(path, state()) if chance.random() < 0.15 else None
    summary = sending.upload(streams=1)
    found = sending.storage.holds().get("a")
    assert found in (None, *states)
    assert bool(summary.failed) == (found is None)


def test_a_file_that_another_thread_overwrites_is_never_mixed(sending: Sending) -> None:
    """Each write is one call, so a file of different letters was read in the middle of one."""
    size, chance = 3 * CHUNK, random.Random(0)
    path = sending.file("a", b"0" * size)
    go, end = threading.Event(), threading.Event()

    def write() -> None:
        with path.open("r+b", buffering=0) as file:
            for letter in itertools.cycle(b"123456789"):
                go.wait()
                go.clear()
                if end.is_set():
                    return
                os.pwrite(file.fileno(), bytes([letter]) * size, 0)

    class Meddling(Heard):
        def hashed(self, size: int) -> None:
            if chance.random() < 0.2:
                go.set()

    writer = threading.Thread(target=write)
    writer.start()
    sending.storage.meanwhile = lambda _: go.set() if chance.random() < 0.1 else None
    arrived = 0
    for _ in range(20):
        summary = Uploader(sending.storage, Options(listener=Meddling())).send(sending.items)
        arrived += not summary.failed
        assert all(len(set(content)) == 1 for content in sending.storage.holds().values())
    end.set()
    go.set()
    writer.join()
    assert arrived


def test_who_relies_on_a_content_that_another_file_has_no_more_sends_its_own(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE_FILES", 1)
    first = sending.file("a", b"same")
    sending.file("b", b"same")
    sending.storage.meanwhile = once("offer", lambda: first.write_bytes(b"other"))
    assert sending.upload().failed == ()
    assert sending.storage.holds() == {"a": b"other", "b": b"same"}


# --- troubles on the way -----------------------------------------------------------------------------------------

CALLS = ["offer", "put_batch", "put_blob", "chunks", "put_chunk", "complete"]


@pytest.mark.parametrize("trouble", [Trouble.AWAY, Trouble.MIDWAY, Trouble.LOST])
@pytest.mark.parametrize("call", CALLS)
def test_everything_arrives_though_connections_break(sending: Sending, call: str, trouble: Trouble) -> None:
    one_of_each(sending)
    sending.storage.trouble[call].extend([trouble] * 3)
    assert sending.upload().failed == ()
    assert sending.storage.holds() == sending.tree()
    assert not sending.storage.trouble[call]
    size = sum(map(len, sending.tree().values()))
    assert sending.heard.bytes == size + 11 * HEAD, "what was sent twice is counted once"


@pytest.mark.parametrize("call", ["put_batch", "put_blob", "put_chunk"])
@pytest.mark.parametrize("times", [1, 2])
def test_what_was_damaged_on_its_way_is_sent_again(sending: Sending, call: str, times: int) -> None:
    one_of_each(sending)
    sending.storage.trouble[call].extend([Trouble.DAMAGED] * times)
    assert sending.upload(streams=1).failed == ()
    assert sending.storage.holds() == sending.tree()


def test_troubles_of_all_kinds_in_any_order(sending: Sending) -> None:
    for seed in range(6):
        chance = random.Random(seed)
        one_of_each(sending)
        for call in CALLS:
            sending.storage.trouble[call].extend(
                chance.choice([Trouble.AWAY, Trouble.MIDWAY, Trouble.LOST]) for _ in range(chance.randrange(4))
            )
        assert sending.upload().failed == ()
        assert sending.storage.holds() == sending.tree()
        sending.items.clear()


@pytest.mark.parametrize("call", CALLS)
def test_a_server_that_stays_away_ends_it(sending: Sending, call: str) -> None:
    one_of_each(sending)
    sending.storage.trouble[call].extend([Trouble.AWAY] * 500)
    with pytest.raises(UnreachableError):
        sending.upload()


def test_a_full_storage_ends_it_before_any_content_goes(sending: Sending) -> None:
    sending.storage.quota = 1000
    one_of_each(sending)
    with pytest.raises(OverQuotaError):
        sending.upload()
    assert sending.storage.received == 0
    assert sending.storage.holds() == {}


def test_chunks_that_somebody_had_the_server_forget_are_sent_again(sending: Sending) -> None:
    """Another process sent the same content, wrongly, and the server threw away what both had sent."""
    path = sending.file("a", os.urandom(3 * CHUNK))

    def forget() -> None:
        for file in (sending.storage.blobs.path("0" * 64).parent.parent / "partial").iterdir():
            file.unlink()

    sending.storage.meanwhile = once("complete", forget)
    assert sending.upload().failed == ()
    assert sending.storage.holds() == {"a": path.read_bytes()}


# --- stopping and going on ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS)
def test_a_stop_ends_it_wherever_it_is(sending: Sending, call: str) -> None:
    one_of_each(sending)
    sending.storage.meanwhile = once(call, sending.stop.set)
    with pytest.raises(StoppedError):
        sending.upload()
    assert set(sending.storage.holds().items()) <= set(sending.tree().items())


def test_a_stop_does_not_wait_for_the_end_of_a_large_file_that_is_being_read(sending: Sending) -> None:
    path = sending.file("a", b"")
    os.truncate(path, 50 * 1024 * 1024)

    class Stopping(Heard):
        def hashed(self, size: int) -> None:
            super().hashed(size)
            sending.stop.set()

    heard = Stopping()
    with pytest.raises(StoppedError):
        Uploader(sending.storage, Options(listener=heard), stop=sending.stop).send(sending.items)
    assert heard.read <= 1024 * 1024


@pytest.mark.parametrize("streams", [1, 4])
@pytest.mark.parametrize("sent", [1, 3, 6])
def test_what_was_broken_off_goes_on_with_at_most_a_chunk_a_stream_sent_again(
    sending: Sending, streams: int, sent: int
) -> None:
    path = sending.file("large", os.urandom(8 * CHUNK + 77))

    def stop(call: str) -> None:
        if call == "put_chunk" and sending.storage.calls.count(call) > sent:
            sending.stop.set()

    sending.storage.meanwhile = stop
    with pytest.raises(StoppedError):
        sending.upload(streams)
    assert sending.storage.holds() == {}
    sending.stop.clear()
    sending.storage.meanwhile = lambda _: None
    sending.upload(streams)
    assert sending.storage.holds() == {"large": path.read_bytes()}
    assert sending.storage.received <= path.stat().st_size + streams * CHUNK
    assert sending.storage.calls.count("put_chunk") <= 9 + streams


def test_never_more_is_under_way_than_there_are_streams(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    one_of_each(sending)
    under_way, most = 0, 0
    lock = threading.Lock()
    put_chunk = sending.storage.put_chunk

    def counted(digest: str, size: int, index: int, chunk_hash: str, body: Body) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        put_chunk(digest, size, index, chunk_hash, body)
        with lock:
            under_way -= 1

    monkeypatch.setattr(sending.storage, "put_chunk", counted)
    sending.file("larger", os.urandom(20 * CHUNK))
    sending.upload(streams=2)
    assert 1 <= most <= 2


def test_two_who_send_the_same_at_once_do_not_disturb_each_other(sending: Sending) -> None:
    one_of_each(sending)
    sending.file("larger", os.urandom(10 * CHUNK))
    together = threading.Barrier(3)
    failed: list[object] = []

    def run() -> None:
        together.wait()
        failed.extend(Uploader(sending.storage, Options()).send(sending.items).failed)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sending.storage.holds() == sending.tree()


def test_what_the_server_refuses_ends_it_as_it_was_said(sending: Sending, monkeypatch: pytest.MonkeyPatch) -> None:
    one_of_each(sending)

    def full(*_: object) -> None:
        raise UnavailableError("the disk is full")

    for call in ("put_chunk", "put_blob", "put_batch", "offer"):
        monkeypatch.setattr(sending.storage, call, full)
        with pytest.raises(UnavailableError, match="the disk is full"):
            sending.upload()
