"""The process that reads a scene: its limits, its end, and the reports that are kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rendermill.farm.model.errors import BadInputError
from rendermill.scenes import read as reading
from rendermill.scenes.read import Limits, read_scene
from rendermill.scenes.report import SceneReport, State
from support.scenes_clarisse import context, image, item, project


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    (tmp_path / "show").mkdir()
    path = tmp_path / "show/shot.bin"
    texture = item("TextureMapFile", "wood", 'filename "$PDIR/wood.png"')
    path.write_text(project(context("scene", texture, image("shot", "first_frame 3"))))
    return path


def big(folder: Path, images: int) -> Path:
    path = folder / "big.bin"
    path.write_text(project(context("scene", *(image(f"i{n}", "first_frame 1") for n in range(images)))))
    return path


def test_a_scene_is_read_in_a_process_of_its_own(scene: Path) -> None:
    told: list[float] = []
    report = read_scene(scene, progress=told.append)
    assert [each.name for each in report.renderables] == ["project://scene/shot"]
    assert [use.state for use in report.files] == [State.MISSING]
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_scene_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    report = read_scene(big(tmp_path, 60_000), limits=Limits(seconds=0.2))
    assert report.damage == "reading it takes longer than 0.2 seconds"


def test_a_scene_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    report = read_scene(big(tmp_path, 200_000), limits=Limits(memory=64 << 20))
    assert report.damage.startswith(
        ("reading it takes more memory than is allowed", "the reader did not come to its end")
    )


def test_a_process_that_dies_leaves_what_it_told(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.dumps({"report": read_scene(scene).to_dict()})
    stand_in = f"import os, sys; sys.stdin.read(); print({told!r}, flush=True); os.kill(os.getpid(), 11)"
    monkeypatch.setattr(reading, "_COMMAND", (sys.executable, "-c", stand_in))
    report = read_scene(scene)
    assert report.damage == "the reader did not come to its end (SIGSEGV)"
    assert [each.name for each in report.renderables] == ["project://scene/shot"]


@pytest.mark.parametrize("said", ["", "no json\n", '{"report": {}}\n', '{"progress": "x"}\n', "[]\n", "\udcff\n"])
def test_a_process_that_says_nothing_that_can_be_understood(
    scene: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    code = f"import sys; sys.stdin.read(); sys.stdout.buffer.write({os.fsencode(said)!r}); sys.exit(3)"
    monkeypatch.setattr(reading, "_COMMAND", (sys.executable, "-c", code))
    report = read_scene(scene)
    assert report.damage.startswith("the reader did not come to its end (")
    assert report.format == "unknown"


def test_the_process_gets_nothing_of_the_environment_that_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDERMILL_ACCESS_KEY", "secret")
    monkeypatch.setenv("PXR_PLUGINPATH_NAME", "/evil")
    monkeypatch.setenv("LD_PRELOAD", "/evil.so")
    environment = reading._environment()
    assert not {"RENDERMILL_ACCESS_KEY", "PXR_PLUGINPATH_NAME", "LD_PRELOAD"} & set(environment)
    assert environment["PATH"] == os.environ["PATH"]


def test_a_child_may_write_no_file(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from rendermill.scenes.child import _limited; "
        f"_limited(Path('/dev/null'), 1 << 32, 60); Path({str(tmp_path / 'out')!r}).write_text('x')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr


@pytest.mark.parametrize("path", ["", "/", "nowhere", "a\0b", "~nobody-of-that-name/x", "x" * 5000])
def test_what_is_no_file_is_bad_input(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInputError):
        read_scene(Path(path))


# --- reports that are kept ---------------------------------------------------------------------------------------


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name for each time that a scene was read and not taken from the cache."""
    found: list[str] = []
    real = reading._Reading.run

    def run(self: reading._Reading) -> SceneReport:
        found.append("read")
        return real(self)

    monkeypatch.setattr(reading._Reading, "run", run)
    return found


def test_a_report_is_kept_while_nothing_has_changed(scene: Path, tmp_path: Path, times: list[str]) -> None:
    first = read_scene(scene, cache=tmp_path / "cache")
    assert read_scene(scene, cache=tmp_path / "cache") == first
    assert len(times) == 1


def test_a_file_that_came_back_or_went_makes_a_new_report(scene: Path, tmp_path: Path, times: list[str]) -> None:
    cache, texture = tmp_path / "cache", scene.with_name("wood.png")
    states = []
    for change in (lambda: None, lambda: texture.write_bytes(b"x"), texture.unlink):
        change()
        states.append(read_scene(scene, cache=cache).files[0].state)
    assert states == [State.MISSING, State.RESOLVED, State.MISSING]
    assert len(times) == 3


def test_other_maps_make_another_report(scene: Path, tmp_path: Path, times: list[str]) -> None:
    for maps in ((), (("D:/", "/mnt"),), ()):
        read_scene(scene, cache=tmp_path / "cache", maps=maps)
    assert len(times) == 2


def test_a_kept_report_that_is_damaged_is_made_again(scene: Path, tmp_path: Path, times: list[str]) -> None:
    read_scene(scene, cache=tmp_path / "cache")
    [kept] = (tmp_path / "cache").iterdir()
    for content in ("", "[]", "{}", '{"marks": {}, "report": {"version": 1}}', '{"marks": 1, "report": {}}'):
        kept.write_text(content)
        assert read_scene(scene, cache=tmp_path / "cache").format == "project"
    assert len(times) == 6


def test_a_cache_that_cannot_be_written_is_no_failure(scene: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert read_scene(scene, cache=tmp_path / "cache").format == "project"
