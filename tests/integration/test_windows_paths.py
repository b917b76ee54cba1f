"""Scenes that were made on Windows: absolute paths with drives and shares lead to the files that were sent."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import pytest

from rendermill.software.blender.installations import Installation

SCRIPT = """
import sys, pathlib
sys.path.insert(0, {package!r})
import bpy
from rendermill.software.blender.inside.overrides import remap
folder = pathlib.Path({folder!r})
for name, raw in {paths!r}.items():
    image = bpy.data.images.new(name, 4, 4)
    image.source = "FILE"
    image.filepath = raw
    image.use_fake_user = True
remap([(source, str(folder / target)) for source, target in {rules!r}])
for name in {paths!r}:
    print("IMAGE", name, bpy.data.images[name].filepath)
"""


@pytest.fixture
def seen(tmp_path: Path, installation: Installation) -> dict[str, str]:
    """Where images of these paths are looked for, once the session's rules are applied."""
    paths = {
        "drive": "D:\\show\\tex\\wood.png",
        "slashes": "D:/show/tex/wood.png",
        "share": "\\\\srv\\lib\\oak.png",
        "posix": "/show/tex/pine.png",
        "relative": "//tex/near.png",
        "other": "E:\\else\\x.png",
    }
    rules = [("/D/show/tex", "d"), ("/srv/lib", "s"), ("/show/tex", "p")]
    package = str(Path(__file__).parents[2] / "packages/rendermill/src")
    script = tmp_path / "look.py"
    script.write_text(textwrap.dedent(SCRIPT).format(package=package, folder=str(tmp_path), paths=paths, rules=rules))
    done = subprocess.run(
        [str(installation.program), str(script)], capture_output=True, text=True, check=True, timeout=120
    )
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines() if line.startswith("IMAGE")]
    return {name: path for _, name, path in lines}


def test_paths_of_windows_lead_to_the_files_that_were_sent(seen: dict[str, str], tmp_path: Path) -> None:
    assert seen["drive"] == seen["slashes"] == f"{tmp_path}/d/wood.png"
    assert seen["share"] == f"{tmp_path}/s/oak.png"
    assert seen["posix"] == f"{tmp_path}/p/pine.png"


def test_other_paths_stay_as_they_are(seen: dict[str, str]) -> None:
    assert seen["relative"] == "//tex/near.png"
    assert seen["other"] == "E:\\else\\x.png"
