"""Disks that are soon full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """``folder`` as a disk of its own, of 1 MiB."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        words = f"this test needs to mount a small disk: {mounted.stderr.strip()}"
        pytest.fail(words) if os.environ.get("CI") else pytest.skip(words)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
