"""Reading a scene and those that it uses: what happens inside the child, with readers made for the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rendermill.scenes import examine as examining
from rendermill.scenes.examine import Listener, TimeUpError, examine
from rendermill.scenes.findings import DamageError, Findings, Reference, Role, Source
from rendermill.scenes.formats import sniff
from rendermill.scenes.locate import tokens
from rendermill.scenes.report import Confidence, FrameRange, Plugin, Renderable, SceneReport, Software, State


@dataclass
class Stub:
    """A format whose reader is a function of the test."""

    read: Callable[[Source, Findings], None]
    name: str = "stub"


Use = Callable[[Callable[[Source, Findings], None]], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    return lambda read: monkeypatch.setattr(examining, "sniff", lambda _: Stub(read))


def listing(source: Source, found: Findings) -> None:
    """A format of lines: each names another scene, ``?`` before a plain file."""
    for line in bytes(source.data).decode().splitlines():
        name = line.removeprefix("?")
        path = tokens.template(name).under(source.folder)
        found.references.append(Reference(name, "line", (path,), follow=not line.startswith("?")))


def report(path: Path, told: list[SceneReport] | None = None) -> SceneReport:
    return examine(path, (), Listener(lambda _: None, (told if told is not None else []).append))


def scene(folder: Path, name: str, *lines: str) -> Path:
    (folder / name).write_text("\n".join(lines))
    return folder / name


def test_scenes_that_are_used_are_read_too_and_their_files_are_those_of_their_folder(tmp_path: Path, use: Use) -> None:
    (tmp_path / "lib").mkdir()
    scene(tmp_path / "lib", "b", "c", "?wood.png")
    scene(tmp_path / "lib", "c", "?stone.png")
    scene(tmp_path / "lib", "wood.png")
    use(listing)
    found = {each.path: each for each in report(scene(tmp_path, "a", "lib/b")).files}
    assert {path: each.state for path, each in found.items()} == {
        "lib/b": State.RESOLVED,
        "c": State.RESOLVED,
        "wood.png": State.RESOLVED,
        "stone.png": State.MISSING,
    }
    assert found["wood.png"].used_by == "b: line"


def test_scenes_that_use_each_other_are_read_once(tmp_path: Path, use: Use) -> None:
    read: list[str] = []

    def counting(source: Source, found: Findings) -> None:
        read.append(source.path.name)
        listing(source, found)

    use(counting)
    scene(tmp_path, "b", "a", "b", "../" + tmp_path.name + "/b")
    assert len(report(scene(tmp_path, "a", "b")).files) == 2
    assert read == ["a", "b"]


def test_a_used_scene_that_is_damaged_is_a_warning(tmp_path: Path, use: Use) -> None:
    def read(source: Source, found: Findings) -> None:
        listing(source, found)
        if source.path.name == "b":
            raise DamageError("it ends too early", 12)

    use(read)
    scene(tmp_path, "b", "?x.png")
    made = report(scene(tmp_path, "a", "b"))
    assert made.damage == ""
    assert made.warnings == (
        f"{tmp_path}/b (used by line) cannot be read to its end: damaged at byte 12: it ends too early",
    )
    assert [each.path for each in made.missing] == ["x.png"], "what it told before counts"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DamageError("a block ends outside of the file", 40), "damaged at byte 40: a block ends outside of the file"),
        (DamageError("no header"), "no header"),
        (MemoryError(), "reading it takes more memory than is allowed"),
        (TimeUpError("reading it takes longer than 3 seconds"), "reading it takes longer than 3 seconds"),
        (RecursionError(), "it is nested too deeply"),
        (KeyError("x"), "the reader broke: KeyError('x')"),
        (OSError(5, "Input/output error"), "it cannot be read: Input/output error"),
    ],
)
def test_what_was_found_before_a_reader_gave_up_stands(tmp_path: Path, use: Use, error: Exception, told: str) -> None:
    def read(_: Source, found: Findings) -> None:
        found.renderer = "mantra"
        raise error

    use(read)
    made = report(scene(tmp_path, "a"))
    assert (made.damage, made.renderer, made.format) == (told, "mantra", "stub")


def test_the_first_damage_is_told(tmp_path: Path, use: Use) -> None:
    def read(_: Source, found: Findings) -> None:
        found.damaged("first", 1)
        raise DamageError("second", 2)

    use(read)
    assert report(scene(tmp_path, "a")).damage == "damaged at byte 1: first"


def test_the_scene_itself_is_told_before_others_are_read(tmp_path: Path, use: Use) -> None:
    told: list[SceneReport] = []
    use(listing)
    scene(tmp_path, "b", "?wood.png")
    whole = report(scene(tmp_path, "a", "b"), told)
    assert [(each.format, len(each.files)) for each in told] == [("stub", 0), ("stub", 1)]
    assert len(whole.files) == 2


def test_what_a_reader_has_found_is_told_as_it_goes(tmp_path: Path, use: Use) -> None:
    def read(source: Source, found: Findings) -> None:
        for number in range(64):
            found.cameras.append(f"cam{number}")
            source.progress(number / 64)

    told: list[SceneReport] = []
    use(read)
    report(scene(tmp_path, "a"), told)
    assert [len(each.cameras) for each in told] == [0, 8, 15, 22, 29, 36, 43, 50, 57, 64, 64]


def test_the_user_may_say_what_a_variable_is(tmp_path: Path, use: Use) -> None:
    def read(source: Source, found: Findings) -> None:
        found.warn(source.substituted("$SHOW/a ${SHOW}/b %SHOW%/c $SHOWS $OTHER"))

    use(read)
    maps = (("D:/", "/mnt/d"), ("$SHOW", "/mnt/show"), ("${OTHER}", "/o"))
    made = examine(scene(tmp_path, "a"), maps, Listener())
    assert made.warnings == ("/mnt/show/a /mnt/show/b /mnt/show/c $SHOWS /o",)


def test_gaps_are_warnings(tmp_path: Path, use: Use) -> None:
    for frame in (1, 3, 4):
        scene(tmp_path, f"s.{frame:02}.png")
    use(listing)
    made = report(scene(tmp_path, "a", "?s.##.png"))
    assert made.warnings == (f"{tmp_path}/s.##.png lacks frames 2 (used by line)",)


def test_a_scene_that_went_away_is_unreadable(tmp_path: Path) -> None:
    assert report(tmp_path / "gone.hip").damage == "it cannot be read: No such file or directory"


@pytest.mark.parametrize("content", [b"", b"\0", b"hello", b"#!/bin/sh\n", b"FOR5", b"070", b"\x1f"])
def test_a_file_of_no_known_format_is_unreadable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scene.hip"
    path.write_bytes(content)
    made = report(path)
    assert made.format == "unknown"
    assert made.damage.startswith("it is not a scene of a format that is known (hip, ")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"070707000000", "hip"),
        (b"HouLC\x1a1033600b", "hiplc"),
        (b"HouNC\x1a1033600b", "hipnc"),
        (b"\xef\xbb\xbf//Maya ASCII 2023 scene", "ma"),
        (b"\r\n//Maya ASCII 2023 scene", "ma"),
        (b"FOR4\0\0\0\x10Maya", "mb"),
        (b"FOR8\0\0\0\0", "mb"),
        (b"#Isotropix_Serial_Version 1.1", "project"),
        (b"BLENDER-v279", "blend"),
        (b"\x28\xb5\x2f\xfd", "blend"),
        (b"#usda 1.0", "usda"),
        (b"PXR-USDC", "usdc"),
        (b"PK\x03\x04", "usdz"),
        (b'<katana archive="tar"', "katana"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "max"),
    ],
)
def test_formats_are_known_by_their_first_bytes(head: bytes, name: str) -> None:
    format_ = sniff(head)
    assert format_ is not None
    assert format_.name == name


def test_a_report_is_the_same_after_json() -> None:
    frames = FrameRange(1, 10, 0.5, 24)
    layer = Renderable("/out/m", "ifd", frames, ("/obj/cam1",), None, "mantra", "$HIP/a.exr", True, details={"a": [1]})
    made = SceneReport(
        "hip", Software("houdini", "20.5.1", "linux"), frames, (4, 3), "mantra", ("/obj/cam1",), (layer,), ()
    )
    made = SceneReport(
        **{**{name: getattr(made, name) for name in made.__slots__}, "plugins": (Plugin("redshift", "3"),)}
    )
    again = SceneReport.from_dict(json.loads(json.dumps(made.to_dict())))
    assert again == made
    assert again.to_dict()["confidence"] == "high"
    assert again.confidence is Confidence.HIGH


def test_a_report_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 1"):
        SceneReport.from_dict({"version": 1})


def test_roles_and_states_have_the_words_of_the_contract() -> None:
    assert [str(state) for state in State] == [
        "resolved",
        "missing",
        "pattern",
        "unresolved",
        "output",
        "built-in",
        "packed",
    ]
    assert {str(role) for role in Role} == {"input", "output", "built-in", "packed", "unresolved"}


def test_frames_are_whole_numbers_where_they_can_be_and_never_infinite() -> None:
    frames = FrameRange(1.0, float("inf"), 0.5, float("nan"))
    assert json.dumps([frames.start, frames.end, frames.step, frames.fps]) == "[1, 0, 0.5, 0]"
