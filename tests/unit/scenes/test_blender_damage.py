"""Blender scenes that are damaged, or made to harm who reads them."""

from __future__ import annotations

import gzip
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from rendermill.scenes.blender import content
from rendermill.scenes.blender.dna import Field, Schema
from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import SceneReport
from rendermill.software.blender.header import Header
from support.scenes_blend import Blend, gzipped, scene, zstd

Report = Callable[[bytes], SceneReport]


@pytest.fixture
def report(tmp_path: Path) -> Report:
    def made(data: bytes) -> SceneReport:
        (tmp_path / "x").write_bytes(data)
        return examine(tmp_path / "x", (), Listener())

    return made


def textured() -> Blend:
    blend = scene(Blend())
    for number in range(3):
        name = f"tex{number}"
        blend.add("IM", "Image", 0x300 + number, {"id.name": f"IM{name}", "name": f"//{name}.png", "source": 1})
    return blend


def textures(found: SceneReport) -> list[str]:
    return [use.path for use in found.files]


@pytest.mark.parametrize("pack", [bytes, gzipped, zstd, zstandard.ZstdCompressor().compress])
def test_a_file_that_is_cut_off_is_damaged(report: Report, pack: Callable[[bytes], bytes]) -> None:
    whole = pack(bytes(textured()))
    for length in range(12, len(whole) - 40, max(1, len(whole) // 50)):
        found = report(whole[:length])
        assert found.damage, length
        assert found.format in ("blend", "unknown")


def test_a_cut_is_told_with_its_place(report: Report) -> None:
    found = report(bytes(textured())[:3000])
    assert found.damage == "damaged at byte 3000: the file ends before what it holds does"
    assert found.software.version == "4.5", "what was read counts"


def test_what_lies_before_damage_is_read(report: Report) -> None:
    whole = bytes(textured())
    at = whole.index(b"IMtex1") - 60
    found = report(whole[: at - 5] + whole[at:])  # some bytes are lost, and no block behind them is where it should be
    assert "is no block; what lies before it has not the length that it says" in found.damage
    assert found.frames is not None
    assert textures(found) == ["//tex0.png"]


def test_a_file_without_its_end_says_so_and_is_read(report: Report) -> None:
    found = report(bytes(textured())[:-24])
    assert found.damage.endswith("the file ends before what it holds does")
    assert textures(found) == ["//tex0.png", "//tex1.png", "//tex2.png"]


def with_length(blend: Blend, length: int) -> bytes:
    """The length of the second picture's block is another."""
    whole = bytearray(bytes(blend))
    at = whole.index(b"IM\0\0", whole.index(b"IMtex0"))
    whole[at + 4 : at + 8] = struct.pack("<i", length)
    return bytes(whole)


@pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1])
def test_a_length_that_cannot_be_is_damage(report: Report, length: int) -> None:
    found = report(with_length(textured(), length))
    assert found.damage
    assert textures(found)[0] == "//tex0.png"


@pytest.mark.parametrize(
    ("part", "instead"),
    [(b"SDNA", b"SDNB"), (b"TYPE", b"TYPO"), (b"TLEN", b"\0\0\0\0"), (b"STRC", b"strc"), (b"*next\0", b"(next\0")],
)
def test_a_damaged_description_of_structs_is_told(report: Report, part: bytes, instead: bytes) -> None:
    whole = bytes(textured())
    at = whole.index(part, whole.index(b"DNA1"))
    found = report(whole[:at] + instead + whole[at + len(part) :])
    assert "its description of structs (DNA1) is damaged" in found.damage


def test_a_file_without_a_description_of_structs_is_damaged(report: Report) -> None:
    whole = bytes(textured())
    at = whole.index(b"DNA1")
    assert report(whole[:at] + b"ENDB" + bytes(20)).damage == "it has no description of structs (DNA1)"


def test_a_newer_format_of_files_is_told(report: Report) -> None:
    found = report(bytes(scene(Blend("600"))).replace(b"17-01v", b"17-02v"))
    assert found.damage == "damaged at byte 0: version 2 of the file format is not known"
    assert found.software.version == "6.0"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_what_is_compressed_and_no_scene_is_of_no_known_format(report: Report, pack: Callable[[bytes], bytes]) -> None:
    found = report(pack(b"something else, a log perhaps"))
    assert (found.format, found.damage) == ("unknown", "it is not a Blender scene")


def test_damaged_compression_is_told(report: Report) -> None:
    for pack in (gzipped, zstd):
        packed = bytearray(pack(bytes(textured())))
        packed[len(packed) // 2] ^= 0xFF
        assert report(bytes(packed)).damage


# --- files that are made to harm ---------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [True, False])
def test_a_bomb_is_not_read_to_its_end(report: Report, monkeypatch: pytest.MonkeyPatch, table: bool) -> None:
    monkeypatch.setattr(content, "_SMALL", 1 << 20)
    head = b"BLENDER-v405DATA" + struct.pack("<iQii", 2**31 - 1, 1, 0, 1)
    frames = [zstandard.ZstdCompressor().compress(head)]
    frames += [zstandard.ZstdCompressor().compress(bytes(16 << 20))] * 4
    sizes = [len(head), *[16 << 20] * 4]
    data = b"".join(frames)
    if table:
        rows = b"".join(struct.pack("<II", len(frame), size) for frame, size in zip(frames, sizes, strict=True))
        data += struct.pack("<II", 0x184D2A5E, len(rows) + 9) + rows + struct.pack("<IBI", len(frames), 0, 0x8F92EAB1)
    found = report(data)
    assert found.damage == "its content is more than 1000 times larger than the file"


def test_a_table_that_lies_is_damage_or_is_not_believed(report: Report) -> None:
    whole = bytes(textured())
    frame = zstandard.ZstdCompressor().compress(whole)
    for size in (len(whole) - 7, len(whole) + 7, 0):
        row = struct.pack("<II", len(frame), size)
        table = struct.pack("<II", 0x184D2A5E, 17) + row + struct.pack("<IBI", 1, 0, 0x8F92EAB1)
        found = report(frame + table)
        assert found.damage or len(textures(found)) == 3


def test_a_list_that_never_ends_is_left(report: Report) -> None:
    blend = scene(Blend(), view_layers__first=0x200, markers__first=0x240)
    blend.data("ViewLayer", 0x200, {"name": "A", "next": 0x210, "flag": 1})
    blend.data("ViewLayer", 0x210, {"name": "B", "next": 0x200, "flag": 1})
    blend.data("TimeMarker", 0x240, {"next": 0x240})
    found = report(bytes(blend))
    assert not found.damage
    assert {each.layer for each in found.renderables} == {"A", "B"}


def test_structs_that_hold_themselves_or_nothing_are_no_trap() -> None:
    schema = Schema(Header((4, 5), 12, 8, "<", 0))
    schema.add("Empty", 0, [])
    schema.add("ID", 8, [])
    schema.add("Loop", 8, [("again", Field(0, "Loop", 0, 8, 1))])
    holding = [("loop", Field(0, "Loop", 0, 8, 1)), ("many", Field(8, "Empty", 0, 0, 999_999_999))]
    schema.add("Object", 24, [("id", Field(0, "ID", 0, 8, 1)), *holding, ("next", Field(16, "Object", 1, 8, 1))])
    struct_ = schema.struct("Object")
    assert struct_ is not None
    assert [field.offset for field in schema.id_pointers(struct_)] == [16]


def test_numbers_of_structs_beyond_the_file_cost_nothing(report: Report) -> None:
    whole = bytearray(bytes(textured()))
    at = whole.index(b"IM\0\0")
    whole[at + 20 : at + 24] = struct.pack("<i", 2**31 - 1)
    start = time.perf_counter()
    found = report(bytes(whole))
    assert len(textures(found)) == 3
    assert time.perf_counter() - start < 5
