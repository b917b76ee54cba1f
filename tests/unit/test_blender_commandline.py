import sys

import pytest

from rendermill.software.blender.inside import commandline
from rendermill.software.blender.inside.commandline import parse, parse_frame, parse_frames


def words(*arguments: str) -> list[tuple[str, str]]:
    return [((option.names or "file").split()[0], value) for option, value in parse(arguments)]


def test_options_keep_their_order_and_their_values() -> None:
    assert words("-b", "a.blend", "-o", "//x_##", "-f", "1", "-E", "CYCLES", "-a") == [
        ("-b", "-b"),
        ("file", "a.blend"),
        ("-o", "//x_##"),
        ("-f", "1"),
        ("-E", "CYCLES"),
        ("-a", "-a"),
    ]


def test_long_names_stand_for_the_same_options() -> None:
    pairs = [option.names.split()[:2] for option in commandline.OPTIONS if " --" in option.names]
    for short, long in pairs:
        assert words(short, "1")[0][0] == words(long, "1")[0][0]


def test_a_value_may_look_like_an_option() -> None:
    assert words("-f", "-1", "-o", "--", "-s", "-a") == [("-f", "-1"), ("-o", "--"), ("-s", "-a")]


def test_what_follows_two_dashes_is_left_to_scripts() -> None:
    assert words("-a", "--", "-f", "1", "--cycles-device", "CPU", "--nonsense") == [("-a", "-a")]


@pytest.mark.parametrize(
    "arguments",
    [["-noaudio"], ["--factory-startup"], ["--debug-cycles"], ["--log-level", "2"], ["-setaudio", "None"]],
)
def test_options_without_meaning_here_are_accepted(arguments: list[str]) -> None:
    actions = parse([*arguments, "-a"])
    assert len(actions) == 2
    actions[0][0].handler(commandline.Blender(), actions[0][1])


@pytest.mark.parametrize("option", ["-y", "-Y", "-t", "-v", "-h", "-b", "--log-level"])
def test_what_blender_reads_before_it_loads_anything_is_early(option: str) -> None:
    assert parse([option, "1"])[0][0].early
    assert not parse(["-f", "1"])[0][0].early


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.blend", "-f"], "Error: -f needs <frame>\n"),
        (["a.blend", "--frames=3"], "Error: unknown option --frames=3 (see --help)\n"),
        (["-ba"], "Error: unknown option -ba (see --help)\n"),
    ],
)
def test_an_unusable_command_line_is_refused_at_once(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 1
    assert capsys.readouterr().err == message


def test_a_file_may_have_the_name_of_an_option(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("names")
    (folder / "--odd.blend").touch()
    monkeypatch.chdir(folder)
    assert words("--odd.blend") == [("file", "--odd.blend")]


def test_help_needs_no_bpy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setitem(sys.modules, "bpy", None)
    with pytest.raises(SystemExit) as ended:
        commandline.main(["none.blend", "-h"])
    assert ended.value.code == 0
    assert "-F --render-format <format>" in capsys.readouterr().out


def test_a_python_without_bpy_gets_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setitem(sys.modules, "bpy", None)
    assert commandline.main(["-b", "a.blend"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("7", [[7]]),
        ("1,3,5", [[1], [3], [5]]),
        ("1..4", [[1, 2, 3, 4]]),
        ("2,8..9,3", [[2], [8, 9], [3]]),
        ("+0", [[10]]),
        ("+2", [[12]]),
        ("-1", [[20]]),
        ("-3..-1", [[18, 19, 20]]),
        ("+0..+1", [[10, 11]]),
        ("5..3", [[]]),
    ],
)
def test_frames_to_render(text: str, frames: list[list[int]]) -> None:
    assert [list(part) for part in parse_frames(text, 10, 20)] == frames


@pytest.mark.parametrize("text", ["", "x", "1,", ",1", "1..", "1...3", "1-3", "1 2", "++1", "1.5", "-30", "9" * 9, "²"])
def test_frames_that_cannot_be_rendered(text: str) -> None:
    with pytest.raises(ValueError, match=r"frame|number"):
        parse_frames(text, 10, 20)


def test_the_start_and_the_end_move_by_relative_frames() -> None:
    assert [parse_frame(text, 5, 5) for text in ("8", "+3", "-3")] == [8, 8, 2]


def test_an_error_is_one_line_without_repetition(capsys: pytest.CaptureFixture[str]) -> None:
    commandline.complain("Error: no device\nError: no device\nask for another\n")
    assert capsys.readouterr().err == "Error: no device | ask for another\n"
