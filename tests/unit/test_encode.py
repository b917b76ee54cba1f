"""The encode step: pictures in, a movie out, decoded again to see what is in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import OpenImageIO as oiio
import pytest
from numpy.typing import NDArray

from rendermill.engine.host.verify import PICTURES
from rendermill.renderers.encode.__main__ import main
from rendermill.renderers.encode.errors import EncodeError
from rendermill.renderers.encode.pictures import read_picture
from rendermill.renderers.encode.sequences import SUFFIXES, find_literally, find_sequence

Image = NDArray[np.float32]
HEIGHT, WIDTH = 32, 48
RED, GREEN, BLUE = (0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)


def plain(*values: float, height: int = HEIGHT, width: int = WIDTH) -> Image:
    return np.full((height, width, len(values)), values, np.float32)


def save(path: Path, image: Image, kind: str = "uint8", names: tuple[str, ...] = (), **about: Any) -> Path:
    """Writes a picture; ``about`` are members of its description, or attributes with ``__`` for ``:``."""
    height, width, channels = image.shape
    spec = oiio.ImageSpec(width, height, channels, kind)
    if names:
        spec.channelnames = names
    for name, value in about.items():
        if hasattr(spec, name):
            setattr(spec, name, value)
        else:
            spec.attribute(name.replace("__", ":"), value)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    assert output.open(str(path), spec) and output.write_image(image) and output.close(), output.geterror()
    return path


def save_parts(path: Path, parts: list[tuple[str, tuple[str, ...], Image]]) -> Path:
    specs = []
    for name, channels, image in parts:
        spec = oiio.ImageSpec(image.shape[1], image.shape[0], image.shape[2], "half")
        spec.channelnames = channels
        spec.attribute("oiio:subimagename", name)
        specs.append(spec)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    assert output.open(str(path), specs)
    for number, (_, _, image) in enumerate(parts):
        assert number == 0 or output.open(str(path), specs[number], "AppendSubimage")
        assert output.write_image(image)
    assert output.close()
    return path


def save_frames(folder: Path, colours: list[tuple[float, ...]], name: str = "mill_{:04d}.png") -> Path:
    folder.mkdir(exist_ok=True)
    for number, colour in enumerate(colours, 1):
        save(folder / name.format(number), plain(*colour))
    return folder


def decoded(movie: Path) -> list[NDArray[Any]]:
    with av.open(str(movie)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def colour(picture: NDArray[Any]) -> tuple[int, int, int]:
    r, g, b = (round(float(value)) for value in picture.mean(axis=(0, 1)))
    return r, g, b


def encode(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def failure(capsys: pytest.CaptureFixture[str]) -> str:
    """The message of the step that failed."""
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("openjd_fail: ")]
    return line.removeprefix("openjd_fail: ")


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


# ---- the movie


def test_the_movie_shows_each_frame_in_order_with_its_colour(tmp_path: Path) -> None:
    frames = save_frames(tmp_path / "render", [RED, GREEN, BLUE])
    movie = tmp_path / "out" / "mill.mp4"
    assert encode("--fps", "24", "--output", movie, frames) == 0
    shown = [colour(picture) for picture in decoded(movie)]
    for got, wanted in zip(shown, [RED, GREEN, BLUE], strict=True):
        assert got == pytest.approx([value * 255 for value in wanted], abs=4)
    assert names(movie.parent) == ["mill.mp4"]


def test_the_movie_is_h264_with_constant_rate_and_plays_while_it_loads(tmp_path: Path) -> None:
    frames = save_frames(tmp_path / "render", [RED, GREEN, BLUE, RED])
    movie = tmp_path / "mill.mp4"
    assert encode("--fps", "24000/1001", "--crf", "30", "--output", movie, frames) == 0
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.frames) == (WIDTH, HEIGHT, 4)
        assert stream.average_rate == Fraction(24000, 1001)
        coder = stream.codec_context
        assert (coder.color_range, coder.colorspace, coder.color_primaries, coder.color_trc) == (1, 1, 1, 13)
        times = [frame.time for frame in container.decode(stream)]
    assert times == pytest.approx([index * 1001 / 24000 for index in range(4)])
    content = movie.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_same_frames_make_the_same_file(tmp_path: Path) -> None:
    frames = save_frames(tmp_path / "render", [RED, GREEN, BLUE])
    for name in ("a.mp4", "b.mp4"):
        assert encode("--fps", "24", "--output", tmp_path / name, frames) == 0
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(("height", "width"), [(31, 47), (32, 47), (31, 48), (1, 1)])
def test_an_odd_size_gets_its_last_row_and_column_twice(tmp_path: Path, height: int, width: int) -> None:
    save(tmp_path / "odd_1.png", plain(*GREEN, height=height, width=width))
    assert encode("--fps", "24", "--output", tmp_path / "odd.mp4", tmp_path) == 0
    (picture,) = decoded(tmp_path / "odd.mp4")
    assert picture.shape == (height + height % 2, width + width % 2, 3)
    corner = picture[-1, -1].tolist()
    assert corner == pytest.approx([value * 255 for value in GREEN], abs=6)


def test_progress_and_gaps_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1, 2, 5, 9):
        save(tmp_path / f"mill_{number:04d}.png", plain(*RED))
    assert encode("--fps", "24", "--output", tmp_path / "mill.mp4", tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "missing frames, which the movie jumps over: 3-4, 6-8"
    assert lines[1:5] == [
        "openjd_progress: 0.0",
        "openjd_status: frame 1 of 4",
        "openjd_progress: 25.0",
        "openjd_status: frame 2 of 4",
    ]
    assert lines[-2] == "openjd_progress: 100.0"
    assert len(decoded(tmp_path / "mill.mp4")) == 4


def test_an_older_movie_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    frames = save_frames(tmp_path / "render", [RED, GREEN])
    movie = tmp_path / "mill.mp4"
    movie.write_bytes(b"old")
    save(frames / "mill_0003.png", plain(*RED, height=HEIGHT + 2))
    assert encode("--fps", "24", "--output", movie, frames) == 1
    assert movie.read_bytes() == b"old"
    (frames / "mill_0003.png").unlink()
    assert encode("--fps", "24", "--output", movie, frames) == 0
    assert len(decoded(movie)) == 2
    assert names(tmp_path) == ["mill.mp4", "render"]


# ---- what is refused


def test_a_frame_of_another_size_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = save_frames(tmp_path / "render", [RED, GREEN])
    save(frames / "mill_0003.png", plain(*RED, height=16, width=16))
    assert encode("--fps", "24", "--output", tmp_path / "mill.mp4", frames) == 1
    assert failure(capsys) == "mill_0003.png is 16x16, but the frames before it are 48x32"
    assert names(tmp_path) == ["render"]


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "exr"])
def test_a_cut_frame_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    noise = np.random.default_rng(1).random((HEIGHT, WIDTH, 3), np.float32)
    frames = tmp_path / "render"
    frames.mkdir()
    for number in (1, 2, 3):
        save(frames / f"mill_{number}.{ending}", noise, "half" if ending == "exr" else "uint8")
    content = (frames / f"mill_2.{ending}").read_bytes()
    (frames / f"mill_2.{ending}").write_bytes(content[: len(content) // 2])
    assert encode("--fps", "24", "--output", tmp_path / "mill.mp4", frames) == 1
    assert f"mill_2.{ending}" in failure(capsys)
    assert names(tmp_path) == ["render"]


def test_a_frame_that_is_no_picture_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mill_1.png").write_text("a note")
    assert encode("--fps", "24", "--output", tmp_path / "mill.mp4", tmp_path) == 1
    assert failure(capsys).startswith("mill_1.png cannot be read: ")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--fps", "0", "0.1 to 1000"),
        ("--fps", "24/0", "0.1 to 1000"),
        ("--fps", "1e999999999", "0.1 to 1000"),
        ("--fps", "nan", "0.1 to 1000"),
        ("--crf", "52", "1 to 51"),
        ("--crf", "-1", "1 to 51"),
        ("--output", "mill.avi", "must end with .mp4"),
        ("--tempo", "3", "--tempo"),
    ],
)
def test_a_wrong_option_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    frames = save_frames(tmp_path / "render", [RED])
    given = ["--fps", "24", "--output", tmp_path / "mill.mp4", frames, f"{option}={value}"]
    assert encode(*given) == 1
    assert message in failure(capsys)
    assert names(tmp_path) == ["render"]


@pytest.mark.parametrize("blocked", ["folder.mp4", "file/mill.mp4"])
def test_an_output_that_cannot_be_written_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], blocked: str
) -> None:
    frames = save_frames(tmp_path / "render", [RED])
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").write_text("")
    assert encode("--fps", "24", "--output", tmp_path / blocked, frames) == 1
    assert blocked in failure(capsys)


def test_a_full_disk_leaves_nothing_and_no_traceback(tmp_path: Path) -> None:
    frames = tmp_path / "render"
    frames.mkdir()
    save(frames / "noise_1.png", np.random.default_rng(1).random((256, 256, 3), np.float32))
    command = "import resource, signal, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
    command += "from rendermill.renderers.encode.__main__ import main; sys.exit(main(sys.argv[1:]))"
    arguments = ["--fps", "24", "--crf", "1", "--output", str(tmp_path / "mill.mp4"), str(frames)]
    done = subprocess.run([sys.executable, "-c", command, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "openjd_fail: " in done.stdout
    assert names(tmp_path) == ["render"]


def test_a_stopped_step_leaves_nothing(tmp_path: Path) -> None:
    frames = tmp_path / "render"
    frames.mkdir()
    save(frames / "noise_1.png", np.random.default_rng(1).random((120, 160, 3), np.float32))
    for number in range(2, 3000):
        os.link(frames / "noise_1.png", frames / f"noise_{number}.png")
    command = [sys.executable, "-m", "rendermill.renderers.encode", "--fps", "24"]
    command += ["--output", str(tmp_path / "mill.mp4"), str(frames)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as step:
        assert step.stdout is not None and step.stderr is not None
        assert any(list(tmp_path.glob(".mill.mp4.*")) for _ in step.stdout)  # the unfinished movie is there
        step.send_signal(signal.SIGTERM)
        assert (step.wait(30), step.stderr.read()) == (128 + signal.SIGTERM, "")
    assert names(tmp_path) == ["render"]


# ---- which files are the frames


def numbers(folder: Path, pattern: str | None = None) -> list[int]:
    return [number for number, _ in find_sequence(folder, pattern).frames]


def touch(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).touch()
    return folder


def test_frames_are_ordered_by_number_not_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "a_10.png", "a_9.png", "a_100.png", "thumb.png", "notes_1.txt", ".a_11.png")
    assert numbers(tmp_path) == [9, 10, 100]


def test_negative_frames_come_first_and_a_dash_is_no_minus(tmp_path: Path) -> None:
    touch(tmp_path, "a_-0002.png", "a_-0001.png", "a_0000.png", "a_0001.png")
    assert numbers(tmp_path) == [-2, -1, 0, 1]
    for file in tmp_path.iterdir():
        file.unlink()
    touch(tmp_path, "shot-0001.png", "shot-0002.png")
    assert numbers(tmp_path) == numbers(tmp_path, "shot-####.png") == [1, 2]


def test_several_sequences_are_listed_and_one_can_be_chosen(tmp_path: Path) -> None:
    touch(tmp_path, "a_0001.png", "a_0002.png", "a_0003.exr", "depth.0007.exr", "b_5.PNG")
    with pytest.raises(EncodeError) as caught:
        find_sequence(tmp_path)
    listed = "a_####.exr (1 frames), a_####.png (2 frames), b_#.PNG (1 frames), depth.####.exr (1 frames)"
    assert str(caught.value).endswith(f"choose one with --sequence: {listed}")
    for pattern in ("a_####.png", "a_@@@@.png", "a_#.png", "a_%04d.png", "a_$F4.png", "a_*.png", "?_####.p*"):
        assert numbers(tmp_path, pattern) == numbers(tmp_path / pattern) == [1, 2]
    assert numbers(tmp_path, "depth.####.*") == [7]


@pytest.mark.parametrize("pattern", ["a_###.png", "a_#####.png", "b_####.png", "a_####.tif", "a_####"])
def test_a_pattern_that_fits_nothing_is_named(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path, "a_0001.png")
    with pytest.raises(EncodeError, match="fits no numbered picture in"):
        find_sequence(tmp_path, pattern)


def test_a_pattern_takes_frames_past_its_digits(tmp_path: Path) -> None:
    touch(tmp_path, "a_0999.png", "a_9999.png", "a_10000.png")
    assert numbers(tmp_path, "a_####.png") == [999, 9999, 10000]


def test_other_wrong_inputs_are_explained(tmp_path: Path) -> None:
    touch(tmp_path, "thumb.png")
    for source, pattern, message in [
        (tmp_path, None, "there is no numbered picture in"),
        (tmp_path / "gone", None, "there is no folder .*/gone"),
        (tmp_path / "gone" / "a_####.png", None, "there is no folder .*/gone$"),
        (tmp_path, "thumb.png", "no place for the frame number"),
        (tmp_path, "../a_#.png", "without a folder"),
        (tmp_path / "a_#.png", "a_#.png", "can be chosen only in a folder"),
    ]:
        with pytest.raises(EncodeError, match=message):
            find_sequence(source, pattern)


def literal_numbers(pattern: Path) -> list[int]:
    return [number for number, _ in find_literally(pattern).frames]


@pytest.mark.parametrize(
    "name", ["logo@2x", "#1 ", "50%d", "$F4", "a*", "a?b", "a.b[1]", "a{b}", "a{{c}}", ".hidden", "-"]
)
def test_in_a_literal_pattern_only_the_last_hashes_mean_something(tmp_path: Path, name: str) -> None:
    touch(tmp_path, *(f"{name}_{number:04d}.png" for number in (8, 9, 10000)))
    touch(tmp_path, "logo82x_0001.png", "x_0001.png", f"{name}_001.png", f"{name}_00003.png", f"{name}_0001.txt")
    found = find_literally(tmp_path / f"{name}_####")
    assert [path.name for _, path in found.frames] == [f"{name}_{number:04d}.png" for number in (8, 9, 10000)]
    assert (found.pattern, found.gaps) == (f"{name}_####.png", [(10, 9999)])


def test_a_literal_pattern_names_frames_as_blender_does(tmp_path: Path) -> None:
    touch(tmp_path, "a##b_03.png", "x3y.png", "f_0003.v2.exr", "g_0003.exr", "h_0003.PNG")
    for pattern in ("a##b_##", "x#y", "f_####.v2", "g_####.png", "g_####.TX", "h_####.PNG"):
        assert literal_numbers(tmp_path / pattern) == [3], pattern


def test_a_preview_beside_each_exr_is_no_frame(tmp_path: Path) -> None:
    touch(tmp_path, "a_1.exr", "a_1.jpg")
    assert find_literally(tmp_path / "a_#").extension == ".exr"
    (tmp_path / "a_1.exr").unlink()
    assert find_literally(tmp_path / "a_#").extension == ".jpg"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a", "the pattern a has no # for the frame number"),
        ("b_#", "there is no frame b_# in "),
        ("gone/a_#", "the folder .*gone cannot be read"),
        ("a_#", r"frames of several kinds \(\.exr \.png\) a_# in"),
    ],
)
def test_a_literal_pattern_that_finds_no_frames_is_explained(tmp_path: Path, pattern: str, message: str) -> None:
    touch(tmp_path, "a_1.png", "a_1.exr")
    with pytest.raises(EncodeError, match=message):
        find_literally(tmp_path / pattern)


def test_the_frames_of_a_literal_pattern_become_a_movie(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = save_frames(tmp_path / "render", [RED, GREEN], "logo@2x_{:04d}.png")
    movie = tmp_path / "m.mp4"
    assert encode("--fps", "24", "--output", movie, "--literal", frames / "logo@2x_####") == 0
    assert len(decoded(movie)) == 2
    assert encode("--fps", "24", "--output", movie, frames, "--literal", "--sequence", "logo@2x_####") == 1
    assert "not allowed with" in failure(capsys)


def test_every_picture_that_is_verified_can_be_a_frame() -> None:
    assert SUFFIXES >= PICTURES


# ---- which colours a picture has


@pytest.mark.parametrize(
    ("file", "kind", "tolerance"),
    [
        *[("a.png", "uint8", 0), ("a.png", "uint16", 0), ("a.jpg", "uint8", 2), ("a.tif", "uint16", 0)],
        *[("a.bmp", "uint8", 0), ("a.tga", "uint8", 0), ("a.webp", "uint8", 2), ("a.dpx", "uint16", 0)],
        *[("a.jp2", "uint8", 2), ("a.jp2", "uint16", 0), ("a.j2c", "uint8", 2), ("a.rgb", "uint8", 0)],
    ],
)
def test_display_pictures_are_taken_as_they_are(tmp_path: Path, file: str, kind: str, tolerance: int) -> None:
    shown = colour(read_picture(save(tmp_path / file, plain(0.8, 0.4, 0.2), kind)))
    assert shown == pytest.approx((204, 102, 51), abs=tolerance)


@pytest.mark.parametrize(("file", "kind"), [("a.exr", "half"), ("a.exr", "float"), ("a.tif", "float")])
def test_linear_light_is_encoded_as_srgb(tmp_path: Path, file: str, kind: str) -> None:
    shown = colour(read_picture(save(tmp_path / file, plain(0.214, 0.0021, 0.6), kind)))
    assert shown == pytest.approx((127, 7, 203), abs=1)


def test_the_light_of_an_hdr_is_encoded_as_srgb(tmp_path: Path) -> None:
    drawn = save(tmp_path / "a.hdr", plain(0.214, 0.214, 0.6), "float")  # its values have one exponent together
    assert colour(read_picture(drawn)) == pytest.approx((127, 127, 203), abs=1)


def test_a_dpx_that_says_it_is_linear_is_encoded_as_srgb(tmp_path: Path) -> None:
    drawn = save(tmp_path / "a.dpx", plain(0.214, 0.0021, 0.6), "uint16", oiio__ColorSpace="lin_rec709_scene")
    assert colour(read_picture(drawn)) == pytest.approx((127, 7, 203), abs=1)


def test_linear_light_reaches_the_movie_as_srgb(tmp_path: Path) -> None:
    save(tmp_path / "grey_1.exr", plain(0.214, 0.214, 0.214), "half")
    assert encode("--fps", "24", "--output", tmp_path / "grey.mp4", tmp_path) == 0
    (picture,) = decoded(tmp_path / "grey.mp4")
    assert colour(picture) == pytest.approx((127, 127, 127), abs=2)


def test_the_colour_configuration_of_the_user_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", "/nowhere/config.ocio")
    assert colour(read_picture(save(tmp_path / "a.exr", plain(0.214, 0.214, 0.214), "half")))[0] == 127


def test_light_that_is_no_number_or_too_much_is_bounded(tmp_path: Path) -> None:
    image = plain(0.5, 0.5, 0.5)
    image[0, 0], image[0, 1], image[0, 2], image[0, 3], image[0, 4] = np.nan, np.inf, -np.inf, 50, -2
    shown = read_picture(save(tmp_path / "a.exr", image, "float"))
    assert shown[0, :5, 0].tolist() == [0, 0, 0, 255, 0]
    assert shown[1, 1, 0] == 188


def test_transparent_parts_lie_over_black(tmp_path: Path) -> None:
    straight = plain(0.8, 0.4, 0.2, 0.5)
    drawn = save(tmp_path / "a.png", straight, oiio__UnassociatedAlpha=1)
    assert colour(read_picture(drawn)) == pytest.approx((102, 51, 26), abs=1)
    for ending in ("bmp", "tga", "webp", "jp2", "rgb"):
        drawn = save(tmp_path / f"a.{ending}", straight, oiio__UnassociatedAlpha=1)
        assert colour(read_picture(drawn)) == pytest.approx((102, 51, 26), abs=2), ending
    premultiplied = save(tmp_path / "a.exr", plain(0.214, 0.0, 0.0, 0.5), "half")
    assert colour(read_picture(premultiplied)) == (127, 0, 0)


@pytest.mark.parametrize(("file", "kind"), [("a.png", "uint8"), ("a.jpg", "uint8"), ("a.tif", "uint16")])
def test_grey_pictures_become_colour(tmp_path: Path, file: str, kind: str) -> None:
    assert colour(read_picture(save(tmp_path / file, plain(0.4), kind))) == (102, 102, 102)


def test_grey_light_and_grey_with_alpha_become_colour(tmp_path: Path) -> None:
    assert colour(read_picture(save(tmp_path / "a.exr", plain(0.214), "half", ("Y",)))) == (127, 127, 127)
    faded = save(tmp_path / "a.png", plain(0.4, 0.5), names=("Y", "A"), oiio__UnassociatedAlpha=1)
    assert colour(read_picture(faded)) == pytest.approx((51, 51, 51), abs=1)


@pytest.mark.parametrize(
    ("channels", "shown"),
    [
        (("V.AO.R", "V.AO.G", "V.AO.B", "R", "G", "B"), 188),
        (("V.AO.R", "V.AO.G", "V.AO.B", "V.Combined.R", "V.Combined.G", "V.Combined.B"), 188),
        (("V.Z.Z", "V.AO.X", "V.AO.Y", "V.Diffuse.R", "V.Diffuse.G", "V.Diffuse.B"), 188),
        (("a.R", "a.G", "a.B", "b.R", "b.G", "b.B"), 127),
    ],
)
def test_the_picture_of_a_layered_exr(tmp_path: Path, channels: tuple[str, ...], shown: int) -> None:
    image = plain(0.214, 0.214, 0.214, 0.5, 0.5, 0.5)
    assert colour(read_picture(save(tmp_path / "a.exr", image, "float", channels))) == (shown,) * 3


def test_the_picture_of_an_exr_in_parts(tmp_path: Path) -> None:
    rgb, other, combined = ("R", "G", "B"), plain(0.214, 0.214, 0.214), plain(0.5, 0.5, 0.5)
    parts = [("V.Depth", ("Z",), plain(9.0)), ("V.AO", rgb, other), ("V.Combined", rgb, combined)]
    assert colour(read_picture(save_parts(tmp_path / "named.exr", parts))) == (188, 188, 188)
    parts = [("V.AO", ("V.AO.R", "V.AO.G", "V.AO.B"), other), ("beauty", rgb, combined)]
    assert colour(read_picture(save_parts(tmp_path / "plain.exr", parts))) == (188, 188, 188)


def test_an_exr_without_colours_lists_its_channels(tmp_path: Path) -> None:
    path = save(tmp_path / "a.exr", plain(1, 2, 3), "float", ("N.X", "N.Y", "N.Z"))
    with pytest.raises(EncodeError, match=r"a\.exr has no red, green and blue; its channels are N\.X, N\.Y, N\.Z"):
        read_picture(path)


def test_a_cropped_exr_is_shown_in_its_display_window(tmp_path: Path) -> None:
    inside = save(
        tmp_path / "crop.exr",
        plain(1, 1, 1, height=4, width=6),
        "half",
        x=2,
        y=1,
        full_width=10,
        full_height=8,
    )
    shown = read_picture(inside)
    assert shown.shape == (8, 10, 3)
    assert shown[1:5, 2:8].min() == 255
    assert shown.astype(int).sum() == 255 * 3 * 24
    overscan = plain(0, 0, 0, height=8, width=10)
    overscan[2, 3] = 1
    path = save(tmp_path / "over.exr", overscan, "half", x=-2, y=-1, full_x=0, full_y=0, full_width=6, full_height=5)
    shown = read_picture(path)
    assert shown.shape == (5, 6, 3)
    assert np.argwhere(shown[..., 0]).tolist() == [[1, 1]]
