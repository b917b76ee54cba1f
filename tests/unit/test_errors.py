"""The errors: what a person reads, and what travels from the server to the client."""

from __future__ import annotations

import pytest

from rendermill.farm.model.errors import (
    BadInputError,
    NotFoundError,
    RendermillError,
    error_from_dict,
)
from rendermill.farm.model.identity import Identity
from rendermill.farm.model.records import Job
from rendermill.farm.model.status import JobStatus
from rendermill.farm.model.submission import Asset, Submission

HASH = "ab" * 32


def test_an_error_says_where_what_and_what_would_be_right() -> None:
    error = BadInputError("'10-1' goes backwards", where="frames", remedy="Give 1-10.")
    assert str(error) == "frames: '10-1' goes backwards\n  Give 1-10."


def test_parts_that_are_not_known_are_left_out() -> None:
    assert str(NotFoundError("there is no job 3")) == "there is no job 3"
    assert str(NotFoundError("gone", where="job 3")) == "job 3: gone"
    assert str(NotFoundError("gone", remedy="Look again.")) == "gone\n  Look again."


@pytest.mark.parametrize("kind", RendermillError.__subclasses__())
def test_an_error_comes_back_as_what_it_was(kind: type[RendermillError]) -> None:
    sent = kind("what", where="where", remedy="remedy")
    got = error_from_dict(sent.to_dict())
    assert type(got) is kind
    assert got.to_dict() == {"code": kind.code, "what": "what", "where": "where", "remedy": "remedy"}


def test_a_code_that_this_version_does_not_know_is_still_an_error() -> None:
    got = error_from_dict({"code": "from_the_future", "what": "no", "where": None, "remedy": "Wait."})
    assert type(got) is RendermillError
    assert str(got) == "no\n  Wait."


def test_an_answer_without_any_words_is_still_an_error() -> None:
    assert str(error_from_dict({})) == "unknown error"


# --- what refuses to exist ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "digest", "size", "where"),
    [
        ("relative/file", HASH, 1, "inputs.path"),
        ("", HASH, 1, "inputs.path"),
        ("/a/../b", HASH, 1, "inputs.path"),
        ("/a//b", HASH, 1, "inputs.path"),
        ("/a/", HASH, 1, "inputs.path"),
        ("//a/b", HASH, 1, "inputs.path"),
        ("/", HASH, 1, "inputs.path"),
        ("/a\0b", HASH, 1, "inputs.path"),
        ("/a", HASH[:-1], 1, "inputs.hash"),
        ("/a", HASH.upper(), 1, "inputs.hash"),
        ("/a", HASH[:-1] + "\n", 1, "inputs.hash"),
        ("/a", "", 1, "inputs.hash"),
        ("/a", HASH, -1, "inputs.size"),
    ],
)
def test_an_asset_that_makes_no_sense_is_refused_with_its_field(path: str, digest: str, size: int, where: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Asset(path, digest, size)
    assert caught.value.where == where


def test_an_empty_file_is_an_asset() -> None:
    assert Asset("/a/b c/d.txt", HASH, 0).path == "/a/b c/d.txt"


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"priority": -1}, "priority"),
        ({"priority": 101}, "priority"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": 101}, "max_attempts"),
        ({"task_timeout": 0.0}, "task_timeout"),
        ({"task_timeout": -1.0}, "task_timeout"),
        ({"task_timeout": float("nan")}, "task_timeout"),
        ({"task_timeout": float("inf")}, "task_timeout"),
        ({"inputs": (Asset("/a", HASH, 1), Asset("/a", HASH, 1))}, "inputs"),
    ],
)
def test_a_submission_that_makes_no_sense_is_refused_with_its_field(options: dict[str, object], where: str) -> None:
    with pytest.raises(BadInputError) as caught:
        Submission(template={}, owner="ann", **options)  # type: ignore[arg-type]
    assert caught.value.where == where


@pytest.mark.parametrize("options", [{"priority": 0}, {"priority": 100}, {"max_attempts": 1}, {"max_attempts": 100}])
def test_the_ends_of_a_range_are_inside(options: dict[str, int]) -> None:
    made = Submission(template={}, owner="ann", **options)  # type: ignore[arg-type]
    assert {name: getattr(made, name) for name in options} == options


def test_only_its_owner_and_superusers_may_use_a_job() -> None:
    job = Job(7, "name", "ann", JobStatus.READY, 50, 0.0, None, None, "", 3, None, ())
    Identity("ann", superuser=False).may_use(job)
    Identity("root", superuser=True).may_use(job)
    with pytest.raises(RendermillError, match="job 7: it belongs to somebody else") as caught:
        Identity("bob", superuser=False).may_use(job)
    assert caught.value.code == "not_allowed"


def test_an_input_cannot_be_a_file_and_a_folder() -> None:
    files = (Asset("/a/b", HASH, 1), Asset("/a/b/c/d", HASH, 1))
    with pytest.raises(BadInputError, match="/a/b is a file and a folder"):
        Submission({}, "ann", inputs=files)
