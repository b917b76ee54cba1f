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


def test_a_scene_that_holds_up_its_reader_is_given_up(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_COMMAND", (sys.executable, "-c", "import signal; signal.pause()"))
    monkeypatch.setattr(reading, "_GRACE_SECONDS", 0)
    assert read_scene(scene, limits=Limits(seconds=0.3)).damage == "reading it takes longer than 0.3 seconds"


def test_files_may_be_larger_than_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_text(project(context("scene", image("shot", "first_frame 3"))))
    os.truncate(path, 1 << 30)
    assert read_scene(path, limits=Limits(memory=512 << 20)).format == "project"


def test_of_a_huge_file_that_is_broken_at_its_front_not_all_is_searched(tmp_path: Path) -> None:
    path = tmp_path / "huge.blend"
    path.write_bytes(b"BLENDER-v279")
    os.truncate(path, 32 << 30)
    report = read_scene(path, limits=Limits(seconds=20))
    assert report.damage.startswith("damaged at byte 12: ")
    assert report.software.version == "2.79"


def test_nothing_is_imported_from_the_current_folder(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.with_name("json.py").write_text("from pathlib import Path; Path('harm').touch()")
    monkeypatch.chdir(scene.parent)
    assert read_scene(scene).damage == ""


def test_a_reader_ends_when_who_asked_is_gone(scene: Path) -> None:
    order = {"path": str(scene), "maps": [], "within": "", "memory": 1 << 32, "seconds": 60}
    code = "import rendermill.scenes.child as child, signal; child.examine = lambda *_: signal.pause(); child.main()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.stdin.close()
    assert process.wait(60) == 1


def test_what_may_not_be_looked_at_is_unreadable(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_file(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "is_file", is_file)
        assert reading._existing(scene) == scene


def test_what_is_no_file_but_there_is_said_to_be(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "scene.hip")
    with pytest.raises(BadInputError, match="it is no file"):
        read_scene(tmp_path / "scene.hip")


def test_a_scene_may_be_named_like_a_home(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.rename(scene.with_name("~shot.project"))
    monkeypatch.chdir(scene.parent)
    assert read_scene(Path("~shot.project")).format == "project"


def test_a_process_that_dies_leaves_what_it_told(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.dumps({"report": read_scene(scene).to_dict()})
    stand_in = f"import os, sys; sys.stdin.readline(); print({told!r}, flush=True); os.kill(os.getpid(), 11)"
    monkeypatch.setattr(reading, "_COMMAND", (sys.executable, "-c", stand_in))
    report = read_scene(scene)
    assert report.damage == "the reader did not come to its end (SIGSEGV)"
    assert [each.name for each in report.renderables] == ["project://scene/shot"]


@pytest.mark.parametrize("said", ["", "no json\n", '{"report": {}}\n', '{"progress": "x"}\n', "[]\n", "\udcff\n"])
def test_a_process_that_says_nothing_that_can_be_understood(
    scene: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    code = f"import sys; sys.stdin.readline(); sys.stdout.buffer.write({os.fsencode(said)!r}); sys.exit(3)"
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
        f"_limited(1 << 32, 60); Path({str(tmp_path / 'out')!r}).write_text('x')"
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


def test_the_report_of_a_damaged_scene_is_kept_too(scene: Path, tmp_path: Path, times: list[str]) -> None:
    scene.write_bytes(scene.read_bytes()[:-10])
    first = read_scene(scene, cache=tmp_path / "cache")
    assert first.damage.startswith("damaged at byte")
    assert read_scene(scene, cache=tmp_path / "cache") == first
    assert len(times) == 1


def test_a_reading_that_was_given_up_is_tried_again(tmp_path: Path, times: list[str]) -> None:
    (tmp_path / "show").mkdir()
    path = big(tmp_path / "show", 60_000)
    assert read_scene(path, cache=tmp_path / "cache", limits=Limits(seconds=0.2)).damage
    assert read_scene(path, cache=tmp_path / "cache").damage == ""
    assert len(times) == 2


def test_a_file_that_came_back_or_went_makes_a_new_report(scene: Path, tmp_path: Path, times: list[str]) -> None:
    cache, texture = tmp_path / "cache", scene.with_name("wood.png")
    states = []
    for change in (lambda: None, lambda: texture.write_bytes(b"x"), texture.unlink):
        change()
        states.append(read_scene(scene, cache=cache).files[0].state)
    assert states == [State.MISSING, State.RESOLVED, State.MISSING]
    assert len(times) == 3


def test_a_file_that_came_to_where_it_was_looked_for_makes_a_new_report(scene: Path, tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", scene.parent / "tex"
    folder.mkdir()
    scene.write_text(project(context("scene", item("TextureMapFile", "wood", 'filename "/nas/show/tex/wood.png"'))))
    assert read_scene(scene, cache=cache).files[0].state is State.MISSING
    (folder / "wood.png").write_bytes(b"x")
    assert read_scene(scene, cache=cache).files[0].resolved == str(folder / "wood.png")


def test_a_project_that_was_defined_meanwhile_makes_a_new_report(tmp_path: Path) -> None:
    scene = tmp_path / "show/work/shot.ma"
    (tmp_path / "show/work").mkdir(parents=True)
    (tmp_path / "show/tex").mkdir()
    (tmp_path / "show/tex/wood.png").write_bytes(b"x")
    texture = 'createNode file -n "f";\n\tsetAttr ".ftn" -type "string" "wood.png";\n'
    scene.write_text(f"//Maya ASCII 2024 scene\n{texture}")
    assert read_scene(scene, cache=tmp_path / "cache").files[0].state is State.MISSING
    (tmp_path / "show/workspace.mel").write_text('workspace -fr "sourceImages" "tex";\n')
    found = {use.path: use.state for use in read_scene(scene, cache=tmp_path / "cache").files}
    assert found["wood.png"] is State.RESOLVED


def test_a_file_that_came_while_the_scene_was_read_makes_a_new_report(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reading._Reading.run

    def run(self: reading._Reading) -> SceneReport:
        report = real(self)
        scene.with_name("wood.png").write_bytes(b"x")
        return report

    monkeypatch.setattr(reading._Reading, "run", run)
    states = [read_scene(scene, cache=tmp_path / "cache").files[0].state for _ in range(2)]
    assert states == [State.MISSING, State.RESOLVED]


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
