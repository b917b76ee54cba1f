"""Analyses leave their traces in the test's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, empty."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("RAYVISION_HOUDINI", "RAYVISION_LOG", "RAYVISION_DB", "XDG_CACHE_HOME", "USERPROFILE"):
        monkeypatch.setenv(name, "")  # so that it is as it was again, whatever the test does
        monkeypatch.delenv(name)
    return folder
