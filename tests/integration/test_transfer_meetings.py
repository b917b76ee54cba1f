"""Two downloads of one file into one folder, the one stopped at every step of its way while the other goes on."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from rendermill.assets.client import download
from rendermill.farm.model.errors import UnreachableError
from rendermill.sdk.transfer import Download, Options
from support import depots
from support.depots import CHUNK, Storage, Trouble, small_pieces
from support.interleaving import Meeting

ROOMS = "rendermill.assets.client"
CONTENT = os.urandom(CHUNK + 11)
MEETINGS, CAMPAIGN = 500, 20_000


class Meetings:
    """A storage with one file, and downloads of it that meet in a folder."""

    def __init__(self, root: Path) -> None:
        self.storage, self.folder = Storage(root / "blobs"), root / "local"
        self.storage.put("a", CONTENT)
        self.storage.trouble["read"] += [Trouble.MIDWAY, *[Trouble.AWAY] * 11]
        with pytest.raises(UnreachableError):
            self._fetch()
        [part] = self.folder.iterdir()
        self.name, self.begun = part.name, part.read_bytes()
        assert 0 < len(self.begun) < len(CONTENT)

    def _fetch(self) -> None:
        found = Download(self.storage, self.folder, Options(streams=1)).fetch([""])
        assert not found.failed

    def meet(self, at: int, until: int | None, begun: bytes | None) -> tuple[bool, bool]:
        """See :meth:`Meeting.run`; ``begun`` is what there is of the file when they begin."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        if begun is not None:
            (self.folder / self.name).write_bytes(begun)
        try:
            met = Meeting(self._fetch, self._fetch, ROOMS).run(at, until)
        except AssertionError as error:
            error.add_note(f"one was stopped at step {at}, the other at {until}; there was {begun!r:.40}")
            raise
        assert {each.name: each.read_bytes() for each in self.folder.iterdir()} == {"a": CONTENT}
        return met


@pytest.fixture
def meetings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Meetings]:
    small_pieces(monkeypatch)
    monkeypatch.setattr(depots, "_PIECE", CHUNK)
    monkeypatch.setattr(download, "_BLOCK", CHUNK)
    made = Meetings(tmp_path)
    yield made
    made.storage.close()


def steps_of(meetings: Meetings, begun: bytes | None) -> int:
    """How many steps a download has; at each of them the other one has finished it."""
    return next(at for at in count() if not meetings.meet(at, None, begun)[0])


@pytest.mark.parametrize("is_begun", [False, True], ids=["new", "begun"])
def test_one_is_stopped_at_each_step_and_the_other_finishes_the_file(meetings: Meetings, is_begun: bool) -> None:
    assert steps_of(meetings, meetings.begun if is_begun else None) > 200


def meet_anywhere(meetings: Meetings, chance: random.Random, times: int) -> int:
    """Let them meet at any two of their steps; how often both were stopped there."""
    begun = (None, meetings.begun, bytes(len(meetings.begun)))  # the last is damaged
    steps, both = steps_of(meetings, None), 0
    for _ in range(times):
        at, until = chance.randrange(steps), chance.randrange(steps)
        both += meetings.meet(at, until, chance.choice(begun)) == (True, True)
    return both


def test_both_are_stopped_somewhere(meetings: Meetings) -> None:
    assert meet_anywhere(meetings, random.Random(2), MEETINGS) > MEETINGS / 10


@pytest.mark.soak
def test_both_are_stopped_somewhere_at_full_length(meetings: Meetings) -> None:
    assert meet_anywhere(meetings, random.SystemRandom(), CAMPAIGN) > CAMPAIGN / 10
