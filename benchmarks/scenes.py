"""Reading big scenes: seconds of the whole reading, child and all, beside counting the line ends of the same bytes."""

from __future__ import annotations

import mmap
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import median, report, seconds
from rendermill.scenes.read import read_scene

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

_SIZE = 200 * 1024 * 1024
_TIMES = 3  # each, of which the median counts


def main() -> None:
    """Measure each format."""
    for name, make in _SCENES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "scene"
            with path.open("wb") as file:
                for part in make():
                    file.write(part)
            _measure(name, path)


def _measure(name: str, path: Path) -> None:
    damage = read_scene(path).damage
    assert not damage, damage
    counted = median([seconds(lambda: _count(path)) for _ in range(_TIMES)])
    read = median([seconds(lambda: read_scene(path)) for _ in range(_TIMES)])
    size = path.stat().st_size / 1e6
    report(
        f"{name} of {size:.0f} MB read / its line ends counted", read / counted, "times", "-", f"{size / read:.0f} MB/s"
    )


def _count(path: Path) -> int:
    """Line ends of a file, as cheaply as Python looks at every byte."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return sum(data[at : at + (1 << 20)].count(b"\n") for at in range(0, len(data), 1 << 20))


def _maya() -> Iterator[bytes]:
    """Meshes, which are most of a big scene."""
    from support.scenes_maya import Scene, ascii_scene, texture

    yield ascii_scene(Scene(nodes=(texture("wood", "wood.png"),)))
    points = "".join(f" {n * 0.37:.6f} {n * 0.11:.6f} {n * 0.73:.6f}" for n in range(100_000)).encode()
    mesh = b'createNode mesh -n "m";\n\tsetAttr -s 100000 ".vt[0:99999]" ' + points + b";\n"
    yield from [mesh] * (_SIZE // len(mesh))


def _houdini() -> Iterator[bytes]:
    """Nodes, and geometry that is locked into the scene."""
    from support.scenes_houdini import Hip, entry, trailer

    hip = Hip().rop().camera()
    for number in range(2_000):
        hip.node(f"/obj/geo1/file{number}", "file", {"file": f"$HIP/geo/{number}.$F4.bgeo"})
    locked = bytes(range(256)) * 4096
    for number in range(_SIZE // len(locked)):
        hip.entries[f"obj/geo1/file{number}.data"] = locked
    yield from (entry(name, payload) for name, payload in hip.all_entries().items())
    yield trailer("TRAILER!!!")


def _blender() -> Iterator[bytes]:
    """Blocks of meshes."""
    from support.scenes_blend import Blend, scene

    made = bytes(scene(Blend("405")))
    body = bytes(1 << 20)
    block = struct.pack("<4siQii", b"DATA", len(body), 0x7F0000000000, 0, 1) + body
    end = made.index(b"DNA1")
    yield made[:end]
    yield from [block] * (_SIZE // len(block))
    yield made[end:]


def _clarisse() -> Iterator[bytes]:
    """Curves, which are most of a big project."""
    from support.scenes_clarisse import context, image, item, project

    keys = " ".join(f"{n * 0.1:.4f} {n * 0.7:.4f}" for n in range(50_000))
    curve = item("CameraPerspective", "cam", f"translate {{ value[] {{ fcurve {{ key {keys} }} }} }}")
    count = _SIZE // len(curve)
    yield project(context("scene", image("shot", "first_frame 1"), *[curve] * count)).encode()


_SCENES: dict[str, Callable[[], Iterator[bytes]]] = {
    ".ma": _maya,
    ".hip": _houdini,
    ".blend": _blender,
    ".project": _clarisse,
}
