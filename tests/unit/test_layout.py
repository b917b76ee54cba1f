"""Where a session's files lie: the mirror of the submitter's paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from rendermill.assets.blobs import BlobStore
from rendermill.engine.host.layout import Layout, OutputPlace, is_below, output_places, roots
from rendermill.farm.blueprint import instantiate
from rendermill.farm.model.errors import NotFoundError
from rendermill.farm.model.records import Output
from rendermill.farm.model.submission import Asset
from support.templates import shell, template

FRAMES = OutputPlace("Frames", "/proj/out", is_file=False)
MOVIE = OutputPlace("Movie", "/proj/out/movie.mp4", is_file=True)


def put(blobs: BlobStore, content: bytes) -> str:
    with blobs.writer() as writer:
        writer.write(content)
        return writer.commit()


def asset(blobs: BlobStore, path: str, content: bytes = b"x") -> Asset:
    return Asset(path, put(blobs, content), len(content))


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


# --- roots -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], []),
        (["/a/x"], ["/a"]),
        (["/a/x", "/a/y/z", "/b/c"], ["/a", "/b"]),
        (["/a/y/z", "/a/x"], ["/a"]),
        (["/a/x", "/ab/y"], ["/a", "/ab"]),
        (["/a/x", "/a-b/y", "/a/b/z"], ["/a", "/a-b"]),
        (["/x", "/a/y"], ["/"]),
        (["/a/b/x", "/a/c/y"], ["/a/b", "/a/c"]),
    ],
)
def test_roots_hold_every_path_and_none_holds_another(paths: list[str], expected: list[str]) -> None:
    assert roots(paths) == expected


@pytest.mark.parametrize(
    ("path", "folder", "below"),
    [
        ("/a/b", "/a", True),
        ("/a", "/a", True),
        ("/a/b", "/a/", True),
        ("/a", "/", True),
        ("/ab", "/a", False),
        ("/a", "/a/b", False),
    ],
)
def test_a_path_is_below_a_folder_and_not_below_its_namesakes(path: str, folder: str, below: bool) -> None:
    assert is_below(path, folder) is below


# --- places ------------------------------------------------------------------------------------------------------


def test_places_are_the_paths_that_a_job_writes_to() -> None:
    definitions = [
        {"name": "In", "type": "PATH", "objectType": "FILE", "dataFlow": "IN", "default": "/in/s"},
        {"name": "Frames", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "OUT", "default": "/proj//out/."},
        {"name": "Movie", "type": "PATH", "objectType": "FILE", "dataFlow": "OUT", "default": "/proj/out/movie.mp4"},
    ]
    blueprint = instantiate({**template(shell("true")), "parameterDefinitions": definitions}, {})
    places = output_places(blueprint)
    assert [replace(place, written="") for place in places] == [FRAMES, MOVIE]
    assert places[0].written == "/proj//out/."
    assert [place.folder for place in (FRAMES, MOVIE)] == ["/proj/out", "/proj/out"]


# --- the mirror --------------------------------------------------------------------------------------------------


def test_inputs_lie_under_a_mirror_of_their_paths(tmp_path: Path, blobs: BlobStore) -> None:
    scene, texture = asset(blobs, "/proj/scene.txt", b"scene"), asset(blobs, "/proj/tex/a b é.png", b"texture")
    layout = Layout(tmp_path / "session", [], (scene, texture))
    layout.lay_out(blobs, ())
    assert layout.local("/proj/scene.txt") == tmp_path / "session/files/proj/scene.txt"
    assert layout.local(scene.path).read_bytes() == b"scene"
    assert layout.local(texture.path).read_bytes() == b"texture"


def test_inputs_share_the_store_s_file_and_are_read_only(tmp_path: Path, blobs: BlobStore) -> None:
    scene = asset(blobs, "/proj/scene.txt")
    layout = Layout(tmp_path / "session", [], (scene,))
    layout.lay_out(blobs, ())
    assert layout.local(scene.path).samefile(blobs.path(scene.hash))
    assert layout.local(scene.path).stat().st_mode & 0o222 == 0


def test_inputs_in_an_output_folder_are_copies_that_a_task_may_change(tmp_path: Path, blobs: BlobStore) -> None:
    note = asset(blobs, "/proj/out/deep/note.txt", b"old")
    layout = Layout(tmp_path / "session", [FRAMES], (note,))
    layout.lay_out(blobs, ())
    layout.local(note.path).write_bytes(b"new")
    assert blobs.checked(note.hash).read_bytes() == b"old"


def test_output_folders_are_there_before_the_task(tmp_path: Path, blobs: BlobStore) -> None:
    layout = Layout(tmp_path / "session", [FRAMES, OutputPlace("Log", "/logs/all.txt", is_file=True)], ())
    layout.lay_out(blobs, ())
    assert layout.local("/proj/out").is_dir()
    assert layout.local("/logs").is_dir()
    assert not layout.local("/logs/all.txt").exists()


def test_two_assets_of_one_content_are_two_files(tmp_path: Path, blobs: BlobStore) -> None:
    layout = Layout(tmp_path / "session", [], (asset(blobs, "/a/one"), asset(blobs, "/b/two")))
    layout.lay_out(blobs, ())
    assert layout.local("/a/one").read_bytes() == layout.local("/b/two").read_bytes() == b"x"


def test_an_input_that_is_not_in_the_store_is_named(tmp_path: Path, blobs: BlobStore) -> None:
    layout = Layout(tmp_path / "session", [], (Asset("/a/gone", "ab" * 32, 1),))
    with pytest.raises(NotFoundError, match="abab"):
        layout.lay_out(blobs, ())


# --- what earlier steps published --------------------------------------------------------------------------------


def test_what_an_earlier_step_published_lies_in_the_output_folder(tmp_path: Path, blobs: BlobStore) -> None:
    frame = Output("deep/f_0001.txt", put(blobs, b"frame"), 5)
    layout = Layout(tmp_path / "session", [FRAMES], ())
    layout.lay_out(blobs, (frame,))
    assert layout.local("/proj/out/deep/f_0001.txt").read_bytes() == b"frame"


def test_with_several_output_folders_a_published_path_starts_with_its_parameter(tmp_path: Path) -> None:
    layout = Layout(tmp_path, [FRAMES, OutputPlace("Cache", "/cache", is_file=False)], ())
    assert layout.published("Frames/f.txt") == layout.local("/proj/out/f.txt")
    assert layout.published("Cache/deep/c.txt") == layout.local("/cache/deep/c.txt")


def test_a_published_file_wins_over_an_input_of_its_name_and_leaves_the_blob_alone(
    tmp_path: Path, blobs: BlobStore
) -> None:
    old = asset(blobs, "/proj/out/f.txt", b"old")
    layout = Layout(tmp_path / "session", [FRAMES], (old,))
    layout.lay_out(blobs, (Output("f.txt", put(blobs, b"new"), 3),))
    assert layout.local("/proj/out/f.txt").read_bytes() == b"new"
    assert blobs.checked(old.hash).read_bytes() == b"old"


# --- path mapping ------------------------------------------------------------------------------------------------


def test_rules_map_output_folders_and_the_roots_of_inputs(tmp_path: Path) -> None:
    inputs = tuple(Asset(path, "ab" * 32, 1) for path in ("/proj/scene.txt", "/proj/tex/a.png", "/lib/b.png"))
    layout = Layout(tmp_path, [OutputPlace("Out", "/elsewhere/out", is_file=False)], inputs)
    found = {str(rule.source_path): rule.destination_path for rule in layout.rules()}
    assert found == {source: layout.local(source) for source in ("/elsewhere/out", "/lib", "/proj")}


@pytest.mark.parametrize("path", ["/proj/scene.txt", "/proj/tex/a.png", "/proj/out/f_0001.png", "/proj/out"])
def test_every_path_of_a_job_is_mapped_into_its_mirror(tmp_path: Path, path: str) -> None:
    inputs = tuple(Asset(path, "ab" * 32, 1) for path in ("/proj/scene.txt", "/proj/tex/a.png"))
    layout = Layout(tmp_path, [FRAMES], inputs)
    mapped = {str(new) for rule in layout.rules() for done, new in [rule.apply(path=path)] if done}
    assert mapped == {str(layout.local(path))}


def test_a_folder_that_is_input_and_output_has_one_rule(tmp_path: Path) -> None:
    layout = Layout(tmp_path, [FRAMES, MOVIE], (Asset("/proj/out/in.txt", "ab" * 32, 1),))
    assert [rule.source_path for rule in layout.rules()] == [PurePosixPath("/proj/out")]
