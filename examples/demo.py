"""The demonstration: a farm on this machine renders the windmill's 24 frames and makes a movie of them.

Run by ``make demo``. It leaves ``out/demo/frames/*.png`` and ``out/demo/demo.mp4``.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = Path("out/demo")
RENDERMILL = Path(sys.executable).parent / "rendermill"
FRAMES = 24


def main() -> int:
    """Build the scene, start a farm, submit, follow, look at what came."""
    began = time.monotonic()
    os.chdir(ROOT)
    for name in ("RENDERMILL_ACCESS_ID", "RENDERMILL_ACCESS_KEY"):  # keys of another farm
        os.environ.pop(name, None)
    shutil.rmtree(OUT, ignore_errors=True)
    scene = build_scene(OUT / "scene")
    with farm(OUT / "farm") as server:
        words = [str(scene), "--frames", f"1-{FRAMES}", "--pattern", "frames/mill_####", "--movie", "demo.mp4"]
        code = subprocess.run(
            [RENDERMILL, "submit", *words, "--output", str(OUT), "--server", server], check=False
        ).returncode
        if code:
            return code
        verified = verified_frames(server)
    frames = sorted((OUT / "frames").glob("*.png"))
    if verified != FRAMES or len(frames) != FRAMES or not (OUT / "demo.mp4").is_file():
        print(f"demo: only {verified}/{FRAMES} frames verified")
        return 1
    seconds = time.monotonic() - began
    print(f"demo: {verified}/{FRAMES} frames verified, movie {OUT / 'demo.mp4'}, {seconds:.1f} s")
    return 0


def build_scene(folder: Path) -> Path:
    """Make the example scene with the Blender that setup installed."""
    found = json.loads(subprocess.check_output([RENDERMILL, "software", "list", "--json"]))
    python = next(each["path"] for each in found if each["kind"] == "bpy")
    print("building the example scene")
    subprocess.run([python, "examples/build_scene.py", str(folder)], check=True, stdout=subprocess.DEVNULL, timeout=300)
    return folder / "mill.blend"


@contextmanager
def farm(data: Path) -> Iterator[str]:
    """A farm of the demonstration's own on a free port; gives its address."""
    command = [str(RENDERMILL), "serve", "--data", str(data), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert server.stdout is not None
        word, _, address = server.stdout.readline().strip().partition(" ")
        if word != "ready":
            raise SystemExit("demo: the farm did not start")
        print(f"farm at {address}")
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def verified_frames(server: str) -> int:
    """How many frames the farm says it has verified and published."""
    job = json.loads(subprocess.check_output([RENDERMILL, "job", "1", "--json", "--server", server]))
    render = next(step for step in job["steps"] if step["name"] == "render")
    return int(render["tasks"]["succeeded"])


if __name__ == "__main__":
    sys.exit(main())
