"""Makes the picture of the README: ``.venv/bin/python docs/make_picture.py``, after ``make demo`` has built the scene.

It renders one frame of ``out/demo/scene/mill.blend``, larger and cleaner than the demonstration does, and saves it as
``docs/images/mill.jpg``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import OpenImageIO as oiio

ROOT = Path(__file__).resolve().parent.parent
SCENE = ROOT / "out/demo/scene/mill.blend"
PICTURE = ROOT / "docs/images/mill.jpg"
RENDERMILL = Path(sys.executable).parent / "rendermill"
FRAME = 10


def main() -> None:
    """Render, convert."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["--frames", str(FRAME), "--resolution", "150", "--samples", "48", "--pattern", "mill_####"]
        subprocess.run([str(RENDERMILL), "render", str(SCENE), *words, "--output", folder], check=True)
        picture = oiio.ImageBuf(f"{folder}/mill_{FRAME:04}.png")
        picture.read(force=True)
        picture.specmod()["compression"] = "jpeg:85"
        PICTURE.parent.mkdir(exist_ok=True)
        if not picture.write(str(PICTURE)):
            sys.exit(f"{PICTURE}: {picture.geterror()}")


if __name__ == "__main__":
    main()
