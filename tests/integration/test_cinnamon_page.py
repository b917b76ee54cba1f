"""The page of Cinnamon's commands: it is written from the table that the door has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_commands_is_what_the_door_has() -> None:
    command = [sys.executable, str(ROOT / "docs/generate_cinnamon.py"), "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"run docs/generate_cinnamon.py\n{done.stdout}{done.stderr}"
