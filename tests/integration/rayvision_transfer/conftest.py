"""A farm for all tests of uploads and downloads, and a home for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.rayvision_studio import Studio, opened


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with opened(tmp_path_factory.mktemp("tests") / "studio") as made:
        yield made


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, empty."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("RAYVISION_LOG", "RAYVISION_DB"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
