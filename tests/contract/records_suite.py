"""What all records of uploads must do (:class:`rendermill.assets.client.records.Records`), wherever they lie.

A test module makes it run by a subclass that gives two fixtures: ``records``, which know nothing yet, and ``others``,
which opens the same ones once more, as another process would.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from rendermill.assets.client.records import Mark, Records

MARK = Mark(12, 1_700_000_000_123_456_789, 1_700_000_001_987_654_321, "ab" * 32)
OTHER = Mark(0, 0, 0, "cd" * 32)
HUGE = Mark(2**63 - 1, 2**63 - 1, 2**63 - 1, "0" * 64)
ODD = [
    "1002:show/中文 名.png",
    "1002:a b/c'd\"e;--.exr",
    "1002:" + "x" * 1000,
    "1002:tab\tand\nline",
    "",
    "1002:100%_[a-z]*?",
]


class RecordsSuite:
    """All of it."""

    def test_what_was_kept_is_known_and_nothing_else(self, records: Records) -> None:
        assert records.known(["a", "b"]) == {}
        records.keep({"a": MARK, "b": OTHER})
        assert records.known(["a", "b", "c"]) == {"a": MARK, "b": OTHER}
        assert records.known(["c"]) == {}

    def test_a_new_mark_takes_the_place_of_the_old_one(self, records: Records) -> None:
        records.keep({"a": MARK, "b": MARK})
        records.keep({"a": OTHER})
        assert records.known(["a", "b"]) == {"a": OTHER, "b": MARK}

    def test_what_is_forgotten_is_not_known(self, records: Records) -> None:
        records.keep({"a": MARK, "b": OTHER})
        records.forget(["a", "never there"])
        assert records.known(["a", "b"]) == {"b": OTHER}

    def test_nothing_asked_is_nothing_told(self, records: Records) -> None:
        records.keep({})
        records.forget([])
        assert records.known([]) == {}

    def test_numbers_stay_exact(self, records: Records) -> None:
        records.keep({"a": HUGE})
        assert records.known(["a"]) == {"a": HUGE}

    @pytest.mark.parametrize("key", ODD)
    def test_any_name_is_a_key(self, records: Records, key: str) -> None:
        records.keep({key: MARK})
        assert records.known([key, f"{key}."]) == {key: MARK}
        records.forget([key])
        assert records.known([key]) == {}

    def test_a_name_that_is_no_unicode_is_a_key(self, records: Records) -> None:
        records.keep({"bad\udcff": MARK})
        assert records.known(["bad\udcff", "bad"]) == {"bad\udcff": MARK}

    def test_keys_differ_by_case(self, records: Records) -> None:
        records.keep({"a": MARK, "A": OTHER})
        assert records.known(["a", "A"]) == {"a": MARK, "A": OTHER}

    def test_many_are_told_in_one_call(self, records: Records) -> None:
        marks = {f"1002:file{number}": Mark(number, number, number, "ab" * 32) for number in range(20_000)}
        records.keep(marks)
        assert records.known([*marks, "another"]) == marks
        records.forget([key for key in marks if key.endswith("7")])
        assert len(records.known(list(marks))) == 18_000

    def test_others_know_what_was_kept(self, records: Records, others: Callable[[], Records]) -> None:
        second = others()
        records.keep({"a": MARK})
        assert second.known(["a"]) == {"a": MARK}
        second.keep({"a": OTHER})
        assert records.known(["a"]) == {"a": OTHER}

    def test_they_outlive_who_kept_them(self, records: Records, others: Callable[[], Records]) -> None:
        records.keep({"a": MARK})
        records.close()
        assert others().known(["a"]) == {"a": MARK}

    def test_once_closed_they_know_nothing(self, records: Records) -> None:
        records.keep({"a": MARK})
        records.close()
        records.close()
        records.keep({"a": OTHER})
        records.forget(["a"])
        assert records.known(["a"]) == {}

    def test_threads_share_them(self, records: Records) -> None:
        def work(number: int) -> None:
            for turn in range(20):
                records.keep({f"{number}/{turn}": Mark(number, turn, 0, "ab" * 32)})
                records.known([f"{number}/{turn}"])

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        keys = [f"{number}/{turn}" for number in range(8) for turn in range(20)]
        assert set(records.known(keys)) == set(keys)
