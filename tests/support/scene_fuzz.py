"""Reads one scene again and again with its bytes mangled: ``python -m support.scene_fuzz SCENE SEED FIRST CASES``.

The reading is that of the child, with its limits. A line of JSON for each case tells what was wrong with it, if
anything was: a reader that broke, took too long, or gave a report that is no JSON. Dying is seen by who started it.
"""

from __future__ import annotations

import json
import random
import re
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from rendermill.scenes.examine import Listener, TimeUpError, examine
from rendermill.scenes.report import SceneReport

MEMORY = 4 << 30
SECONDS = 30


def mangled(data: bytes, dice: random.Random) -> bytes:
    """The bytes cut off, with bits flipped, parts of it moved, doubled, left out or made all alike."""
    kinds = (_cut, _flipped, _spliced, _doubled, _left_out, _filled, _numbers, _line_ends)
    for kind in dice.choices(kinds, k=dice.choice((1, 1, 1, 2, 4))):
        data = kind(data, dice)
    return data


def _place(data: bytes, dice: random.Random) -> int:
    """Anywhere; often near the beginning, where headers are, or the end."""
    near = dice.choice((len(data), len(data), 512, -4096))
    return dice.randrange(max(1, len(data))) if near == len(data) else min(max(0, _near(data, near, dice)), len(data))


def _near(data: bytes, near: int, dice: random.Random) -> int:
    return dice.randrange(near) if near > 0 else len(data) + dice.randrange(near, 0)


def _span(data: bytes, dice: random.Random) -> tuple[int, int]:
    start = _place(data, dice)
    return start, start + dice.choice((1, 4, 16, 256, 65536))


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: _place(data, dice)]


def _flipped(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 8, 200)) if data else 0):
        place = min(_place(data, dice), len(data) - 1)
        changed[place] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _spliced(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    into = _place(data, dice)
    return data[:into] + data[start:end] + data[into + (end - start) :]


def _doubled(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    return data[:end] + data[start:end] * dice.choice((1, 3)) + data[end:]


def _left_out(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    return data[:start] + data[end:]


def _filled(data: bytes, dice: random.Random) -> bytes:
    start, end = _span(data, dice)
    return data[:start] + dice.choice((b"\0", b"\xff", b"{", b'"', b"(")) * (end - start) + data[end:]


def _numbers(data: bytes, dice: random.Random) -> bytes:
    """A size or a count that is too big, or negative."""
    start = _place(data, dice)
    number = dice.choice((b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff", b"\xff" * 8, b"\x80" + b"\0" * 7, b"777777777777"))
    return data[:start] + number + data[start + len(number) :]


def _line_ends(data: bytes, dice: random.Random) -> bytes:
    return data.replace(*dice.choice(((b"\r\n", b"\n"), (b"\n", b"\r\n"))))


def problem(path: Path) -> str:
    """What is wrong with the reading of a file, however damaged it is; empty if nothing."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        report = examine(path, (), Listener())
        text = json.dumps(report.to_dict(), allow_nan=False)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if report.damage.startswith(("the reader broke", "reading it takes")) and not _is_held(report):
        return report.damage
    return "" if SceneReport.from_dict(json.loads(text)) == report else "its JSON gives another report"


def _is_held(report: SceneReport) -> bool:
    """Whether it was usd-core that believed a size in a damaged crate, and the cap on memory held it."""
    return report.format == "usdc" and "memory" in report.damage


def _time_up(*_: object) -> None:
    raise TimeUpError("reading it takes too long")


def tell(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the cases that the command line names."""
    scene, seed, first, cases = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _time_up)
    data = scene.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene"
        for case in range(first, cases):
            path.write_bytes(mangled(data, random.Random(f"{seed} {case}")))
            tell({"case": case})
            tell({"problem": problem(path), "memory": most_memory()})


def most_memory() -> int:
    """The most memory that this process has had, in bytes; ru_maxrss would count what started it."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    main()
