"""From what a scene says to the files that are there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rendermill.scenes.findings import Findings, Reference, Role
from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.disk import Disk
from rendermill.scenes.locate.locator import Locator, Maps, joined
from rendermill.scenes.locate.template import Template
from rendermill.scenes.report import Confidence, FileUse, Software, State


def located(locator: Locator, *references: Reference) -> list[FileUse]:
    """What mentions come to, as a report has it."""
    uses = [locator.use(reference) for reference in references]
    return joined(use for use in uses if use is not None)


class Show:
    """A folder with a scene's files in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "show"
        self.folder.mkdir()

    def make(self, *names: str) -> None:
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")

    def locate(self, *references: Reference, maps: Maps = (), home: str = "", platform: str = "") -> list[FileUse]:
        found = Findings(home=home, software=Software("maya", platform=platform))
        return located(Locator(Disk(), maps, str(self.folder), found), *references)

    def one(self, path: str, **settings: str) -> FileUse:
        maps = tuple(tuple(pair.split("=")) for pair in settings.pop("maps", "").split() if pair)
        [use] = self.locate(self.reference(path), maps=maps, **settings)  # type: ignore[arg-type]
        return use

    def reference(self, path: str, user: str = "node file", **settings: object) -> Reference:
        return Reference(path, user, (tokens.template(path).under(str(self.folder)),), **settings)  # type: ignore[arg-type]


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return Show(tmp_path)


def test_a_file_that_is_there_is_resolved(show: Show) -> None:
    show.make("tex/wood.png")
    path = str(show.folder / "tex/wood.png")
    assert show.one("tex/wood.png") == FileUse("tex/wood.png", "node file", State.RESOLVED, path, 1, (path,))


def test_a_file_that_is_not_there_is_missing_where_it_should_be(show: Show) -> None:
    use = show.one("tex/wood.png")
    assert (use.state, use.resolved, use.count) == (State.MISSING, str(show.folder / "tex/wood.png"), 0)


def test_a_folder_is_no_file(show: Show) -> None:
    show.make("tex.png/inside")
    assert show.one("tex.png").state is State.MISSING


def test_a_folder_is_no_file_where_case_does_not_count_either(show: Show) -> None:
    show.make("Tex.png/inside")
    assert show.one("tex.png", platform="windows").state is State.MISSING
    assert show.one("Tex.png", platform="windows").state is State.MISSING


def test_of_folders_that_differ_in_case_alone_the_one_that_has_the_file_counts(show: Show) -> None:
    show.make("TEX/other.png", "Tex/wood.png")
    assert show.one("tex/wood.png", platform="windows").resolved == str(show.folder / "Tex/wood.png")


def test_links_that_lead_to_themselves_are_no_files(show: Show) -> None:
    show.make("s.0001.png")
    for name in ("s.0002.png", "loop"):
        (show.folder / name).symlink_to(name)
    assert show.one("s.####.png").count == 1
    assert show.one("LOOP/a.png", platform="windows").state is State.MISSING


def test_names_of_windows_are_one_file_in_any_case(show: Show) -> None:
    [use] = show.locate(show.reference("D:\\Tex\\a.png", "n1 f"), show.reference("d:/tex/A.PNG", "n2 f"))
    assert (use.path, use.used_by) == ("D:\\Tex\\a.png", "n1 f, n2 f")


def test_a_sequence_is_counted_and_its_gaps_are_listed(show: Show) -> None:
    show.make(*(f"cache/s.{frame:04}.vdb" for frame in (1, 2, 3, 5, 8)), "cache/s.vdb", "cache/other.0004.vdb")
    use = show.one("cache/s.####.vdb")
    assert (use.state, use.count, use.gaps) == (State.PATTERN, 5, "4,6-7")
    assert [Path(file).name for file in use.files] == [f"s.{frame:04}.vdb" for frame in (1, 2, 3, 5, 8)]
    assert use.resolved == str(show.folder / "cache/s.####.vdb")


def test_tiles_have_no_gaps(show: Show) -> None:
    show.make("t.1001.exr", "t.1004.exr", "t.0007.exr")
    use = show.one("t.<UDIM>.exr")
    assert (use.state, use.count, use.gaps) == (State.PATTERN, 2, "")


def test_a_pattern_of_which_nothing_is_there_is_missing(show: Show) -> None:
    use = show.one("t.<UDIM>.exr")
    assert (use.state, use.resolved) == (State.MISSING, str(show.folder / "t.<UDIM>.exr"))


def test_a_token_may_stand_in_a_folder(show: Show) -> None:
    show.make("f0001/a.exr", "f0002/a.exr", "f0003/b.exr")
    use = show.one("f####/a.exr")
    assert [Path(file).parent.name for file in use.files] == ["f0001", "f0002"]


def test_a_whole_folder_counts_its_files(show: Show) -> None:
    show.make("bake/1/a", "bake/b")
    [use] = show.locate(show.reference("bake", folder=True))
    assert (use.state, use.count) == (State.PATTERN, 2)


def test_maps_say_where_a_drive_is(show: Show) -> None:
    show.make("drive/Tex/Wood.PNG")
    use = show.one("d:\\tex\\wood.png", maps=f"D:/={show.folder}/drive")
    assert (use.state, use.resolved) == (State.RESOLVED, str(show.folder / "drive/Tex/Wood.PNG"))


def test_a_map_of_a_server_and_of_a_folder(show: Show) -> None:
    show.make("mnt/a.png", "mnt/b.png")
    assert show.one("\\\\Filer\\Show\\a.png", maps=f"//filer/show={show.folder}/mnt").state is State.RESOLVED
    assert show.one("/jobs/b.png", maps=f"/jobs/={show.folder}/mnt").state is State.RESOLVED
    assert show.one("/jobsite/b.png", maps=f"/jobs={show.folder}/mnt").state is State.MISSING


def test_what_lay_beside_the_scene_is_looked_for_beside_it(show: Show) -> None:
    show.make("tex/wood.png", "other/tex/wood.png")
    use = show.one("C:/old/other/../tex/wood.png", home="C:/old")
    assert (use.resolved, use.remapped) == (str(show.folder / "tex/wood.png"), True)


def test_what_lay_above_the_scene_is_looked_for_above_it_as_far_as_the_folders_agree(show: Show) -> None:
    show.make("tex/wood.png", "scenes/shot/wood.png")
    found = Findings(home="D:\\old\\show\\scenes\\shot")
    reference = Reference("D:/old/show/tex/wood.png", "n f", (Template.literal("D:/old/show/tex/wood.png"),))
    [use] = located(Locator(Disk(), (), str(show.folder / "scenes/shot"), found), reference)
    assert use.resolved == str(show.folder / "tex/wood.png")


def test_the_longest_tail_wins(show: Show) -> None:
    show.make("wood.png", "tex/wood.png", "a/tex/wood.png")
    assert show.one("/mnt/nas/a/tex/wood.png").resolved == str(show.folder / "a/tex/wood.png")
    assert show.one("/mnt/nas/b/tex/wood.png").resolved == str(show.folder / "tex/wood.png")
    assert show.one("/mnt/nas/b/c/wood.png").resolved == str(show.folder / "wood.png")
    assert show.one("X:/nas/b/c/WOOD.png").remapped
    assert show.one("X:/a/tex/wood.png").resolved == str(show.folder / "a/tex/wood.png")


def test_a_file_where_the_scene_says_is_not_looked_for_elsewhere(show: Show, tmp_path: Path) -> None:
    show.make("wood.png")
    (tmp_path / "wood.png").write_bytes(b"x")
    use = show.one(str(tmp_path / "wood.png"))
    assert (use.resolved, use.remapped) == (str(tmp_path / "wood.png"), False)


def test_names_that_windows_wrote_match_in_any_case(show: Show) -> None:
    show.make("Tex/Wood.PNG")
    use = show.one("tex/wood.png", platform="windows")
    assert (use.state, use.resolved, use.remapped) == (State.RESOLVED, str(show.folder / "Tex/Wood.PNG"), True)
    assert show.one("tex/wood.png", platform="linux").state is State.MISSING


def test_the_first_of_several_paths_that_is_there_counts(show: Show) -> None:
    show.make("b.png")
    paths = tuple(Template.literal(str(show.folder / name)) for name in ("a.png", "b.png"))
    [use] = show.locate(Reference("b.png", "n f", paths))
    assert use.resolved == str(show.folder / "b.png")


def test_mentions_of_one_file_are_joined(show: Show) -> None:
    show.make("a.png")
    first, second = show.reference("a.png", "n1 f", confidence=Confidence.LOW), show.reference("./a.png", "n2 f")
    [use] = show.locate(first, second, first)
    assert (use.used_by, use.path, use.confidence) == ("n1 f, n2 f", "a.png", Confidence.HIGH)


def test_what_the_scene_writes_is_missed_by_nobody_and_taken_if_it_is_there(show: Show) -> None:
    read, written = (
        show.reference("cache.####.vdb", "in f"),
        show.reference("cache.####.vdb", "out f", role=Role.OUTPUT),
    )
    written = replace(written, raw="$OS.$F4.vdb")
    [use] = show.locate(written, read)
    assert (use.state, use.path, use.used_by) == (State.OUTPUT, "cache.####.vdb", "out f, in f")
    show.make("cache.0001.vdb")
    [use] = show.locate(written, read)
    assert (use.state, use.count) == (State.PATTERN, 1)


def test_what_is_not_looked_for(show: Show) -> None:
    show.make("a.png")
    roles = (Role.BUILT_IN, Role.PACKED, Role.UNRESOLVED)
    uses = show.locate(*(show.reference(f"{role}.png", role=role) for role in roles))
    assert [use.state for use in uses] == [State.BUILT_IN, State.PACKED, State.UNRESOLVED]
    assert [use.count for use in uses] == [0, 0, 0]


def test_an_optional_file_that_is_not_there_is_left_out(show: Show) -> None:
    show.make("b.xgen")
    uses = show.locate(*(show.reference(name, optional=True) for name in ("a.xgen", "b.xgen")))
    assert [use.path for use in uses] == ["b.xgen"]


@pytest.mark.parametrize("path", ["a\0b.png", "x" * 5000, "/" * 5000, "../" * 500 + "etc/passwd/a", "\udcff.png"])
def test_strange_paths_are_missing_and_no_more(show: Show, path: str) -> None:
    assert show.one(path).state is State.MISSING


def test_each_folder_is_listed_once(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    show.make(*(f"s.{frame:04}.exr" for frame in range(50)))
    listed: list[str] = []
    real = os.scandir

    def scandir(path: str) -> Any:
        listed.append(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    show.locate(*(show.reference(f"{name}.####.exr") for name in ("s", "t", "u", "v")))
    assert [path.rstrip("/") for path in listed].count(str(show.folder)) == 1


@pytest.mark.parametrize("named", ["tex/a.png", "tex/#.png", "TEX/A.PNG", "tex/<UDIM>.png"])
def test_outside_the_folder_that_is_all_there_is_nothing_is_found(show: Show, named: str) -> None:
    show.make("tex/a.png", "tex/1.png", "tex/1001.png")
    path = tokens.template(f"{show.folder}/{named}")
    for within, there in ((show.folder, True), (show.folder / "te", False), (show.folder / "text", False)):
        disk = Disk(str(within))
        assert bool(disk.find(path, folded=True)) == there
        assert bool(disk.tree(f"{show.folder}/tex")) == there


def test_the_disk_knows_where_it_has_looked(show: Show) -> None:
    show.make("tex/a.png", "cache/deep/b")
    disk = Disk()
    references = (show.reference("tex/b.png"), show.reference("/nas/x/c.png"), show.reference("cache", folder=True))
    located(Locator(disk, (), str(show.folder), Findings()), *references)
    looked = ("", "/tex", "/x", "/cache", "/cache/deep")
    assert {f"{show.folder}{name}" for name in looked} | {"/nas/x"} <= disk.looked
    assert str(show.folder.parent) not in disk.looked
