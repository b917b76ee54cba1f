"""upload.json read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.transfer import Item
from rendermill.sdk.upload_json import items_of_json, items_of_path


def listing(folder: Path, content: Any) -> Path:
    path = folder / "upload.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_the_scene_comes_first_and_each_file_once(tmp_path: Path) -> None:
    scene = {"local": "/show/a.hip", "server": "show/a.hip"}
    wood = {"local": "/show/中文.png", "server": "/show/中文.png"}
    path = listing(tmp_path, {"scene": [{**scene, "hash": "d4"}], "asset": [wood, scene, wood]})
    assert items_of_json(path) == [
        Item(Path("/show/a.hip"), "show/a.hip"),
        Item(Path("/show/中文.png"), "/show/中文.png"),
    ]


def test_a_file_may_go_to_two_places(tmp_path: Path) -> None:
    path = listing(tmp_path, {"asset": [{"local": "/a", "server": "x"}, {"local": "/a", "server": "y"}]})
    assert [each.name for each in items_of_json(path)] == ["x", "y"]


def test_nothing_is_a_list_too(tmp_path: Path) -> None:
    assert items_of_json(listing(tmp_path, '\ufeff{"asset": []}')) == []


def test_a_folder_is_all_that_is_in_it(tmp_path: Path) -> None:
    for name in ("b/c.png", "a.png", "b/d/.hidden"):
        (tmp_path / "tex" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tex" / name).touch()
    path = listing(tmp_path, {"asset": [{"local": str(tmp_path / "tex"), "server": "/tex"}]})
    assert [(each.local, each.name) for each in items_of_json(path)] == [
        (tmp_path / "tex" / name, f"/tex/{name}") for name in ("a.png", "b/c.png", "b/d/.hidden")
    ]


def test_a_name_with_a_slash_at_its_end_is_the_folder_for_a_file(tmp_path: Path) -> None:
    assert items_of_path(tmp_path / "a.png", "x/") == [Item(tmp_path / "a.png", "x/a.png")]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        {"asset": {}},
        {"asset": [], "scene": "a"},
        {"asset": ["/a"]},
        {"asset": [{"local": "/a"}]},
        {"asset": [{"local": "", "server": "a"}]},
        {"asset": [{"local": "/a", "server": 1}]},
        {"asset": [None]},
    ],
)
def test_what_is_no_upload_json_is_named(tmp_path: Path, content: Any) -> None:
    path = listing(tmp_path, content)
    with pytest.raises(BadInputError, match=re.escape(str(path))) as raised:
        items_of_json(path)
    assert "asset" in str(raised.value.remedy)


def test_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="No such file"):
        items_of_json(tmp_path / "upload.json")
