"""Which Blender saved a file, told by its first bytes."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from rendermill.farm.model.errors import DamagedSceneError
from rendermill.software.blender.header import Version, saved_by

BODY = b"REND" + bytes(200)
SAVED = [
    (b"BLENDER_v248", (2, 48)),
    (b"BLENDER-v279", (2, 79)),
    (b"BLENDER-V282", (2, 82)),
    (b"BLENDER-v300", (3, 0)),
    (b"BLENDER-v405", (4, 5)),
    (b"BLENDER_V405", (4, 5)),
    (b"BLENDER17-01v0500", (5, 0)),
    (b"BLENDER17-01v0501", (5, 1)),
    (b"BLENDER17-01v1200", (12, 0)),
]


def plain(data: bytes) -> bytes:
    return data


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def zstd_frames(data: bytes) -> bytes:
    """As Blender writes it: several frames, their sizes not told."""
    compressor = zstandard.ZstdCompressor(write_content_size=False)
    return compressor.compress(data[:100]) + compressor.compress(data[100:])


PACKINGS = [plain, gzip.compress, zstd, zstd_frames]


def blend(folder: Path, data: bytes) -> Path:
    path = folder / "scene.blend"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", PACKINGS, ids=["plain", "gzip", "zstd", "zstd-frames"])
@pytest.mark.parametrize(("head", "version"), SAVED)
def test_the_version_is_told_however_it_was_packed(
    tmp_path: Path, head: bytes, version: Version, pack: Callable[[bytes], bytes]
) -> None:
    assert saved_by(blend(tmp_path, pack(head + BODY))) == version


def test_the_head_alone_is_enough(tmp_path: Path) -> None:
    assert saved_by(blend(tmp_path, b"BLENDER-v405")) == (4, 5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"BLEND",
        b"BLENDER",
        b"BLENDER-v4",
        b"BLENDER-vXYZ" + BODY,
        b"BLENDER17-01v05",
        b"blender-v405" + BODY,
        b" BLENDER-v405" + BODY,
        b"v405RENDER-BLENDER",
        b"hello, this is a text file",
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        bytes(100),
        gzip.compress(b"hello", mtime=0),
        gzip.compress(b"", mtime=0),
        zstd(b"hello"),
        gzip.compress(b"BLENDER-v405" + BODY, mtime=0)[:14],
        b"\x1f\x8b",
        b"\x1f\x8b" + b"rubbish that is no gzip at all",
        b"\x28\xb5\x2f\xfd",
        b"\x28\xb5\x2f\xfd" + b"rubbish that is no zstd at all",
        zstd(b"BLENDER-v405" + BODY)[:6],
    ],
)
def test_what_is_no_blend_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = blend(tmp_path, data)
    with pytest.raises(DamagedSceneError) as caught:
        saved_by(path)
    assert caught.value.where == str(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedSceneError, match="No such file"):
        saved_by(tmp_path / "gone.blend")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedSceneError, match="directory"):
        saved_by(tmp_path)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("assimp_TexturedCube_248_32bit", (2, 48)),
        ("cgru_scene_v257", (2, 57)),
        ("gltf_textured_sphere_v278", (2, 78)),
        ("cgru_scene_v282", (2, 82)),
        ("deadline_blender_test_v303_CORRUPT_eol_mangled", (3, 3)),
        ("gltf_collection_to_link_v403", (4, 3)),
        ("gltf_linked_collection_v403", (4, 3)),
        ("gltf_27_v500_raw", (5, 0)),
        ("gltf_global_v501_zstd", (5, 1)),
    ],
)
def test_real_scenes_of_all_ages_are_told(samples: Path, name: str, version: Version) -> None:
    assert saved_by(samples / "blend" / f"{name}.blend") == version


@pytest.mark.parametrize("folder", ["houdini", "maya_ma", "maya_mb", "clarisse", "other", "usd"])
def test_scenes_of_other_programs_are_no_blends(samples: Path, folder: str) -> None:
    for path in filter(Path.is_file, (samples / folder).iterdir()):
        with pytest.raises(DamagedSceneError):
            saved_by(path)
