"""What lies below a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.folders import files_below


def test_linked_folders_count_and_loops_end(tmp_path: Path) -> None:
    show, other = tmp_path / "show", tmp_path / "other"
    for path in (show / "b" / "2", show / "1", other / "3"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (show / "linked").symlink_to(other)
    (show / "b" / "up").symlink_to(show)
    (other / "back").symlink_to(show)
    (show / "broken").symlink_to(tmp_path / "nowhere")
    found = [str(path.relative_to(show)) for path in files_below(show)]
    assert found == ["1", "b/2", "broken", "linked/3"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="gone"):
        list(files_below(tmp_path / "gone"))
