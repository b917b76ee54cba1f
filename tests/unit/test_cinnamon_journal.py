"""What a RenderServer has begun, kept through its death."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.farm.model.errors import BadInputError, UnavailableError
from rendermill.sdk.renderserver.journal import Begun, Journal

URL = "http://h/cinnamon/cinnamon"


def test_what_was_begun_is_known_to_the_next_one(tmp_path: Path) -> None:
    with Journal.opened(tmp_path) as journal:
        first, second = (journal.begin(URL, "demo", number) for number in (1, 2))
        journal.end(second, "it broke")
    with Journal.opened(tmp_path) as journal:
        assert journal.of(URL, "demo") == [first, Begun(URL, "demo", 2, second.mark, ended=True, failure="it broke")]


def test_each_change_is_written_before_anything_follows(tmp_path: Path) -> None:
    """The folder of one that was killed holds what the next one finds."""
    with Journal.opened(tmp_path) as journal:
        begun = journal.begin(URL, "demo", 1)
        left = tmp_path / "left"
        left.mkdir()
        (left / "renderserver.journal.json").write_bytes((tmp_path / "renderserver.journal.json").read_bytes())
        with Journal.opened(left) as found:
            assert found.of(URL, "demo") == [begun]


def test_what_is_settled_is_forgotten(tmp_path: Path) -> None:
    with Journal.opened(tmp_path) as journal:
        begun = journal.begin(URL, "demo", 1)
        journal.settle(begun)
        journal.settle(begun)
    with Journal.opened(tmp_path) as journal:
        assert journal.of(URL, "demo") == []


def test_repositories_are_kept_apart(tmp_path: Path) -> None:
    with Journal.opened(tmp_path) as journal:
        begun = [journal.begin(url, name, 1) for url in (URL, f"{URL}/") for name in ("demo", "other")]
        assert [journal.of(each.url, each.repository) for each in begun] == [[each] for each in begun]
        assert len({each.mark for each in begun}) == 4


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    with (
        Journal.opened(tmp_path),
        pytest.raises(UnavailableError, match="another RenderServer"),
        Journal.opened(tmp_path),
    ):
        pass
    with Journal.opened(tmp_path):
        pass


@pytest.mark.parametrize("text", ["", "[]", '{"begun": [1]}', '{"begun": [{"url": "x"}]}'])
def test_a_journal_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "renderserver.journal.json").write_text(text)
    with pytest.raises(BadInputError, match="it is no journal"), Journal.opened(tmp_path):
        pass
