"""The judge of pictures, over real files: good ones pass, and every way to be broken is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from numpy.typing import NDArray

from rendermill.engine.host.verify import PICTURES, BadPictureError, Expectation, Expectations, judge

Image = NDArray[np.float32]
WIDTH, HEIGHT = 48, 32
EXPECTED = Expectation(WIDTH, HEIGHT)
NOISE: Image = np.random.default_rng(1).random((HEIGHT, WIDTH, 4), np.float32)
KINDS = [
    ("a.png", "uint8", 3),
    ("a.png", "uint16", 4),
    ("a.jpg", "uint8", 3),
    ("a.JPEG", "uint8", 3),
    ("a.tif", "uint8", 3),
    ("a.tiff", "float", 4),
    ("a.exr", "half", 4),
    ("a.exr", "float", 3),
    ("a.bmp", "uint8", 3),
    ("a.tga", "uint8", 3),
    ("a.webp", "uint8", 3),
    ("a.hdr", "float", 3),
    ("a.dpx", "uint16", 3),
]
NAMES = [f"{name} {kind}" for name, kind, _ in KINDS]


def write(
    path: Path, *images: Image, kind: str = "half", names: Sequence[tuple[str, ...]] | None = None, **about: Any
) -> Path:
    """Write a picture of one or more parts."""
    specs = []
    for number, image in enumerate(images):
        spec = oiio.ImageSpec(image.shape[1], image.shape[0], image.shape[2], kind)
        if names is not None:
            spec.channelnames = names[number]
        for name, value in about.items():
            setattr(spec, name, value)
        if len(images) > 1:
            spec.attribute("oiio:subimagename", f"part{number}")
        specs.append(spec)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None, oiio.geterror()
    assert output.open(str(path), specs if len(specs) > 1 and path.suffix == ".exr" else specs[0])
    for number, image in enumerate(images):
        assert number == 0 or output.open(str(path), specs[number], "AppendSubimage")
        assert output.write_image(image), output.geterror()
    assert output.close()
    return path


def noise(channels: int = 3) -> Image:
    return np.ascontiguousarray(NOISE[:, :, :channels])


def with_pixel(value: float, channels: int = 3, channel: int = 0) -> Image:
    image = noise(channels).copy()
    image[5, 7, channel] = value
    return image


def cut(path: Path, by: int) -> Path:
    path.write_bytes(path.read_bytes()[:-by])
    return path


# --- good --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind", "channels"), KINDS, ids=NAMES)
def test_a_good_picture_passes(tmp_path: Path, name: str, kind: str, channels: int) -> None:
    assert judge(write(tmp_path / name, noise(channels), kind=kind), name, EXPECTED) == []


def test_a_picture_of_several_parts_passes(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.exr", noise(), noise(4), names=[("R", "G", "B"), ("R", "G", "B", "A")])
    assert judge(picture, "a.exr", EXPECTED) == []


def test_a_picture_of_layers_passes(tmp_path: Path) -> None:
    names = [("ViewLayer.Combined.R", "ViewLayer.Combined.G", "ViewLayer.Combined.B", "ViewLayer.Combined.A")]
    assert judge(write(tmp_path / "a.exr", noise(4), names=names), "a.exr", EXPECTED) == []


def test_light_without_end_passes(tmp_path: Path) -> None:
    assert judge(write(tmp_path / "a.exr", with_pixel(np.inf)), "a.exr", EXPECTED) == []


def test_a_cropped_picture_has_the_size_of_its_whole(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.exr", noise(), full_width=200, full_height=100)
    assert judge(picture, "a.exr", Expectation(200, 100)) == []
    with pytest.raises(BadPictureError, match="200x100"):
        judge(picture, "a.exr", EXPECTED)


def test_without_an_expectation_any_size_is_right(tmp_path: Path) -> None:
    assert judge(write(tmp_path / "a.png", noise(), kind="uint8"), "a.png", Expectation()) == []


@pytest.mark.parametrize("name", ["log.txt", "cache.abc", "movie.mp4", "noextension", ".png"])
def test_other_files_than_pictures_pass_whatever_is_in_them(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"anything")
    assert judge(file, name, EXPECTED) == []


# --- cut off -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.1, 0.25, 0.5, 0.75, 0.9, 0.98])
@pytest.mark.parametrize(("name", "kind", "channels"), KINDS, ids=NAMES)
def test_a_picture_that_was_cut_off_is_found(tmp_path: Path, name: str, kind: str, channels: int, part: float) -> None:
    picture = write(tmp_path / name, noise(channels), kind=kind)
    size = picture.stat().st_size - (1000 if name == "a.tga" else 0)  # a TGA ends with notes that are no picture
    with pytest.raises(BadPictureError):
        judge(cut(picture, picture.stat().st_size - int(size * part)), name, EXPECTED)


@pytest.mark.parametrize("by", range(1, 14))
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.exr"])
def test_a_picture_without_its_last_bytes_is_found(tmp_path: Path, name: str, by: int) -> None:
    kind = "half" if name == "a.exr" else "uint8"
    with pytest.raises(BadPictureError):
        judge(cut(write(tmp_path / name, noise(), kind=kind), by), name, EXPECTED)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.99])
def test_a_picture_of_several_parts_that_was_cut_off_is_found(tmp_path: Path, part: float) -> None:
    picture = write(tmp_path / "a.exr", noise(), noise())
    with pytest.raises(BadPictureError):
        judge(cut(picture, int(picture.stat().st_size * (1 - part)) or 1), "a.exr", EXPECTED)


@pytest.mark.parametrize("name", ["a.png", "a.exr", "a.tif"])
def test_a_hole_in_the_middle_is_found(tmp_path: Path, name: str) -> None:
    """What a sparse copy or a crash of the machine leaves: the right length, zeros inside."""
    picture = write(tmp_path / name, noise(), kind="half" if name == "a.exr" else "uint8")
    data = bytearray(picture.read_bytes())
    data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
    picture.write_bytes(bytes(data))
    with pytest.raises(BadPictureError):
        judge(picture, name, EXPECTED)


# --- wrong inside ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(f"a{suffix}" for suffix in PICTURES))
def test_an_empty_file_is_no_picture(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(BadPictureError, match="empty") as caught:
        judge(tmp_path / name, f"sub/{name}", EXPECTED)
    assert caught.value.where == f"sub/{name}"


@pytest.mark.parametrize("name", sorted(f"a{suffix}" for suffix in PICTURES))
@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n\x1a\n" + bytes(64), bytes(300)])
def test_what_is_no_picture_is_found(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadPictureError):
        judge(tmp_path / name, name, EXPECTED)


@pytest.mark.parametrize(("width", "height"), [(WIDTH, HEIGHT + 1), (WIDTH - 1, HEIGHT), (HEIGHT, WIDTH)])
def test_a_picture_of_another_size_says_both(tmp_path: Path, width: int, height: int) -> None:
    picture = write(tmp_path / "a.png", noise(), kind="uint8")
    with pytest.raises(BadPictureError, match=f"it is 48x32 pixels, {width}x{height} were asked for"):
        judge(picture, "a.png", Expectation(width, height))


def test_each_part_of_a_picture_must_have_the_size(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.tif", noise(), noise()[:16], kind="uint8")
    with pytest.raises(BadPictureError, match="48x16"):
        judge(picture, "a.tif", EXPECTED)


@pytest.mark.parametrize("name", ["a.png", "sub/a.png"])
def test_a_named_picture_must_have_the_size(tmp_path: Path, name: str) -> None:
    picture = write(tmp_path / "a.png", noise(), kind="uint8")
    with pytest.raises(BadPictureError, match="it is 48x32 pixels, 9x9 were asked for"):
        judge(picture, name, Expectation(9, 9, frozenset({"a.png", "z.png"})))


def test_a_picture_beside_the_named_ones_may_have_any_size(tmp_path: Path) -> None:
    picture = write(tmp_path / "thumb.png", noise(), kind="uint8")
    assert judge(picture, "a.png/thumb.png", Expectation(9, 9, frozenset({"a.png"}))) == []


def test_a_picture_beside_the_named_ones_must_be_whole(tmp_path: Path) -> None:
    expected = Expectation(9, 9, frozenset({"a.png"}))
    for picture, reason in (
        (cut(write(tmp_path / "b.png", noise(), kind="uint8"), 3), "cut off"),
        (cut(write(tmp_path / "b.tif", noise(), kind="uint8"), 900), "does not"),
        (write(tmp_path / "b.exr", with_pixel(np.nan)), "NaN"),
    ):
        with pytest.raises(BadPictureError, match=reason):
            judge(picture, picture.name, expected)


@pytest.mark.parametrize("channel", [0, 2, 3])
@pytest.mark.parametrize(("name", "kind"), [("a.exr", "half"), ("a.exr", "float"), ("a.tif", "float")])
def test_a_single_nan_is_found(tmp_path: Path, name: str, kind: str, channel: int) -> None:
    picture = write(tmp_path / name, with_pixel(np.nan, 4, channel), kind=kind)
    with pytest.raises(BadPictureError, match="NaN"):
        judge(picture, name, EXPECTED)


def test_a_nan_in_a_later_part_is_found(tmp_path: Path) -> None:
    with pytest.raises(BadPictureError, match="NaN"):
        judge(write(tmp_path / "a.exr", noise(), with_pixel(np.nan)), "a.exr", EXPECTED)


def test_a_nan_in_data_beside_the_colours_is_left_alone(tmp_path: Path) -> None:
    """Only colours are judged: a distance or a vector may be undefined where nothing was hit."""
    names = [("R", "G", "B", "Depth.Z")]
    assert judge(write(tmp_path / "a.exr", with_pixel(np.nan, 4, 3), names=names), "a.exr", EXPECTED) == []
    parts = write(tmp_path / "b.exr", noise(), with_pixel(np.nan, 1), names=[("R", "G", "B"), ("Depth.Z",)])
    assert judge(parts, "b.exr", EXPECTED) == []


# --- black -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "uint8"), ("a.jpg", "uint8"), ("a.exr", "half"), ("a.tif", "float")]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_an_all_black_picture_is_a_warning(tmp_path: Path, name: str, kind: str, channels: int) -> None:
    picture = write(tmp_path / name, noise(channels) * 0, kind=kind)
    assert judge(picture, name, EXPECTED) == ["the picture is all black"]


@pytest.mark.parametrize(("name", "kind"), [("a.png", "uint8"), ("a.exr", "half")])
def test_black_under_a_full_alpha_is_black(tmp_path: Path, name: str, kind: str) -> None:
    black = noise(4) * 0
    black[:, :, 3] = 1
    assert judge(write(tmp_path / name, black, kind=kind), name, EXPECTED) == ["the picture is all black"]


def test_black_that_was_dithered_is_black(tmp_path: Path) -> None:
    dithered = ((noise(3) > 0.5) / 255).astype(np.float32)
    assert dithered.max() > 0
    assert judge(write(tmp_path / "a.png", dithered, kind="uint8"), "a.png", EXPECTED) == ["the picture is all black"]


def test_one_grey_pixel_is_not_black(tmp_path: Path) -> None:
    image = noise(1) * 0
    image[1, 1] = 0.1
    assert judge(write(tmp_path / "a.png", image, kind="uint8"), "a.png", EXPECTED) == []


def test_one_part_that_is_not_black_is_enough(tmp_path: Path) -> None:
    assert judge(write(tmp_path / "a.exr", noise() * 0, noise()), "a.exr", EXPECTED) == []


# --- what a renderer says ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, Expectation()),
        ({}, Expectation()),
        ({"width": 4, "height": 3, "files": ["a.png"]}, Expectation(4, 3, frozenset({"a.png"}))),
        ({"width": "4", "height": None, "files": "a.png"}, Expectation()),
        ({"width": 4.5, "height": [3], "nonsense": 1}, Expectation()),
    ],
)
def test_parts_of_an_expectation_that_make_no_sense_are_left_out(said: Any, expected: Expectation) -> None:
    assert Expectation.of(said) == expected


def test_of_several_expectations_each_binds_the_pictures_that_it_names() -> None:
    one, two = ({"width": 4, "height": 3, "files": [name]} for name in ("1.png", "2.png"))
    expected = Expectations.of([one, {"width": 8, "height": 6}, two | {"width": 5}, two])
    assert set(expected.named) == {"1.png", "2.png"}
    assert expected.of_picture("sub/1.png") == Expectation.of(one)
    assert expected.of_picture("2.png") == Expectation.of(two)
    assert expected.of_picture("3.png") == Expectation(8, 6)


def test_a_picture_that_no_expectation_names_may_be_anything() -> None:
    assert Expectations.of([]).of_picture("1.png") == Expectation()
    assert Expectations.of([{"width": 4, "height": 3, "files": ["1.png"]}]).of_picture("2.png") == Expectation()
