"""The page of the command line: each command is asked for its help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_line_page_is_what_help_prints() -> None:
    command = [sys.executable, str(ROOT / "docs/generate_cli.py"), "--check"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"run docs/generate_cli.py\n{done.stdout}{done.stderr}"
