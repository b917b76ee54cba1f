"""Files that one process at a time fills."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from rendermill.assets.client.locks import held


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".mark.part"


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_what_an_earlier_holder_left_is_there(path: Path) -> None:
    with held(path) as (file, where):
        assert where == path
        file.write(b"half")
    with held(path) as (file, where):
        assert (where, file.read()) == (path, b"half")


def test_a_second_holder_gets_a_file_of_its_own_that_goes_away(path: Path) -> None:
    with held(path) as (first, _):
        first.write(b"half")
        with held(path) as (second, where):
            assert where != path
            assert where.parent == path.parent
            assert second.read() == b""
            assert len(names(path.parent)) == 2
        assert names(path.parent) == [path.name]


def test_the_second_may_give_its_file_its_name(path: Path) -> None:
    with held(path), held(path) as (file, where):
        file.write(b"whole")
        file.flush()
        where.replace(path.with_name("final"))
    assert path.with_name("final").read_bytes() == b"whole"


def test_a_file_that_its_holder_has_renamed_is_not_taken_for_the_part(path: Path) -> None:
    with held(path) as (file, where):
        file.write(b"whole")
        where.replace(path.with_name("final"))
        with held(path) as (other, _):
            assert other.read() == b""
            other.write(b"x")
    assert path.with_name("final").read_bytes() == b"whole"


def test_an_error_lets_go(path: Path) -> None:
    with pytest.raises(RuntimeError), held(path):
        raise RuntimeError
    with held(path) as (_, where):
        assert where == path


def hold(path: Path, has_it: Event) -> None:
    with held(path) as (file, _):
        file.write(b"half")
        file.flush()
        has_it.set()
        multiprocessing.Event().wait()


def test_a_process_that_is_killed_lets_go_of_what_it_had(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    has_it = context.Event()
    process = context.Process(target=hold, args=(path, has_it))
    process.start()
    assert has_it.wait(60)
    with held(path) as (_, where):
        assert where != path
    process.kill()
    process.join()
    with held(path) as (file, where):
        assert (where, file.read()) == (path, b"half")
